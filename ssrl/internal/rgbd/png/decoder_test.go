package png

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// each runs f with and without assembly.
func each(t *testing.T, f func(t *testing.T, d *Decoder)) {
	for _, portable := range []bool{false, true} {
		t.Run(fmt.Sprintf("portable=%v", portable), func(t *testing.T) { f(t, &Decoder{portable: portable}) })
	}
}

func TestPixelsAreTheStandardLibrarys(t *testing.T) {
	each(t, func(t *testing.T, d *Decoder) {
		r := rand.New(rand.NewPCG(3, 4))
		var dst []byte
		for _, f := range files() {
			data := f.make(t, r)
			im, err := standard(data)
			require.NoError(t, err, "%+v", f)
			pix, h, err := d.Decode(dst, data)
			require.NoError(t, err, "%+v", f)
			require.Equal(t, Header{f.w, f.h, f.bits, f.colour, f.interlaced}, h)
			require.True(t, bytes.Equal(wantRGB(im), pix), "%+v", f)
			dst = pix
			if f.colour == Grey && f.bits == 16 {
				pix, _, err := d.DecodeGrey16(nil, data)
				require.NoError(t, err, "%+v", f)
				require.True(t, bytes.Equal(wantGrey16(im), pix), "%+v", f)
			}
		}
	})
}

// TestRealFiles compares with the standard library on the folder of frames.
func TestRealFiles(t *testing.T) {
	root := os.Getenv("SSRL_DATA")
	if root == "" {
		root = "../../../../../shared/data"
	}
	names, err := filepath.Glob(filepath.Join(root, "*", "*.png"))
	require.NoError(t, err)
	if len(names) == 0 {
		t.Skip("no PNG below " + root)
	}
	each(t, func(t *testing.T, d *Decoder) {
		for _, name := range names {
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			im, err := standard(data)
			require.NoError(t, err)
			pix, h, err := d.Decode(nil, data)
			require.NoError(t, err, name)
			require.True(t, bytes.Equal(wantRGB(im), pix), name)
			if h.Colour == Grey && h.Bits == 16 {
				pix, _, err = d.DecodeGrey16(nil, data)
				require.NoError(t, err, name)
				require.True(t, bytes.Equal(wantGrey16(im), pix), name)
			}
		}
	})
}

// definition is §9.4 word by word.
func definition(a, b, c int) byte {
	p := a + b - c
	pa, pb, pc := max(p-a, a-p), max(p-b, b-p), max(p-c, c-p)
	switch {
	case pa <= pb && pa <= pc:
		return byte(a)
	case pb <= pc:
		return byte(b)
	}
	return byte(c)
}

func TestPaeth(t *testing.T) {
	for a := 0; a < 256; a++ {
		for b := 0; b < 256; b++ {
			for c := 0; c < 256; c++ {
				if paeth(a, b, c) != definition(a, b, c) {
					require.Equal(t, definition(a, b, c), paeth(a, b, c), "%d %d %d", a, b, c)
				}
			}
		}
	}
}

func TestAssemblyStaysInsideRows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, size := range []int{1, 2, 3, 4, 6, 8} {
		for n := size; n < 70; n += size {
			row, above, raw := make([]byte, n+40), make([]byte, n), make([]byte, n)
			for i := range n {
				above[i], raw[i] = byte(r.Uint32()), byte(r.Uint32())
			}
			for filter := byte(filterSub); filter <= filterPaeth; filter++ {
				for i := range row {
					row[i] = 0xee
				}
				done := unfilterFast(filter, row[:n:n], above, raw, size)
				require.LessOrEqual(t, done, n)
				for i := n; i < len(row); i++ {
					require.Equal(t, byte(0xee), row[i], "filter %d, %d bytes by %d", filter, n, size)
				}
			}
		}
		dst, row := make([]byte, 3*size+40), make([]byte, 4*size)
		done := dropAlphaFast(dst[:3*size:3*size], row)
		require.LessOrEqual(t, done, size)
		require.Zero(t, bytes.Trim(dst, "\x00"))
	}
}

