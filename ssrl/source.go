package ssrl

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"ssrl/internal/rgbd"
)

// Source is a folder of images, with or without depth.
//
// What is the depth of an image is told by one of three rules. The depth of
// NAME.png is NAME.depth.EXT beside it; or, with a folder Depth, the file of the
// same stem below it, NAME.EXT; EXT is png, pgm, npy, h5 or pfm. Or a file says
// it, Associations. A validity mask lies beside the depth: NAME.mask.npy. An
// image without depth is a frame of colour only, except that a file of
// associations leaves it out.
type Source struct {
	Images string `json:"images"` // folder; every image below it is a frame
	Depth  string `json:"depth"`  // folder of depth maps; "" means beside the images
	// Unit is mm, m, tum (1/5000 m), sunrgbd (bits turned, mm), relative, or the
	// metres of one count. "" means mm for integers, m for npy and pfm, relative for h5.
	Unit string `json:"unit"`

	// Associations is a file as TUM's associate.py writes it, a line for each
	// pair: "time image time depth". Or it is the list of the images, "time image"
	// a line, and the list of the depth maps, depth.txt, lies beside it; a folder
	// stands for the rgb.txt in it. Images and depth maps of two lists are paired
	// by time, the nearest first, each once. File names are relative to Images and
	// to Depth, or to Images both; # begins a comment.
	Associations string `json:"associations"`
	// MaxDifference is the most seconds between an image and its depth; 0 means
	// 0.02. A pair farther apart is no frame.
	MaxDifference float64 `json:"max_difference"`

	// Mismatch says what becomes of depth of another size than the image: rescale,
	// which "" means, brings it to that size by nearest neighbour, and the frame's
	// Depth.Rescaled says so; refuse makes it an error.
	Mismatch string `json:"mismatch"`
	// IgnoreOrientation leaves images as the sensor had them. Otherwise they are
	// turned as their EXIF orientation says, and their depth is not.
	IgnoreOrientation bool `json:"ignore_orientation"`
}

var (
	imageExts = []string{".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm"}
	depthExts = []string{".png", ".pgm", ".npy", ".h5", ".pfm"}
)

// maxFile bounds a file of a source: 64 bits for each pixel, and a header.
const maxFile = 8*rgbd.MaxPixels + 1<<20

// Names lists the frames in name order: file names relative to Images. Depth
// maps are none, nor is anything below Depth. Links to files are followed,
// links to folders below Images are not.
func (s Source) Names() ([]string, error) {
	l, err := s.list("")
	return l.names, err
}

// listing is a Source whose frames were looked for.
type listing struct {
	Source
	names  []string
	depth  map[string]string // of each name, by Associations; nil without
	notice string            // what was left out, for a person
}

// list finds the frames, without what lies below the folder out.
func (s Source) list(out string) (listing, error) {
	l := listing{Source: s}
	if err := s.check(); err != nil {
		return l, err
	}
	if err := folder("images", s.Images, "a folder of images"); err != nil {
		return l, err
	}
	var skipped []fs.FileInfo
	if s.Depth != "" {
		if err := folder("depth", s.Depth, "a folder of depth maps"); err != nil {
			return l, err
		}
	}
	if s.Associations != "" {
		err := l.associate()
		return l, err
	}
	for _, dir := range []string{s.Depth, out} {
		if info, err := os.Stat(dir); dir != "" && err == nil {
			skipped = append(skipped, info)
		}
	}
	var err error
	if l.names, err = imagesBelow(s.Images, skipped); err != nil {
		return l, fmt.Errorf("images %s: %w", s.Images, err)
	}
	if len(l.names) == 0 {
		return l, fmt.Errorf("images %s: no image (want .png, .jpg, .webp, .bmp, .tif or .ppm files)", s.Images)
	}
	slices.Sort(l.names)
	return l, nil
}

// check refuses options that mean nothing, without looking at any file.
func (s Source) check() error {
	if _, err := rgbd.ParseUnit(s.Unit); err != nil {
		return err
	}
	if err := checkMismatch(s.Mismatch); err != nil {
		return err
	}
	if !(s.MaxDifference >= 0) || math.IsInf(s.MaxDifference, 0) {
		return fmt.Errorf("difference of %v seconds (want 0, for 0.02, or more)", s.MaxDifference)
	}
	return nil
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
	l := listing{Source: s}
	err := s.check()
	if err == nil && s.Associations != "" {
		if err = l.associate(); err == nil && l.depth[name] == "" {
			err = fmt.Errorf("associations %s: no image %s", s.Associations, name)
		}
	}
	if err != nil {
		return nil, err
	}
	return l.open(name)
}

func (l listing) open(name string) (*Frame, error) {
	path := filepath.Join(l.Images, filepath.FromSlash(name))
	if !utf8.ValidString(name) {
		return nil, fmt.Errorf("image %q: its name is not UTF-8", path)
	}
	data, err := readFile("image", path)
	if err != nil {
		return nil, err
	}
	decode := rgbd.DecodeImage
	if l.IgnoreOrientation {
		decode = rgbd.DecodeStored
	}
	img, err := decode(data, path)
	if err != nil {
		return nil, formatError{err}
	}
	d, path, err := l.depthOf(name)
	if err != nil {
		return nil, err
	}
	if d == nil {
		return &Frame{Name: name, Image: img}, nil
	}
	fits, err := sameSize(d, img.Bounds().Size(), l.Mismatch)
	if err != nil {
		return nil, formatError{fmt.Errorf("depth %s: %w", path, err)}
	}
	if !fits {
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

// depthOf reads the depth of a frame, nil when there is none, and says where it is.
func (l listing) depthOf(name string) (*rgbd.Depth, string, error) {
	root := l.Images
	if l.Depth != "" {
		root = l.Depth
	}
	if l.depth != nil {
		path := filepath.Join(root, filepath.FromSlash(l.depth[name]))
		d, err := l.readDepth(path, strings.TrimSuffix(path, filepath.Ext(path)))
		return d, path, err
	}
	base, mid := filepath.Join(root, strings.TrimSuffix(filepath.FromSlash(name), filepath.Ext(name))), ""
	if l.Depth == "" {
		mid = ".depth"
	}
	for _, ext := range depthExts {
		path := base + mid + ext
		d, err := l.readDepth(path, base)
		if d == nil && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return d, path, err
	}
	return nil, "", nil
}

// readDepth reads a depth map and its mask, BASE.mask.npy.
func (l listing) readDepth(path, base string) (*rgbd.Depth, error) {
	unit, err := rgbd.ParseUnit(l.Unit)
	if err != nil {
		return nil, err
	}
	data, err := readFile("depth", path)
	if err != nil {
		return nil, err
	}
	d, err := rgbd.DecodeDepth(data, path, unit)
	if err != nil {
		return nil, formatError{err}
	}
	return d, applyMask(d, base+".mask.npy")
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
		l, err := s.list("")
		if err != nil {
			yield(nil, err)
			return
		}
		for _, name := range l.names {
			if !yield(l.open(name)) {
				return
			}
		}
	}
}
