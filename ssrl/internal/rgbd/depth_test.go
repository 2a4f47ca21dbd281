package rgbd

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fixture is depth(x, y) of _reference/make.py; 0 is no reading.
func fixture() (width, height int, want []float64) {
	width, height = 37, 23
	for y := range height {
		for x := range width {
			v := 1 + float64(x)/8 + float64(y)*4
			if (x+y*width)%7 == 0 {
				v = 0
			}
			want = append(want, v)
		}
	}
	return width, height, want
}

// requireDepth compares every pixel without tolerance.
func requireDepth(t *testing.T, width, height int, want []float64, d *Depth) {
	t.Helper()
	require.Equal(t, []int{width, height}, []int{d.Width, d.Height})
	for i, w := range want {
		got := d.Metres[i]
		if w == 0 {
			require.True(t, got != got, "pixel %d is %v, want no reading", i, got)
			continue
		}
		require.Equal(t, float32(w), got, "pixel %d", i)
	}
}

func TestDepthOfHDF5(t *testing.T) {
	refused := map[string]string{
		"refused-superblock3-chunks.h5": `chunk index of HDF5 1.10 (want one written with libver "earliest" or "v108")`,
		"refused-dense.h5":              `no dataset "depth" among the links of the root group's header`,
		"refused-lzf.h5":                "HDF5 filter 32000 (want 1, deflate, and 2, shuffle, once each)",
		"refused-string.h5":             "HDF5 type of class 3, 2 bytes (want f2, f4, f8 or an integer)",
		"refused-shape.h5":              "shape [3 4 5] (want height and width)",
		"refused-missing.h5":            `no dataset "depth"`,
		"refused-group.h5":              "no array (want a dataset with shape, type and layout)",
	}
	width, height, want := fixture()
	paths, err := filepath.Glob("testdata/h5/*.h5")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			d, err := DecodeDepth(data, name, Unit{})
			if text, ok := refused[name]; ok {
				require.EqualError(t, err, "depth "+name+": "+text)
				return
			}
			require.NoError(t, err)
			assert.True(t, d.Relative)
			requireDepth(t, width, height, want, d)
		})
	}
}

func TestDepthOfNPY(t *testing.T) {
	width, height, want := fixture()
	clipped := make([]float64, len(want))
	for i, v := range want {
		clipped[i] = min(v, 65.535)
	}
	paths, err := filepath.Glob("testdata/npy/*.npy")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			d, err := DecodeDepth(data, name, Unit{})
			require.NoError(t, err)
			assert.False(t, d.Relative)
			if strings.HasPrefix(name, "mm-") {
				requireDepth(t, width, height, clipped, d)
			} else {
				requireDepth(t, width, height, want, d)
			}
		})
	}
}

// npy returns a .npy file of format version 1.
func npy(descr, shape string, body []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape)
	b := append([]byte(magicNPY), 1, 0, byte(len(header)), byte(len(header)>>8))
	return append(append(b, header...), body...)
}

func words(order binary.AppendByteOrder, counts ...uint16) []byte {
	var b []byte
	for _, c := range counts {
		b = order.AppendUint16(b, c)
	}
	return b
}

