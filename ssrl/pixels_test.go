package ssrl_test

import (
	"encoding/binary"
	"image"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

func rawDepth(t testing.TB, encoding string, width int, values any) ssrl.Raw {
	data, err := binary.Append(nil, binary.LittleEndian, values)
	require.NoError(t, err)
	n := binary.Size(values) / 2
	if encoding == "32FC1" {
		n /= 2
	}
	return ssrl.Raw{Encoding: encoding, Width: width, Height: n / width, Data: data}
}

func TestNewFrame(t *testing.T) {
	colour := ssrl.Raw{Encoding: "bgr8", Width: 2, Height: 2, Stride: 7, Data: []byte{3, 2, 1, 6, 5, 4, 0, 9, 8, 7, 12, 11, 10}}
	f, err := ssrl.NewFrame("a", colour, ssrl.Raw{})
	require.NoError(t, err)
	assert.Nil(t, f.Depth)
	r, g, b, _ := f.Image.At(1, 1).RGBA()
	assert.Equal(t, []uint32{10, 11, 12}, []uint32{r >> 8, g >> 8, b >> 8})

	f, err = ssrl.NewFrame("a", colour, rawDepth(t, "16UC1", 2, []uint16{1000, 0, 3, 4}))
	require.NoError(t, err)
	assert.Equal(t, float32(1), f.Depth.Metres[0])
	assert.True(t, f.Depth.Metres[1] != f.Depth.Metres[1])
	assert.Zero(t, f.Depth.Rescaled)

	small := rawDepth(t, "32FC1", 1, []float32{1.5})
	f, err = ssrl.NewFrame("a", colour, small)
	require.NoError(t, err)
	assert.Equal(t, []float32{1.5, 1.5, 1.5, 1.5}, f.Depth.Metres)
	assert.Equal(t, image.Pt(1, 1), f.Depth.Rescaled)
	small.Mismatch = "refuse"
	_, err = ssrl.NewFrame("a", colour, small)
	assert.EqualError(t, err, "depth a: 1x1 pixels (want the image's 2x2)")
	assert.ErrorIs(t, err, ssrl.ErrFormat)
	small.Mismatch = "stretch"
	_, err = ssrl.NewFrame("a", colour, small)
	assert.EqualError(t, err, `depth a: depth mismatch "stretch" (want rescale or refuse)`)
}

// smallStructs bounds what a frame of a stream may allocate, whatever its size:
// Frame, Depth and the view of the colours, a few words each.
const smallStructs = 1 << 10

func TestFramesOfAStreamAllocateNoPixels(t *testing.T) {
	const width, height = 320, 240
	metres := make([]float32, width*height)
	counts := make([]uint16, width*height)
	for i := range metres {
		metres[i], counts[i] = float32(1+i%9), uint16(1000*(1+i%9))
	}
	half := rawDepth(t, "16UC1", width/2, counts[:len(counts)/4])
	for _, tc := range []struct {
		name  string
		size  int
		depth ssrl.Raw
	}{
		{"rgb8", 3, ssrl.Raw{}}, {"bgr8", 3, ssrl.Raw{}}, {"rgba8", 4, ssrl.Raw{}}, {"bgra8", 4, ssrl.Raw{}}, {"mono8", 1, ssrl.Raw{}},
		{"rgb8", 3, rawDepth(t, "16UC1", width, counts)}, {"rgb8", 3, rawDepth(t, "32FC1", width, metres)}, {"bgr8", 3, half},
	} {
		t.Run(tc.name+tc.depth.Encoding, func(t *testing.T) {
			colour := ssrl.Raw{Encoding: tc.name, Width: width, Height: height, Data: make([]byte, tc.size*width*height)}
			var b ssrl.FrameBuffer
			var before, after runtime.MemStats
			const times = 20
			for i := range 2 {
				runtime.ReadMemStats(&before)
				for range times {
					_, err := b.Frame("a", colour, tc.depth)
					require.NoError(t, err)
				}
				runtime.ReadMemStats(&after)
				if i == 1 { // the first round makes room
					assert.Less(t, (after.TotalAlloc-before.TotalAlloc)/times, uint64(smallStructs))
				}
			}
		})
	}
}

// The same pixels in memory and as an image of package image give the same samples.
func TestSamplesOfAFrameFromMemory(t *testing.T) {
	room := drawing("room", 160, 120, true)
	rgb, bgr := []byte{}, []byte{}
	for y := range 120 {
		for x := range 160 {
			r, g, b, _ := room.Image.At(x, y).RGBA()
			rgb, bgr = append(rgb, byte(r>>8), byte(g>>8), byte(b>>8)), append(bgr, byte(b>>8), byte(g>>8), byte(r>>8))
		}
	}
	depth := rawDepth(t, "32FC1", 160, room.Depth.Metres)
	g := ssrl.Generator{Seed: 4}
	want := collect(t, g, room)
	require.NotEmpty(t, want)
	for encoding, data := range map[string][]byte{"rgb8": rgb, "bgr8": bgr} {
		f, err := ssrl.NewFrame("room", ssrl.Raw{Encoding: encoding, Width: 160, Height: 120, Data: slices.Clone(data)}, depth)
		require.NoError(t, err)
		assert.Equal(t, want, collect(t, g, f), encoding)
	}
}
