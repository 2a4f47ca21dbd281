package rgbd

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
)

// ReadDepth reads the depth map name of fsys. Mask, unless empty, is the .npy
// file of its validity mask.
func ReadDepth(fsys fs.FS, name, mask string, unit Unit) (*Depth, error) {
	data, err := readFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("depth %s: %w", name, err)
	}
	d, err := DecodeDepth(data, name, unit)
	if err != nil || mask == "" {
		return d, err
	}
	if data, err = readFile(fsys, mask); err != nil {
		return nil, fmt.Errorf("mask %s: %w", mask, err)
	}
	if err := ApplyMask(d, data, mask); err != nil {
		return nil, err
	}
	return d, nil
}

// DecodeDepth decodes a 16-bit grey PNG or PGM, a .npy array, a MegaDepth .h5
// file or a one-channel PFM, told apart by their first bytes; name is for
// errors. A map without any reading is an error.
func DecodeDepth(data []byte, name string, unit Unit) (*Depth, error) {
	d, err := decodeDepth(data, unit)
	if err != nil {
		return nil, fmt.Errorf("depth %s: %w", name, plain(err))
	}
	return d, nil
}

func decodeDepth(data []byte, unit Unit) (d *Depth, err error) {
	switch formatOf(data) {
	case "png":
		d, err = decodeDepthPNG(data, unit)
	case "pnm":
		d, err = decodeDepthPGM(data, unit)
	case "npy":
		d, err = decodeDepthNPY(data, unit)
	case "hdf5":
		d, err = decodeDepthHDF5(data, unit)
	case "pfm":
		d, err = decodeDepthPFM(data, unit)
	default:
		err = unknownFormat(data, "PNG, PGM, .npy, HDF5 or PFM")
	}
	if err != nil {
		return nil, err
	}
	return d, d.check()
}

// newDepth returns a map without readings.
func newDepth(width, height int, unit Unit) *Depth {
	d := &Depth{Width: width, Height: height, Metres: make([]float32, width*height), Relative: unit.kind == relative}
	for i := range d.Metres {
		d.Metres[i] = noReading
	}
	return d
}

func decodeDepthPNG(data []byte, unit Unit) (*Depth, error) {
	width, height, samples, err := decodePNG16(data)
	if err != nil {
		return nil, err
	}
	unit = unit.or(millimetres)
	d := &Depth{Width: width, Height: height, Metres: make([]float32, width*height), Relative: unit.kind == relative}
	sampleType{'u', 2, true}.depths(d.Metres, samples, unit)
	return d, nil
}

func decodeDepthPGM(data []byte, unit Unit) (*Depth, error) {
	h, err := parsePNM(data)
	if err != nil {
		return nil, err
	}
	if h.channels != 1 {
		return nil, fmt.Errorf("%d channels (want 1)", h.channels)
	}
	if h.sampleBytes() != 2 {
		return nil, errors.New("8 bits a pixel (want 16)")
	}
	samples, err := h.raster()
	if err != nil {
		return nil, err
	}
	unit = unit.or(millimetres)
	d := &Depth{Width: h.width, Height: h.height, Metres: make([]float32, h.width*h.height), Relative: unit.kind == relative}
	sampleType{'u', 2, true}.depths(d.Metres, samples, unit)
	return d, nil
}

// check refuses a map that says nothing.
func (d *Depth) check() error {
	for _, v := range d.Metres {
		if v == v {
			return nil
		}
	}
	return errors.New("not one reading (want depths above 0)")
}

// ApplyMask takes the readings away where the mask is zero, false or NaN. The
// mask is a .npy array of d's size, (H, W) or with an axis of one; name is for
// errors. A mask of another size or that leaves no reading is an error.
func ApplyMask(d *Depth, npy []byte, name string) error {
	if err := applyMask(d, npy); err != nil {
		return fmt.Errorf("mask %s: %w", name, err)
	}
	return nil
}

func applyMask(d *Depth, npy []byte) error {
	if formatOf(npy) != "npy" {
		return unknownFormat(npy, "a .npy array")
	}
	a, err := parseNPY(npy)
	if err != nil {
		return err
	}
	if a.width != d.Width || a.height != d.Height {
		return fmt.Errorf("%dx%d pixels (want the depth's %dx%d)", a.width, a.height, d.Width, d.Height)
	}
	left := false
	for y := range d.Height {
		row := d.Metres[y*d.Width:][:d.Width]
		for x := range row {
			if v := a.kind.value(a.at(x, y)); v == 0 || v != v {
				row[x] = noReading
			}
			left = left || row[x] == row[x]
		}
	}
	if !left {
		return errors.New("leaves not one reading")
	}
	return nil
}

// Resize returns d at another size by the nearest reading: an average across an
// edge would be a depth that nothing has. Pixel centres are mapped to each
// other, and of two readings as near the upper left one is taken.
func (d *Depth) Resize(width, height int) *Depth {
	return d.resizeInto(make([]float32, width*height), width, height)
}

// resizeInto is Resize into room for width times height readings.
func (d *Depth) resizeInto(room []float32, width, height int) *Depth {
	if width < 1 || height < 1 || d.Width < 1 || d.Height < 1 || len(room) != width*height {
		panic(fmt.Sprintf("rgbd: resize depth %dx%d to %dx%d in room for %d", d.Width, d.Height, width, height, len(room)))
	}
	rows := newNearest(d.Height, height)
	for y := range height {
		from, cols := d.Metres[rows.next()*d.Width:][:d.Width], newNearest(d.Width, width)
		row := room[y*width:][:width]
		for x := range row {
			row[x] = from[cols.next()]
		}
	}
	return &Depth{width, height, room, d.Relative, image.Pt(d.Width, d.Height)}
}

// nearest tells for one pixel of out after the other which of in pixels has its
// centre next to it: the ceiling of (2i+1) in / (2 out), less one. It keeps
// quotient and rest, and so needs no division.
type nearest struct {
	at, rest             int
	step, stepRest, size int
}

func newNearest(in, out int) nearest {
	first := in + 2*out - 1
	return nearest{first/(2*out) - 1, first % (2 * out), in / out, 2 * in % (2 * out), 2 * out}
}

func (n *nearest) next() int {
	at := n.at
	n.at, n.rest = n.at+n.step, n.rest+n.stepRest
	if n.rest >= n.size {
		n.at, n.rest = n.at+1, n.rest-n.size
	}
	return at
}