func TestPixelsLieInTheCallersBuffer(t *testing.T) {
	data := file{w: 20, h: 10, bits: 8, colour: RGBA, filter: 5}.make(t, rand.New(rand.NewPCG(1, 1)))
	var d Decoder
	room := make([]byte, 5, 1000)
	pix, _, err := d.Decode(room, data)
	require.NoError(t, err)
	assert.Len(t, pix, 600)
	assert.Same(t, &room[0], &pix[0])
	small := make([]byte, 100)
	again, _, err := d.Decode(small, data)
	require.NoError(t, err)
	assert.Equal(t, pix, again)
	assert.Equal(t, make([]byte, 100), small)
}

func TestKeptDecoderDoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, f := range []file{{w: 200, h: 300, bits: 8, colour: RGBA, filter: 5, idat: 4096}, {w: 200, h: 300, bits: 16, colour: Grey, filter: 5}, {w: 99, h: 98, bits: 4, colour: Palette, filter: 5, interlaced: true}} {
		data := f.make(t, r)
		var d Decoder
		dst, _, err := d.Decode(nil, data)
		require.NoError(t, err)
		assert.Zero(t, testing.AllocsPerRun(5, func() {
			dst, _, err = d.Decode(dst, data)
		}), "%+v", f)
		require.NoError(t, err)
	}
}

func TestWrongFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	plain := func(f file) []byte { f.w, f.h, f.bits = 4, 4, max(f.bits, 8); return f.make(t, r) }
	good := plain(file{colour: RGB})
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	idat := chunk("IDAT", deflated(t, make([]byte, 52), 6))
	iend := chunk("IEND", nil)
	rgb, indexed := head(4, 4, 8, RGB, 0), head(4, 12, 8, Palette, 0)
	edit := func(at int, v byte) []byte { b := bytes.Clone(good); b[at] = v; return b }
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "ends early"},
		{"another format", bytes.Repeat([]byte("GIF8"), 20), `begins with "GIF8" (want a PNG)`},
		{"no header", join([]byte(signature), idat, iend), "no header chunk"},
		{"no width", head(0, 1, 8, RGB, 0), "0x1 pixels (want one at least)"},
		{"long side", head(1, 1<<31, 8, RGB, 0), "1x2147483648 pixels (want sides up to 1048576)"},
		{"large", head(1<<20, 1<<20, 8, RGB, 0), "1048576x1048576 pixels (want 268435456 in all at most)"},
		{"bomb", head(10000, 10000, 1, Grey, 1), "10000x10000 pixels in 33 bytes"},
		{"colour type", head(4, 4, 8, 1, 0), "colour type 1 (want 0, 2, 3, 4 or 6)"},
		{"bits", head(4, 4, 3, Grey, 0), "3 bits a sample of colour type 0"},
		{"bits of a palette", head(4, 4, 16, Palette, 0), "16 bits a sample of colour type 3"},
		{"bits of colour", head(4, 4, 4, RGB, 0), "4 bits a sample of colour type 2"},
		{"compression", edit(26, 1), "compression method 1 (want 0)"},
		{"filter method", edit(27, 1), "filter method 1 (want 0)"},
		{"interlace", edit(28, 2), "interlace method 2 (want 0 or 1)"},
		{"header's checksum", edit(29, good[29]+1), fmt.Sprintf(`chunk "IHDR" at byte 8: checksum %x (want %x)`, good[29:33], edit(29, good[29]+1)[29:33])},
		{"checksum of pixels", edit(45, good[45]+1), "CRC"},

		{"few pixels", plain(file{colour: RGB, extra: -1}), "pixels of 51 bytes (want 52 for 4x4 pixels)"},
		{"many pixels", plain(file{colour: RGB, extra: 1}), "pixels of more than 52 bytes (want so many for 4x4 pixels)"},
		{"many more pixels", plain(file{colour: RGB, extra: 1 << 20}), "pixels of more than 52 bytes (want so many for 4x4 pixels)"},
		{"few of passes", plain(file{colour: RGB, extra: -1, interlaced: true}), "pixels of 54 bytes (want 55 for 4x4 pixels)"},
		{"filter", plain(file{colour: RGB, filter: 6}), "filter 6 (want 0 to 4)"},
		{"no zlib", join(rgb, chunk("IDAT", make([]byte, 20)), iend), "zlib: invalid header"},
		{"IDAT apart", join(rgb, idat[:8], nil), "ends early"},
		{"no IDAT", join(rgb, iend), `chunk "IEND" at byte 33 is out of order`},
		{"no IEND", join(rgb, idat), "ends early"},
		{"empty IDAT", join(rgb, chunk("IDAT", nil), iend), "ends early"},
		{"long IEND", join(rgb, idat, chunk("IEND", []byte{1})), `chunk "IEND" of 1 bytes (want 0)`},
		{"long chunk", join(rgb, []byte{0xff, 0xff, 0xff, 0xff}, []byte("tEXt12345678")), "ends early"},
		{"two headers", join(rgb, rgb[8:], idat, iend), `chunk "IHDR" at byte 33 is out of order`},
		{"header at the end", join(rgb, idat, rgb[8:], iend), fmt.Sprintf(`chunk "IHDR" at byte %d is out of order`, 33+len(idat))},
		{"no palette", join(indexed, idat, iend), "pixels before the palette"},
		{"two palettes", join(indexed, chunk("PLTE", make([]byte, 3)), chunk("PLTE", make([]byte, 3)), idat, iend), `chunk "PLTE" at byte 48 is out of order`},
		{"palette of grey", join(head(4, 4, 8, Grey, 0), chunk("PLTE", make([]byte, 3)), idat, iend), "a palette for colour type 0"},
		{"palette in parts", join(indexed, chunk("PLTE", make([]byte, 4)), idat, iend), "a palette of 4 bytes (want 3 each for 1 to 256 colours)"},
		{"palette for bits", join(head(4, 4, 1, Palette, 0), chunk("PLTE", make([]byte, 9)), idat, iend), "a palette of 9 bytes (want 3 each for 1 to 2 colours)"},
		{"key before palette", join(indexed, chunk("tRNS", nil), idat, iend), `chunk "tRNS" at byte 33 is out of order`},
		{"key of a palette", join(indexed, chunk("PLTE", make([]byte, 3)), chunk("tRNS", make([]byte, 257)), idat, iend), "transparency of 257 bytes (want 256 at most)"},
		{"key of colour", join(rgb, chunk("tRNS", make([]byte, 2)), idat, iend), "transparency of 2 bytes (want 6)"},
		{"key with alpha", join(head(4, 4, 8, RGBA, 0), chunk("tRNS", make([]byte, 2)), idat, iend), "transparency for colour type 6, which has alpha"},
		{"two keys", join(rgb, chunk("tRNS", make([]byte, 6)), chunk("tRNS", make([]byte, 6)), idat, iend), `chunk "tRNS" at byte 51 is out of order`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, standardErr := standard(tc.data)
			require.Error(t, standardErr)
			each(t, func(t *testing.T, d *Decoder) {
				pix, h, err := d.Decode(nil, tc.data)
				assert.Nil(t, pix)
				assert.Zero(t, h)
				if tc.want == "CRC" {
					require.ErrorContains(t, err, `chunk "IDAT" at byte 33: checksum `)
					return
				}
				require.EqualError(t, err, tc.want)
			})
		})
	}
}

