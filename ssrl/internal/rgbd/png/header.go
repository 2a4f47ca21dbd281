package png

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// MaxSide bounds rows, of which two are kept: 8 MiB each at 64 bits a pixel.
	MaxSide = 1 << 20

	// MaxPixels bounds the area of a picture that is decoded.
	MaxPixels = 1 << 28

	// maxDeflate is what a byte of deflate can unpack to: 258 bytes in two bits.
	maxDeflate = 1032

	signature = "\x89PNG\r\n\x1a\n"
)

// Colour is the colour type of a file (§11.2.1).
type Colour byte

// Colour types.
const (
	Grey      Colour = 0
	RGB       Colour = 2
	Palette   Colour = 3
	GreyAlpha Colour = 4
	RGBA      Colour = 6
)

// channels returns the samples of a pixel, 0 for a type that there is not.
func (c Colour) channels() int {
	switch c {
	case Grey, Palette:
		return 1
	case GreyAlpha:
		return 2
	case RGB:
		return 3
	case RGBA:
		return 4
	}
	return 0
}

// Header is the IHDR chunk.
type Header struct {
	Width, Height int
	Bits          int // a sample: 1, 2, 4, 8 or 16
	Colour        Colour
	Interlaced    bool // in Adam7's seven passes
}

var errEarly = errors.New("ends early")

// ReadHeader reads the header. Sizes are those that Decode accepts.
func ReadHeader(data []byte) (Header, error) {
	const size = len(signature) + 4 + 4 + 13 // length, name, IHDR
	if len(data) < size {
		return Header{}, errEarly
	}
	if string(data[:len(signature)]) != signature {
		return Header{}, fmt.Errorf("begins with %q (want a PNG)", data[:4])
	}
	b := data[len(signature):]
	if binary.BigEndian.Uint32(b) != 13 || string(b[4:8]) != "IHDR" {
		return Header{}, errors.New("no header chunk")
	}
	b = b[8:]
	width, height := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	h := Header{Bits: int(b[8]), Colour: Colour(b[9]), Interlaced: b[12] == 1}
	switch {
	case h.Colour.channels() == 0:
		return h, fmt.Errorf("colour type %d (want 0, 2, 3, 4 or 6)", h.Colour)
	case width < 1 || height < 1:
		return h, fmt.Errorf("%dx%d pixels (want one at least)", width, height)
	case width > MaxSide || height > MaxSide:
		return h, fmt.Errorf("%dx%d pixels (want sides up to %d)", width, height, MaxSide)
	case int64(width)*int64(height) > MaxPixels:
		return h, fmt.Errorf("%dx%d pixels (want %d in all at most)", width, height, MaxPixels)
	case !h.known():
		return h, fmt.Errorf("%d bits a sample of colour type %d", h.Bits, h.Colour)
	case b[10] != 0:
		return h, fmt.Errorf("compression method %d (want 0)", b[10])
	case b[11] != 0:
		return h, fmt.Errorf("filter method %d (want 0)", b[11])
	case b[12] > 1:
		return h, fmt.Errorf("interlace method %d (want 0 or 1)", b[12])
	}
	h.Width, h.Height = int(width), int(height)
	if h.rawSize()/maxDeflate > int64(len(data)) {
		return h, fmt.Errorf("%dx%d pixels in %d bytes", h.Width, h.Height, len(data))
	}
	return h, nil
}

// known reports whether the colour type has samples of so many bits (§11.2.1).
func (h Header) known() bool {
	switch h.Bits {
	case 1, 2, 4:
		return h.Colour == Grey || h.Colour == Palette
	case 8:
		return true
	}
	return h.Bits == 16 && h.Colour != Palette
}

// rowBytes returns the bytes of so many pixels.
func (h Header) rowBytes(width int) int {
	return (width*h.Bits*h.Colour.channels() + 7) / 8
}

// rawSize returns what the pixels unpack to, the bytes of filters included.
func (h Header) rawSize() int64 {
	n := int64(0)
	for _, p := range h.passes() {
		if w, rows := p.size(h); w > 0 {
			n += int64(rows) * int64(1+h.rowBytes(w))
		}
	}
	return n
}

// pass is a part of the picture: the pixels (x0 + i dx, y0 + j dy).
type pass struct{ x0, y0, dx, dy int }

var (
	whole = []pass{{0, 0, 1, 1}}
	adam7 = []pass{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
)

func (h Header) passes() []pass {
	if h.Interlaced {
		return adam7
	}
	return whole
}

// size returns the columns and rows of a pass.
func (p pass) size(h Header) (width, height int) {
	return (h.Width - p.x0 + p.dx - 1) / p.dx, (h.Height - p.y0 + p.dy - 1) / p.dy
}
