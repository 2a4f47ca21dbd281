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
	"unicode/utf8"

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
	imageExts = []string{".png", ".jpg", ".jpeg", ".ppm"}
	depthExts = []string{".png", ".pgm", ".npy", ".h5", ".pfm"}
)

// maxFile bounds a file of a source: 64 bits for each pixel, and a header.
const maxFile = 8*rgbd.MaxPixels + 1<<20

// Names lists the frames in name order: file names relative to Images. Depth
// maps are none, nor is anything below Depth. Links to files are followed,
// links to folders below Images are not.
func (s Source) Names() ([]string, error) { return s.namesOutside("") }

// namesOutside is Names without what lies below the folder out.
func (s Source) namesOutside(out string) ([]string, error) {
	if _, err := rgbd.ParseUnit(s.Unit); err != nil {
		return nil, err
	}
	if err := folder("images", s.Images, "a folder of images"); err != nil {
		return nil, err
	}
	var skipped []fs.FileInfo
	if s.Depth != "" {
		if err := folder("depth", s.Depth, "a folder of depth maps"); err != nil {
			return nil, err
		}
	}
	for _, dir := range []string{s.Depth, out} {
		if info, err := os.Stat(dir); dir != "" && err == nil {
			skipped = append(skipped, info)
		}
	}
	names, err := imagesBelow(s.Images, skipped)
	if err != nil {
		return nil, fmt.Errorf("images %s: %w", s.Images, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("images %s: no image (want .png, .jpg or .ppm files)", s.Images)
	}
	slices.Sort(names)
	return names, nil
}

// folder refuses what is not a folder; what names the option, want the thing.
func folder(what, path, want string) error {
	info, err := os.Stat(path)
	var where *fs.PathError
	switch {
	case path == "":
		return fmt.Errorf("no %s (want %s)", what, want)
	case errors.As(err, &where):
		return fmt.Errorf("%s %s: %w", what, path, where.Err)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s %s: a file (want %s)", what, path, want)
	}
	return nil
}

// imagesBelow lists the image files below root, except in skipped folders.
func imagesBelow(root string, skipped []fs.FileInfo) (names []string, err error) {
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			info, err := d.Info()
			if err == nil && path != root && slices.ContainsFunc(skipped, func(s fs.FileInfo) bool { return os.SameFile(s, info) }) {
				return filepath.SkipDir
			}
			return err
		}
		ext := filepath.Ext(path)
		if !slices.Contains(imageExts, strings.ToLower(ext)) || strings.HasSuffix(strings.TrimSuffix(path, ext), ".depth") {
			return nil
		}
		name, err := filepath.Rel(root, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	return names, err
}

// Open reads one frame by the name that Names gave.
func (s Source) Open(name string) (*Frame, error) {
	path := filepath.Join(s.Images, filepath.FromSlash(name))
	if !utf8.ValidString(name) {
		return nil, fmt.Errorf("image %q: its name is not UTF-8", path)
	}
	data, err := readFile("image", path)
	if err != nil {
		return nil, err
	}
	img, err := rgbd.DecodeImage(data, path)
	if err != nil {
		return nil, formatError{err}
	}
	d, err := s.depth(name)
	if err != nil {
		return nil, err
	}
	if d != nil && (d.Width != img.Width || d.Height != img.Height) {
		d = d.Resize(img.Width, img.Height)
	}
	return &Frame{name, img, (*Depth)(d)}, nil
}

// readFile reads a file of bounded size. A pipe or device, which could block or
// never end, is refused. Errors name what the file is for.
func readFile(what, path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s %s: not a regular file", what, path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s %s: %d bytes (want at most %d)", what, path, info.Size(), int64(maxFile))
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	var where *fs.PathError
	if errors.As(err, &where) {
		return nil, fmt.Errorf("%s %s: %w", what, path, where.Err)
	}
	return data, err
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
		data, err := readFile("depth", path)
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
	return nil, nil
}

// applyMask takes the readings away that the mask file, if there is one, calls invalid.
func applyMask(d *rgbd.Depth, path string) error {
	data, err := readFile("mask", path)
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