func TestGrey16RefusesOtherKinds(t *testing.T) {
	var d Decoder
	for want, data := range map[string][]byte{
		"a palette (want grey)":          head(4, 4, 8, Palette, 0),
		"3 channels (want 1)":            head(4, 4, 16, RGB, 0),
		"2 channels (want 1)":            head(4, 4, 16, GreyAlpha, 0),
		"8 bits a pixel (want 16)":       head(4, 4, 8, Grey, 0),
		"4x0 pixels (want one at least)": head(4, 0, 16, Grey, 0),
	} {
		_, _, err := d.DecodeGrey16(nil, data)
		assert.EqualError(t, err, want)
	}
}

// Trailing bytes that no pixel needs are passed over as libpng does.
func TestWhatFollowsThePixels(t *testing.T) {
	raw := make([]byte, 52)
	want := make([]byte, 48)
	var d Decoder
	for name, data := range map[string][]byte{
		"another IDAT":  bytes.Join([][]byte{head(4, 4, 8, RGB, 0), chunk("IDAT", deflated(t, raw, 6)), chunk("IDAT", []byte("abc")), chunk("IEND", nil)}, nil),
		"more of IDAT":  bytes.Join([][]byte{head(4, 4, 8, RGB, 0), chunk("IDAT", append(deflated(t, raw, 6), "abc"...)), chunk("IEND", nil)}, nil),
		"behind IEND":   bytes.Join([][]byte{head(4, 4, 8, RGB, 0), chunk("IDAT", deflated(t, raw, 6)), chunk("IEND", nil), []byte("abc")}, nil),
		"empty between": bytes.Join([][]byte{head(4, 4, 8, RGB, 0), chunk("IDAT", nil), chunk("IDAT", deflated(t, raw, 6)), chunk("IEND", nil)}, nil),
		"a comment":     bytes.Join([][]byte{head(4, 4, 8, RGB, 0), chunk("IDAT", deflated(t, raw, 6)), chunk("tEXt", nil), chunk("IEND", nil)}, nil),
	} {
		pix, _, err := d.Decode(nil, data)
		require.NoError(t, err, name)
		assert.Equal(t, want, pix, name)
	}
}

// Cut anywhere, at the ends of chunks too, a file is refused and never decoded
// in part.
func TestFilesThatEndEarly(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	each(t, func(t *testing.T, d *Decoder) {
		for _, f := range []file{{w: 20, h: 20, bits: 8, colour: RGBA, filter: 5, idat: 100}, {w: 9, h: 9, bits: 4, colour: Palette, interlaced: true, filter: 5}} {
			data := f.make(t, r)
			for n := range data {
				_, _, err := d.Decode(nil, data[:n:n])
				require.EqualError(t, err, "ends early", "%d of %d bytes", n, len(data))
			}
			iend := chunk("IEND", nil)
			for at := len(data) - 12; at > 0; at = bytes.LastIndex(data[:at], []byte("IDAT")) - 4 {
				if at < 33 {
					break
				}
				_, _, err := d.Decode(nil, append(bytes.Clone(data[:at]), iend...))
				if at == len(data)-12 {
					require.NoError(t, err)
					continue
				}
				require.Error(t, err, "%d of %d bytes", at, len(data))
			}
		}
	})
}

func TestDecoderForgetsBrokenFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	good := file{w: 90, h: 20, bits: 8, colour: Palette, filter: 5}.make(t, r)
	broken := file{w: 20, h: 90, bits: 8, colour: RGBA, filter: 5}.make(t, r)
	want, _, err := new(Decoder).Decode(nil, good)
	require.NoError(t, err)
	var d Decoder
	for n := range 50 {
		_, _, err := d.Decode(nil, broken[:len(broken)*n/50])
		require.Error(t, err)
		pix, _, err := d.Decode(nil, good)
		require.NoError(t, err)
		require.Equal(t, want, pix)
	}
	assert.False(t, strings.Contains(fmt.Sprint(d.chunks.data), "1"), "the file is not kept")
}
