package rgbd

import (
	"encoding/binary"
	"fmt"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// packed writes a picture in an encoding; alpha is 200.
func packed(m *RGB, encoding string, stride int) Memory {
	p := packings[encoding]
	data := make([]byte, stride*m.Height)
	for y := range m.Height {
		for x := range m.Width {
			d, s := data[y*stride+x*p.size:], m.Pix[3*(y*m.Width+x):]
			if p.size == 4 {
				d[3] = 200
			}
			d[p.r], d[p.g], d[p.b] = s[0], s[1], s[2]
		}
	}
	return Memory{Encoding: encoding, Width: m.Width, Height: m.Height, Stride: stride, Data: data}
}

func TestPicturesInMemory(t *testing.T) {
	want := picture(7, 5)
	for encoding, p := range packings {
		for _, padding := range []int{0, 1, 12} {
			t.Run(fmt.Sprintf("%s+%d", encoding, padding), func(t *testing.T) {
				m := packed(want, encoding, 7*p.size+padding)
				if encoding == "mono8" { // the last colour written is blue
					for i := range want.Pix {
						want.Pix[i] = want.Pix[i/3*3+2]
					}
					defer func() { want = picture(7, 5) }()
				}
				im, err := m.Picture()
				require.NoError(t, err)
				assert.Equal(t, want.Bounds(), im.Bounds())
				assert.Equal(t, want.Pix, FromImage(im).Pix)
				for y := range 5 {
					for x := range 7 {
						c := color.NRGBAModel.Convert(im.At(x, y)).(color.NRGBA)
						require.Equal(t, want.Pix[3*(y*7+x):][:3], []byte{c.R, c.G, c.B})
					}
				}
				m.Data[0] ^= 1 // seen through the image: there is no copy
				assert.NotEqual(t, want.Pix, FromImage(im).Pix)
				for _, c := range []color.Color{im.At(7, 0), im.At(-1, 9)} { // outside
					r, g, b, _ := c.RGBA()
					assert.Zero(t, r|g|b)
				}
			})
		}
	}
}

func TestDepthInMemory(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	le, be := binary.LittleEndian, binary.BigEndian
	for _, tc := range []struct {
		name string
		m    Memory
		unit string
		want []float64
		view bool
	}{
		{"16UC1", Memory{Encoding: "16UC1", Width: 2, Height: 2, Data: words(le, 1000, 0, 65535, 1)}, "", []float64{1, 0, 65.535, .001}, false},
		{"16UC1 big-endian", Memory{Encoding: "16UC1", Width: 2, Height: 2, BigEndian: true, Data: words(be, 1000, 0, 65535, 1)}, "", []float64{1, 0, 65.535, .001}, false},
		{"16UC1 with padding", Memory{Encoding: "16UC1", Width: 1, Height: 2, Stride: 5, Data: []byte{1, 0, 9, 9, 9, 2, 0}}, "", []float64{.001, .002}, false},
		{"16UC1 of TUM", Memory{Encoding: "16UC1", Width: 1, Height: 1, Data: words(le, 5000)}, "tum", []float64{1}, false},
		{"16UC1 of SUN RGB-D", Memory{Encoding: "16UC1", Width: 1, Height: 1, Data: words(le, 8000)}, "sunrgbd", []float64{1}, false},
		{"32FC1", Memory{Encoding: "32FC1", Width: 2, Height: 1, Data: floats(le, 1.5, nan)}, "", []float64{1.5, 0}, true},
		{"32FC1 relative", Memory{Encoding: "32FC1", Width: 2, Height: 1, Data: floats(le, 1.5, 2)}, "relative", []float64{1.5, 2}, true},
		{"32FC1 with what is no reading", Memory{Encoding: "32FC1", Width: 5, Height: 1, Data: floats(le, 1.5, 0, -1, inf, nan)}, "", []float64{1.5, 0, 0, 0, 0}, false},
		{"32FC1 big-endian", Memory{Encoding: "32FC1", Width: 1, Height: 1, BigEndian: true, Data: floats(be, 1.5)}, "", []float64{1.5}, false},
		{"32FC1 of millimetres", Memory{Encoding: "32FC1", Width: 1, Height: 1, Data: floats(le, 1500)}, "mm", []float64{1.5}, false},
		{"32FC1 with padding", Memory{Encoding: "32FC1", Width: 1, Height: 2, Stride: 8, Data: floats(le, 1.5, 9, 2.5)}, "", []float64{1.5, 2.5}, false},
		{"32FC1 between words", Memory{Encoding: "32FC1", Width: 1, Height: 1, Data: append([]byte{0}, floats(le, 1.5)...)[1:]}, "", []float64{1.5}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			unit, err := ParseUnit(tc.unit)
			require.NoError(t, err)
			var r DepthRoom
			d, err := tc.m.Depth(unit, &r)
			require.NoError(t, err)
			assert.Equal(t, tc.unit == "relative", d.Relative)
			requireDepth(t, tc.m.Width, tc.m.Height, tc.want, d)
			assert.Equal(t, tc.view, r.own == nil, "read where it lies")
		})
	}
}

