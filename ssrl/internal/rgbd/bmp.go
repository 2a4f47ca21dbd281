package rgbd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// maxPerBMPByte is the most pixels a byte of run-length BMP holds: a run of 255
// takes two.
const maxPerBMPByte = 128

// Ways to store the pixels of a BMP.
const (
	bmpPlain  = 0
	bmpRLE8   = 1
	bmpRLE4   = 2
	bmpMasks  = 3
	bmpMasks4 = 6 // with a mask for alpha
)

// bmpFile is the header of a BMP: Windows 2 (12 bytes, OS/2 1 as well) and 3 to
// 5 (40, 52, 56, 108 and 124 bytes), and OS/2 2 (16 and 64 bytes).
type bmpFile struct {
	width, height int
	topDown       bool
	bits          int // a pixel
	how           uint32
	masks         [3]uint32 // red, green, blue; of 16 and 32 bits
	palette       []byte
	entry         int // bytes of a palette entry: blue, green, red and perhaps a filler
	body          []byte
}

func parseBMP(data []byte) (*bmpFile, error) {
	early := errors.New("ends early")
	const fileHeader = 14
	if len(data) < fileHeader+4 {
		return nil, early
	}
	le := binary.LittleEndian
	start, size := int64(le.Uint32(data[10:])), int64(le.Uint32(data[14:]))
	f := &bmpFile{entry: 4}
	switch size {
	case 12, 16, 40, 52, 56, 64, 108, 124:
	default:
		return nil, fmt.Errorf("a BMP header of %d bytes (want 12, 16, 40, 52, 56, 64, 108 or 124)", size)
	}
	if int64(len(data)) < fileHeader+size {
		return nil, early
	}
	h := data[fileHeader : fileHeader+size]
	after := fileHeader + size
	colours := int64(0)
	if size == 12 {
		f.width, f.height, f.bits, f.entry = int(le.Uint16(h[4:])), int(le.Uint16(h[6:])), int(le.Uint16(h[10:])), 3
	} else {
		f.width, f.height, f.bits = int(int32(le.Uint32(h[4:]))), int(int32(le.Uint32(h[8:]))), int(le.Uint16(h[14:]))
		if f.height < 0 {
			f.height, f.topDown = -f.height, true
		}
	}
	if size >= 40 {
		f.how, colours = le.Uint32(h[16:]), int64(le.Uint32(h[32:]))
	}
	if err := checkSize(f.width, f.height); err != nil {
		return nil, err
	}
	if err := f.checkKind(size == 64); err != nil {
		return nil, err
	}
	if f.how == bmpMasks || f.how == bmpMasks4 {
		if size < 52 { // the masks follow the header
			after += 12
			if int64(len(data)) < after {
				return nil, early
			}
		}
		for i := range f.masks {
			f.masks[i] = le.Uint32(data[fileHeader+40+4*i:])
		}
		if f.how == bmpMasks4 && size < 56 {
			after += 4
		}
	}
	if start < after || start > int64(len(data)) {
		return nil, fmt.Errorf("pixels at byte %d (want %d to %d)", start, after, len(data))
	}
	f.body = data[start:]
	if f.bits <= 8 {
		if colours == 0 || colours > 1<<f.bits {
			colours = 1 << f.bits
		}
		f.palette = data[after:min(after+colours*int64(f.entry), start)]
	}
	return f, f.checkLength(len(data))
}

// checkKind refuses what is not read, and gives 16 and 32 bits their masks.
func (f *bmpFile) checkKind(os2 bool) error {
	refuse := fmt.Errorf("BMP compression %d of %d bits a pixel (want none, run lengths or masks)", f.how, f.bits)
	switch f.how {
	case bmpPlain:
		switch f.bits {
		case 1, 2, 4, 8, 24:
			return nil
		case 16:
			f.masks = [3]uint32{0x7c00, 0x3e0, 0x1f}
			return nil
		case 32:
			f.masks = [3]uint32{0xff0000, 0xff00, 0xff}
			return nil
		}
		return fmt.Errorf("%d bits a pixel (want 1, 2, 4, 8, 16, 24 or 32)", f.bits)
	case bmpRLE8, bmpRLE4:
		if f.how == bmpRLE8 && f.bits == 8 || f.how == bmpRLE4 && f.bits == 4 {
			if f.topDown {
				return errors.New("run lengths from the top (want them from the bottom)")
			}
			return nil
		}
	case bmpMasks, bmpMasks4:
		if (f.bits == 16 || f.bits == 32) && !os2 { // of OS/2, 3 is a fax code
			return nil
		}
	}
	return refuse
}

// stride is the bytes of a row, which is padded to four.
func (f *bmpFile) stride() int { return (f.width*f.bits + 31) / 32 * 4 }

