package png

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// chunk returns a chunk with its length and checksum.
func chunk(name string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, name...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func head(width, height uint32, bits byte, c Colour, interlace byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, width)
	b = append(binary.BigEndian.AppendUint32(b, height), bits, byte(c), 0, 0, interlace)
	return append([]byte(signature), chunk("IHDR", b)...)
}

func deflated(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	require.NoError(t, err)
	_, err = w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// file is a PNG to be made of random pixels.
type file struct {
	w, h       int
	bits       int
	colour     Colour
	interlaced bool
	filter     int // of every row, 5: each row its own
	smooth     bool
	before     [][]byte // chunks before the pixels
	idat       int      // bytes of a chunk, 0: all in one
	extra      int      // bytes more, or fewer, than the pixels have
}

// make returns the file. The filters are random bytes to its rows, so that what
// they undo need not be a picture.
func (f file) make(t testing.TB, r *rand.Rand) []byte {
	interlace := byte(0)
	if f.interlaced {
		interlace = 1
	}
	out := head(uint32(f.w), uint32(f.h), byte(f.bits), f.colour, interlace)
	h := Header{f.w, f.h, f.bits, f.colour, f.interlaced}
	if f.colour == Palette {
		entries := make([]byte, 3*(1+r.IntN(1<<f.bits)))
		for i := range entries {
			entries[i] = byte(r.Uint32())
		}
		out = append(out, chunk("PLTE", entries)...)
	}
	for _, c := range f.before {
		out = append(out, c...)
	}
	var raw []byte
	for _, p := range h.passes() {
		w, rows := p.size(h)
		for range rows {
			if w == 0 {
				break
			}
			filter := f.filter
			if filter == 5 {
				filter = r.IntN(5)
			}
			raw = append(raw, byte(filter))
			for range h.rowBytes(w) {
				v := byte(r.Uint32())
				if f.smooth {
					v = byte(r.IntN(5) - 2)
				}
				raw = append(raw, v)
			}
		}
	}
	if f.extra >= 0 {
		raw = append(raw, make([]byte, f.extra)...)
	} else {
		raw = raw[:len(raw)+f.extra]
	}
	packed := deflated(t, raw, 6)
	step := f.idat
	if step == 0 {
		step = len(packed)
	}
	for len(packed) > 0 {
		n := min(step, len(packed))
		out = append(out, chunk("IDAT", packed[:n])...)
		packed = packed[n:]
	}
	return append(out, chunk("IEND", nil)...)
}

// files are of every colour type, bit depth and filter, with and without passes,
// of sizes at which rows, passes and words end in different places.
func files() []file {
	var all []file
	for _, kind := range []struct {
		c    Colour
		bits []int
	}{{Grey, []int{1, 2, 4, 8, 16}}, {RGB, []int{8, 16}}, {Palette, []int{1, 2, 4, 8}}, {GreyAlpha, []int{8, 16}}, {RGBA, []int{8, 16}}} {
		for _, bits := range kind.bits {
			for _, interlaced := range []bool{false, true} {
				for _, size := range [][2]int{{1, 1}, {2, 3}, {3, 2}, {5, 5}, {8, 8}, {17, 9}, {33, 12}, {70, 40}} {
					all = append(all, file{w: size[0], h: size[1], bits: bits, colour: kind.c, interlaced: interlaced, filter: 5, smooth: len(all)%2 == 0})
				}
			}
			for filter := range 5 {
				all = append(all, file{w: 41, h: 6, bits: bits, colour: kind.c, filter: filter})
			}
		}
	}
	for _, key := range []struct {
		c    Colour
		bits int
		key  []byte
	}{{Grey, 4, []byte{0, 3}}, {Grey, 8, []byte{0, 3}}, {Grey, 16, []byte{0, 3}}, {RGB, 8, make([]byte, 6)}, {RGB, 16, make([]byte, 6)}, {Palette, 4, []byte{0, 9, 255}}, {Palette, 8, bytes.Repeat([]byte{0, 128}, 128)}} {
		all = append(all, file{w: 9, h: 9, bits: key.bits, colour: key.c, filter: 5, before: [][]byte{chunk("tEXt", []byte("a\x00b")), chunk("tRNS", key.key)}})
	}
	return append(all,
		file{w: 300, h: 500, bits: 8, colour: RGBA, filter: 5, idat: 8192}, // more than the window
		file{w: 300, h: 500, bits: 8, colour: RGB, filter: 5, smooth: true, idat: 100},
		file{w: 60000, h: 9, bits: 16, colour: RGBA, filter: 5, smooth: true},
		file{w: 64, h: 64, bits: 8, colour: RGBA, filter: 5, idat: 1},
	)
}

// wantRGB returns what Decode does of a picture that the standard library
// decoded.
func wantRGB(im image.Image) []byte {
	var out []byte
	b := im.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			switch c := im.At(x, y).(type) {
			case color.Gray:
				out = append(out, c.Y, c.Y, c.Y)
			case color.Gray16:
				out = append(out, byte(c.Y>>8), byte(c.Y>>8), byte(c.Y>>8))
			case color.RGBA:
				out = append(out, c.R, c.G, c.B)
			case color.NRGBA:
				out = append(out, c.R, c.G, c.B)
			case color.RGBA64:
				out = append(out, byte(c.R>>8), byte(c.G>>8), byte(c.B>>8))
			case color.NRGBA64:
				out = append(out, byte(c.R>>8), byte(c.G>>8), byte(c.B>>8))
			}
		}
	}
	return out
}

// wantGrey16 returns what DecodeGrey16 does.
func wantGrey16(im image.Image) []byte {
	var out []byte
	b := im.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			switch c := im.At(x, y).(type) {
			case color.Gray16:
				out = binary.BigEndian.AppendUint16(out, c.Y)
			case color.NRGBA64:
				out = binary.BigEndian.AppendUint16(out, c.R)
			}
		}
	}
	return out
}

func standard(data []byte) (image.Image, error) { return png.Decode(bytes.NewReader(data)) }