func TestMemoryRefuses(t *testing.T) {
	var r DepthRoom
	colour := func(m Memory) error { _, err := m.Picture(); return err }
	depth := func(m Memory) error { _, err := m.Depth(Unit{}, &r); return err }
	for _, tc := range []struct {
		name string
		as   func(Memory) error
		m    Memory
		want string
	}{
		{"encoding", colour, Memory{Encoding: "yuv422"}, `encoding "yuv422" (want rgb8, bgr8, rgba8, bgra8 or mono8)`},
		{"depth for colour", colour, Memory{Encoding: "16UC1"}, `encoding "16UC1" (want rgb8, bgr8, rgba8, bgra8 or mono8)`},
		{"colour for depth", depth, Memory{Encoding: "rgb8"}, `encoding "rgb8" (want 16UC1 or 32FC1)`},
		{"nothing", colour, Memory{Encoding: "rgb8"}, "0x0 pixels (want one at least)"},
		{"negative", colour, Memory{Encoding: "rgb8", Width: -1, Height: 1}, "-1x1 pixels (want one at least)"},
		{"absurd", depth, Memory{Encoding: "16UC1", Width: 1 << 62, Height: 1 << 62}, "4611686018427387904x4611686018427387904 pixels (want sides up to 1048576)"},
		{"stride", colour, Memory{Encoding: "rgb8", Width: 4, Height: 1, Stride: 11, Data: make([]byte, 12)}, "11 bytes from row to row (want 12 at least for 4 pixels of rgb8)"},
		{"negative stride", colour, Memory{Encoding: "rgb8", Width: 4, Height: 1, Stride: -12, Data: make([]byte, 12)}, "-12 bytes from row to row (want 12 at least for 4 pixels of rgb8)"},
		{"absurd stride", depth, Memory{Encoding: "32FC1", Width: 1, Height: 3, Stride: 1<<63 - 1, Data: make([]byte, 12)}, "12 bytes for 1x3 pixels of 32FC1, 9223372036854775807 from row to row"},
		{"short", colour, Memory{Encoding: "bgra8", Width: 2, Height: 2, Stride: 9, Data: make([]byte, 16)}, "16 bytes for 2x2 pixels of bgra8, 9 from row to row"},
		{"no data", depth, Memory{Encoding: "16UC1", Width: 2, Height: 2}, "0 bytes for 2x2 pixels of 16UC1, 4 from row to row"},
		{"no reading", depth, Memory{Encoding: "16UC1", Width: 2, Height: 2, Data: make([]byte, 8)}, "not one reading (want depths above 0)"},
		{"NaN", depth, Memory{Encoding: "32FC1", Width: 1, Height: 1, Data: []byte{0, 0, 0xc0, 0x7f}}, "not one reading (want depths above 0)"},
	} {
		t.Run(tc.name, func(t *testing.T) { require.EqualError(t, tc.as(tc.m), tc.want) })
	}
}

// FuzzMemory looks at any bytes as pictures and depth maps of any layout.
func FuzzMemory(f *testing.F) {
	f.Add("bgr8", 2, 2, 7, false, make([]byte, 13))
	f.Add("32FC1", 2, 1, 0, true, floats(binary.BigEndian, 1, 2))
	f.Fuzz(func(t *testing.T, encoding string, width, height, stride int, big bool, data []byte) {
		m := Memory{encoding, width, height, stride, big, data}
		if im, err := m.Picture(); err == nil {
			require.Len(t, FromImage(im).Pix, 3*width*height)
			im.At(width-1, height-1)
		}
		var r DepthRoom
		if d, err := m.Depth(Unit{}, &r); err == nil {
			require.Len(t, d.Metres, width*height)
			require.NoError(t, d.check())
			require.Len(t, r.Fit(d, 3, 5).Metres, 15)
		}
	})
}