func floats(order binary.AppendByteOrder, values ...float32) []byte {
	var b []byte
	for _, v := range values {
		b = order.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func grey16(t testing.TB, width int, counts ...uint16) []byte {
	m := image.NewGray16(image.Rect(0, 0, width, len(counts)/width))
	copy(m.Pix, words(binary.BigEndian, counts...))
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

func TestDepthUnits(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	counts := []uint16{0, 1, 1234, 65535}
	le, be := binary.LittleEndian, binary.BigEndian
	asPNG := grey16(t, 4, counts...)
	asPGM := append([]byte("P5\n# depth\n4 1\n65535\n"), words(be, counts...)...)
	asU2 := npy("<u2", "(1, 4)", words(le, counts...))
	asI2 := npy("<i2", "(1, 4)", words(le, counts...))
	f4 := npy("<f4", "(1, 6)", floats(le, 2.5, -1, 0, inf, -inf, nan))
	for _, tc := range []struct {
		name     string
		data     []byte
		unit     string
		want     []float64
		relative bool
	}{
		{"PNG is millimetres", asPNG, "", []float64{0, .001, 1.234, 65.535}, false},
		{"PNG of TUM", asPNG, "tum", []float64{0, .0002, .2468, 13.107}, false},
		{"PNG of metres", asPNG, "m", []float64{0, 1, 1234, 65535}, false},
		{"PNG by a number", asPNG, "0.25", []float64{0, .25, 308.5, 16383.75}, false},
		{"PNG relative", asPNG, "relative", []float64{0, 1, 1234, 65535}, true},
		// 1 and 1234 = 0b10011010010 rotated right by three: 8192, 0x409a.
		{"PNG of SUN RGB-D", asPNG, "sunrgbd", []float64{0, 8.192, 16.538, 65.535}, false},
		{"PGM is millimetres", asPGM, "", []float64{0, .001, 1.234, 65.535}, false},
		{"npy of integers is millimetres", asU2, "", []float64{0, .001, 1.234, 65.535}, false},
		{"signed: 65535 is -1", asI2, "", []float64{0, .001, 1.234, 0}, false},
		{"bytes", npy("|u1", "(2, 2)", []byte{0, 1, 2, 255}), "m", []float64{0, 1, 2, 255}, false},
		{"signed bytes", npy("|i1", "(2, 2)", []byte{0, 1, 2, 255}), "m", []float64{0, 1, 2, 0}, false},
		{"npy of floats is metres", f4, "", []float64{2.5, 0, 0, 0, 0, 0}, false},
		{"npy of floats in millimetres", f4, "mm", []float64{.0025, 0, 0, 0, 0, 0}, false},
		{"npy of floats relative", f4, "relative", []float64{2.5, 0, 0, 0, 0, 0}, true},
		{"beyond float32 is no reading", npy("<f8", "(1, 2)", binary.LittleEndian.AppendUint64(
			binary.LittleEndian.AppendUint64(nil, math.Float64bits(1e300)), math.Float64bits(3))), "", []float64{0, 3}, false},
		{"PFM from the bottom up", append([]byte("Pf\n1 2\n-1.0\n"), floats(le, 5, 7)...), "", []float64{7, 5}, false},
		{"PFM big-endian", append([]byte("Pf 2 1 1\n"), floats(be, 5, inf)...), "", []float64{5, 0}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			unit, err := ParseUnit(tc.unit)
			require.NoError(t, err)
			d, err := DecodeDepth(tc.data, "d", unit)
			require.NoError(t, err)
			assert.Equal(t, tc.relative, d.Relative)
			requireDepth(t, d.Width, len(tc.want)/d.Width, tc.want, d)
		})
	}
}

func TestDepthPNGWithATransparentValue(t *testing.T) {
	data := grey16(t, 2, 0, 1500, 2500, 7)
	at := len(magicPNG) + 25 // after IHDR
	trns := pngChunk("tRNS", []byte{0, 0})
	data = append(append(append([]byte(nil), data[:at]...), trns...), data[at:]...)
	d, err := DecodeDepth(data, "d.png", Unit{})
	require.NoError(t, err)
	requireDepth(t, 2, 2, []float64{0, 1.5, 2.5, .007}, d)
}

func TestParseUnit(t *testing.T) {
	for _, s := range []string{"", "mm", "m", "tum", "sunrgbd", "relative", "0.001", "0.25", "1e-05"} {
		u, err := ParseUnit(s)
		require.NoError(t, err)
		assert.Equal(t, s, u.String())
	}
	for _, s := range []string{"0", "-1", "inf", "NaN", "cm", "MM", " m", "1e999"} {
		_, err := ParseUnit(s)
		require.EqualError(t, err, fmt.Sprintf("depth unit %q (want mm, m, tum, sunrgbd, relative or metres a count above 0)", s))
	}
}

func TestApplyMask(t *testing.T) {
	f4 := func(v ...float32) []byte { return floats(binary.LittleEndian, v...) }
	nan := float32(math.NaN())
	for _, tc := range []struct {
		name string
		mask []byte
		want []float64
		err  string
	}{
		{name: "bool", mask: npy("|b1", "(2, 3)", []byte{1, 0, 1, 1, 1, 0}), want: []float64{1, 0, 3, 0, 5, 0}},
		{name: "bytes with an axis", mask: npy("|u1", "(2, 3, 1)", []byte{9, 0, 1, 1, 1, 0}), want: []float64{1, 0, 3, 0, 5, 0}},
		{name: "floats", mask: npy("<f4", "(2, 3)", f4(1, 0, .5, 1, nan, -1)), want: []float64{1, 0, 3, 0, 0, 6}},
		{name: "size", mask: npy("|b1", "(3, 2)", make([]byte, 6)), err: "mask m.npy: 2x3 pixels (want the depth's 3x2)"},
		{name: "empty", mask: npy("|b1", "(2, 3)", make([]byte, 6)), err: "mask m.npy: leaves not one reading"},
		{name: "only where there is no reading", mask: npy("|b1", "(2, 3)", []byte{0, 0, 0, 1, 0, 0}), err: "mask m.npy: leaves not one reading"},
		{name: "another format", mask: []byte(magicPNG), err: `mask m.npy: begins with "\x89PNG" (want a .npy array)`},
		{name: "short", mask: npy("|b1", "(2, 3)", make([]byte, 5)), err: "mask m.npy: 5 bytes of b1 (want 6 for 3x2 pixels)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := &Depth{Width: 3, Height: 2, Metres: []float32{1, 2, 3, noReading, 5, 6}}
			err := ApplyMask(d, tc.mask, "m.npy")
			if tc.err != "" {
				require.EqualError(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			requireDepth(t, 3, 2, tc.want, d)
		})
	}
}

func TestReadDepth(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	write("a.npy", npy("<f4", "(1, 2)", floats(binary.LittleEndian, 3, 4)))
	write("a.mask.npy", npy("|b1", "(1, 2)", []byte{0, 1}))
	d, err := ReadDepth(os.DirFS(dir), "a.npy", "a.mask.npy", Unit{})
	require.NoError(t, err)
	requireDepth(t, 2, 1, []float64{0, 4}, d)
	_, err = ReadDepth(os.DirFS(dir), "a.npy", "b.mask.npy", Unit{})
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.EqualError(t, err, "mask b.mask.npy: no such file or directory")
	_, err = ReadDepth(os.DirFS(dir), "b.npy", "", Unit{})
	assert.EqualError(t, err, "depth b.npy: no such file or directory")
}

func TestDepthResize(t *testing.T) {
	d := &Depth{Width: 3, Height: 2, Metres: []float32{1, 2, 3, 4, 5, 6}, Relative: true}
	for _, tc := range []struct {
		name          string
		width, height int
		want          []float64
	}{
		{"same", 3, 2, []float64{1, 2, 3, 4, 5, 6}},
		{"twice", 6, 4, []float64{1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6}},
		{"one", 1, 1, []float64{2}},
		{"narrower", 2, 2, []float64{1, 3, 4, 6}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := d.Resize(tc.width, tc.height)
			assert.True(t, got.Relative)
			assert.Equal(t, image.Pt(3, 2), got.Rescaled)
			requireDepth(t, tc.width, tc.height, tc.want, got)
		})
	}
}

// The steps of nearest are what its formula says, for every pixel of many sizes.
func TestNearestFollowsItsFormula(t *testing.T) {
	for in := 1; in < 40; in++ {
		for out := 1; out < 40; out++ {
			n := newNearest(in, out)
			for i := range out {
				require.Equal(t, ((2*i+1)*in+2*out-1)/(2*out)-1, n.next(), "pixel %d of %d, of %d", i, out, in)
			}
		}
	}
}
