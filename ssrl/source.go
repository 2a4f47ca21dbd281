package ssrl

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ssrl/internal/rgbd"
)

// Source is a folder of images, with or without depth.
//
// The depth of NAME.png is NAME.depth.EXT beside it, or NAME.EXT below Depth,
// where EXT is png, pgm, npy, h5 or pfm; a validity mask NAME.mask.npy lies
// beside the depth. Depth of another size than the image is brought to it by
// nearest neighbour.
type Source struct {
	Images string `json:"images"` // folder; every image below it is a frame
	Depth  string `json:"depth"`  // folder of depth maps; "" means beside the images
	// Unit is mm, m, tum (1/5000 m), sunrgbd (bits turned, mm), relative, or the
	// metres of one count. "" means mm for integers, m for npy and pfm, relative for h5.
	Unit string `json:"unit"`
}

var (
	imageExts = []string{".png", ".jpg", ".jpeg"}
	depthExts = []string{".png", ".pgm", ".npy", ".h5", ".pfm"}
)

// Names lists the frames in name order: file names relative to Images.
func (s Source) Names() ([]string, error) {
	var names []string
	err := filepath.WalkDir(s.Images, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		ext := strings.ToLower(filepath.Ext(path))
		stem := strings.TrimSuffix(path, filepath.Ext(path))
		if d.IsDir() || !slices.Contains(imageExts, ext) || strings.HasSuffix(stem, ".depth") {
			return nil
		}
		name, err := filepath.Rel(s.Images, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("images %s: %w", s.Images, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("images %s: no image (want .png or .jpg files)", s.Images)
	}
	slices.Sort(names)
	return names, nil
}

// Open reads one frame by the name that Names gave.
func (s Source) Open(name string) (*Frame, error) {
	f, err := s.open(name)
	if err != nil {
		return nil, err
	}
	return &Frame{f.Name, f.Image, (*Depth)(f.Depth)}, nil
}

func (s Source) open(name string) (*rgbd.Frame, error) {
	path := filepath.Join(s.Images, filepath.FromSlash(name))
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &rgbd.Frame{Name: name}
	if f.Image, err = rgbd.DecodeImage(data, path); err != nil {
		return nil, formatError{err}
	}
	if f.Depth, err = s.depth(name); err != nil {
		return nil, err
	}
	if d := f.Depth; d != nil && (d.Width != f.Image.Width || d.Height != f.Image.Height) {
		f.Depth = d.Resize(f.Image.Width, f.Image.Height)
	}
	return f, nil
}

// depth reads the depth of a frame, nil when there is none.
func (s Source) depth(name string) (*rgbd.Depth, error) {
	unit, err := rgbd.ParseUnit(s.Unit)
	if err != nil {
		return nil, err
	}
	stem := strings.TrimSuffix(filepath.FromSlash(name), filepath.Ext(name))
	base, mid := filepath.Join(s.Images, stem), ".depth"
	if s.Depth != "" {
		base, mid = filepath.Join(s.Depth, stem), ""
	}
	for _, ext := range depthExts {
		path := base + mid + ext
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		d, err := rgbd.DecodeDepth(data, path, unit)
		if err != nil {
			return nil, formatError{err}
		}
		return d, applyMask(d, base+".mask.npy")
	}
	if s.Depth != "" {
		if _, err := os.Stat(s.Depth); err != nil {
			return nil, fmt.Errorf("depth of %s: %w", name, err)
		}
	}
	return nil, nil
}

// applyMask takes the readings away that the mask file, if there is one, calls invalid.
func applyMask(d *rgbd.Depth, path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := rgbd.ApplyMask(d, data, path); err != nil {
		return formatError{err}
	}
	return nil
}

// Frames yields every frame in name order. A broken file is yielded as an
// error in its place; the sequence goes on if the loop does.
func (s Source) Frames() iter.Seq2[*Frame, error] {
	return func(yield func(*Frame, error) bool) {
		names, err := s.Names()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, name := range names {
			if !yield(s.Open(name)) {
				return
			}
		}
	}
}