func (f *bmpFile) checkLength(length int) error {
	if f.how == bmpRLE8 || f.how == bmpRLE4 {
		return checkPacked(f.width, f.height, maxPerBMPByte, length)
	}
	// The last row may come without its padding.
	want := int64(f.stride())*int64(f.height-1) + (int64(f.width)*int64(f.bits)+7)/8
	if int64(len(f.body)) < want {
		return fmt.Errorf("%d bytes of pixels (want %d)", len(f.body), want)
	}
	return nil
}

// decode returns the picture; alpha is dropped, a colour that the palette has
// not is black.
func (f *bmpFile) decode() (*RGB, error) {
	out := NewRGB(f.width, f.height)
	row := func(y int) []byte { // y counts as the file does
		if !f.topDown {
			y = f.height - 1 - y
		}
		return out.Pix[3*y*f.width:][:3*f.width]
	}
	if f.how == bmpRLE8 || f.how == bmpRLE4 {
		return out, f.runs(row)
	}
	convert := f.paletted
	switch f.bits {
	case 24:
		convert = func(dst, src []byte) {
			for i := 0; i < len(dst); i += 3 {
				dst[i], dst[i+1], dst[i+2] = src[i+2], src[i+1], src[i]
			}
		}
	case 16, 32:
		convert = f.masked()
	}
	for y := range f.height {
		convert(row(y), f.body[y*f.stride():])
	}
	return out, nil
}

// colour returns entry i of the palette.
func (f *bmpFile) colour(i int) (c Colour) {
	if at := i * f.entry; at+3 <= len(f.palette) {
		c = Colour{f.palette[at+2], f.palette[at+1], f.palette[at]}
	}
	return c
}

func (f *bmpFile) paletted(dst, src []byte) {
	var palette [256]Colour
	for i := range 1 << f.bits {
		palette[i] = f.colour(i)
	}
	each, mask := 8/f.bits, byte(1<<f.bits-1)
	for x := range f.width {
		shift := 8 - f.bits*(x%each+1)
		copy(dst[3*x:], palette[src[x/each]>>shift&mask][:])
	}
}

// masked returns how to convert a row of 16 or 32 bits a pixel. A channel of
// fewer than 8 bits is stretched to 255, rounded down as Pillow does; of more,
// the high bits are kept.
func (f *bmpFile) masked() func(dst, src []byte) {
	channel := func(mask, pixel uint32) byte {
		if mask == 0 {
			return 0
		}
		shift := bits.TrailingZeros32(mask)
		v, most := uint64(pixel&mask>>shift), uint64(mask>>shift)
		if most > 255 {
			return byte(v >> (bits.Len64(most) - 8))
		}
		return byte(v * 255 / most)
	}
	size := f.bits / 8
	return func(dst, src []byte) {
		for i := 0; i < len(dst); i += 3 {
			pixel := uint32(binary.LittleEndian.Uint16(src))
			if size == 4 {
				pixel = binary.LittleEndian.Uint32(src)
			}
			src = src[size:]
			for k, mask := range f.masks {
				dst[i+k] = channel(mask, pixel)
			}
		}
	}
}

// runs decodes run lengths: a count and what to repeat, or a zero and a command:
// 0 ends the row, 1 the picture, 2 moves, others announce as many pixels. What
// no run reaches is the first colour of the palette.
func (f *bmpFile) runs(row func(y int) []byte) error {
	first := f.colour(0)
	for y := range f.height {
		for dst := row(y); len(dst) > 0; dst = dst[3:] {
			copy(dst, first[:])
		}
	}
	x, y, b := 0, 0, f.body
	put := func(i int) {
		if x < f.width && y < f.height {
			c := f.colour(i)
			copy(row(y)[3*x:], c[:])
		}
		x++
	}
	// pixel returns the index of pixel k of packed ones.
	pixel := func(packed []byte, k int) int {
		if f.how == bmpRLE8 {
			return int(packed[k])
		}
		return int(packed[k/2]>>(4-4*(k&1))) & 15
	}
	for y < f.height {
		if len(b) < 2 {
			return errors.New("ends early")
		}
		count, value := int(b[0]), b[1]
		b = b[2:]
		switch {
		case count > 0:
			twice := [2]byte{value, value}
			for k := range count {
				put(pixel(twice[:], k&1))
			}
		case value == 0:
			x, y = 0, y+1
		case value == 1:
			return nil
		case value == 2:
			if len(b) < 2 {
				return errors.New("ends early")
			}
			x, y, b = min(x+int(b[0]), f.width), y+int(b[1]), b[2:]
		default:
			n, size := int(value), int(value)
			if f.how == bmpRLE4 {
				size = (n + 1) / 2
			}
			if len(b) < size {
				return errors.New("ends early")
			}
			for k := range n {
				put(pixel(b, k))
			}
			b = b[min(size+size&1, len(b)):]
		}
	}
	return nil
}
