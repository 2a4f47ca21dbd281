package jpeg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// colours says what the components of a frame are.
type colours int

const (
	grey colours = iota
	ycc
	rgb
	cmyk // of Adobe: 255 is no ink
	ycck
)

// frame is a picture under way.
type frame struct {
	Header
	comps      []component
	all        [4]component // what comps is a part of
	maxH, maxV int          // the largest sampling factors
	mcusX      int          // MCUs of an interleaved scan
	mcusY      int
	stored     bool // coefficients are kept until the end marker
	visited    int64
	blocks     int64 // of all components
}

// component is one of the planes of a frame.
type component struct {
	id, table     uint8
	h, v          int // sampling factors
	wide, high    int // pixels for each sample: maxH/h, maxV/v
	width, height int // samples
	blocksX       int // blocks that have samples of the picture
	blocksY       int
	rowBlocks     int // blocks of a row with those that fill its last MCU

	latched bool // the scan of the component has begun and quant stands
	quant   [blockSize]int16
	coef    []int16 // stored: all blocks, row by row
	plane   []byte  // the rows of two MCU rows, see plane.go
	stride  int
	row     []byte // one interpolated row of plane
}

// begin reads a frame header and the size of everything from it. It allocates
// nothing that grows with the picture.
func (f *frame) begin(mark byte, body []byte) error {
	if err := f.Header.frame(mark, body); err != nil {
		return err
	}
	n := int(body[5])
	if n != 1 && n != 3 && n != 4 {
		return fmt.Errorf("%d components (want 1, 3 or 4)", n)
	}
	if len(body) != 6+3*n {
		return errors.New("a frame header of a wrong length")
	}
	f.comps = f.all[:n]
	f.maxH, f.maxV = 1, 1
	for i := range f.comps {
		p, c := body[6+3*i:], &f.comps[i]
		c.id, c.h, c.v, c.table, c.latched = p[0], int(p[1]>>4), int(p[1]&15), p[2], false
		if slices.ContainsFunc(f.comps[:i], func(o component) bool { return o.id == c.id }) {
			return fmt.Errorf("two components %d", c.id)
		}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return fmt.Errorf("sampling factors %dx%d (want 1 to 4)", c.h, c.v)
		}
		if c.table > 3 {
			return fmt.Errorf("quantisation table %d (want 0 to 3)", c.table)
		}
		if n == 1 { // what matters is the ratio to the largest
			c.h, c.v = 1, 1
		}
		f.maxH, f.maxV = max(f.maxH, c.h), max(f.maxV, c.v)
	}
	return f.measure()
}

func (f *frame) measure() error {
	up := func(a, b int) int { return (a + b - 1) / b }
	f.mcusX, f.mcusY = up(f.Width, 8*f.maxH), up(f.Height, 8*f.maxV)
	f.visited, f.blocks, f.stored = 0, 0, false
	for i := range f.comps {
		c := &f.comps[i]
		if f.maxH%c.h != 0 || f.maxV%c.v != 0 {
			return fmt.Errorf("sampling factors %dx%d of %dx%d (want a divisor)", c.h, c.v, f.maxH, f.maxV)
		}
		c.wide, c.high = f.maxH/c.h, f.maxV/c.v
		c.width, c.height = up(f.Width, c.wide), up(f.Height, c.high)
		c.blocksX, c.blocksY = up(c.width, 8), up(c.height, 8)
		c.rowBlocks = f.mcusX * c.h
		f.blocks += int64(c.rowBlocks) * int64(f.mcusY*c.v)
	}
	return nil
}

// reserve makes room for the planes, and for the coefficients when there are
// several scans.
func (f *frame) reserve() error {
	if f.stored && f.area() > MaxStored {
		return fmt.Errorf("%dx%d pixels in several scans (want %d in all at most)", f.Width, f.Height, MaxStored)
	}
	for i := range f.comps {
		c := &f.comps[i]
		c.stride = planeEdge + 8*c.rowBlocks + planeEdge
		c.plane = resize(c.plane, c.stride*c.planeRows()+planeEdge)
		c.row = resize(c.row, c.wide*8*c.rowBlocks+planeEdge)
		if f.stored {
			c.coef = resize(c.coef, blockSize*c.rowBlocks*f.mcusY*c.v)
			clear(c.coef)
		}
	}
	return nil
}

// resize returns a slice of n elements, s itself when it is large enough.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// colours returns what the components are, by the rules of libjpeg
// (jdapimin.c, default_decompress_parms). adobe is the transform that an APP14
// segment names, -1 without one.
func (f *frame) colours(jfif bool, adobe int) colours {
	switch {
	case len(f.comps) == 1:
		return grey
	case len(f.comps) == 4 && adobe <= 0: // without a marker too
		return cmyk
	case len(f.comps) == 4:
		return ycck
	case jfif:
		return ycc
	case adobe == 0:
		return rgb
	case adobe < 0 && f.comps[0].id == 'R' && f.comps[1].id == 'G' && f.comps[2].id == 'B':
		return rgb
	}
	return ycc
}

// latch fixes the quantisation table of a component when its first scan begins
// (jdinput.c, latch_quant_tables).
func (c *component) latch(tables *[4]quantTable) error {
	if c.latched {
		return nil
	}
	t := &tables[c.table]
	if !t.defined {
		return fmt.Errorf("no quantisation table %d", c.table)
	}
	c.quant, c.latched = t.values, true
	return nil
}

// quantTable holds the steps of coefficients, row by row as blocks are.
type quantTable struct {
	defined bool
	values  [blockSize]int16 // 16-bit steps keep their bits
}

// quantTables reads a DQT segment (T.81 B.2.4.1).
func quantTables(tables *[4]quantTable, body []byte) error {
	for len(body) > 0 {
		wide, t := int(body[0]>>4), body[0]&15
		if wide > 1 || t > 3 {
			return fmt.Errorf("a quantisation table of kind %#x (want 0 to 3 of 8 or 16 bits)", body[0])
		}
		body = body[1:]
		if len(body) < blockSize<<wide {
			return errors.New("a quantisation table that ends early")
		}
		for k := range blockSize {
			v := uint16(body[k])
			if wide == 1 {
				v = binary.BigEndian.Uint16(body[2*k:])
			}
			tables[t].values[natural[k]] = int16(v)
		}
		tables[t].defined = true
		body = body[blockSize<<wide:]
	}
	return nil
}
