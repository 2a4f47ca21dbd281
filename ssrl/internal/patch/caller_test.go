package patch

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/rgbd"
)

// The specification's sizes for EasyR1: after the caller and after the two
// processors, which take height first.
func TestEasyR1Sizes(t *testing.T) {
	c, err := CallerByName("easyr1")
	require.NoError(t, err)
	for _, tc := range []struct{ w, h, w1, h1, h2, w2, h3, w3 int }{
		{640, 480, 640, 480, 476, 644, 480, 640},
		{320, 240, 591, 443, 448, 588, 448, 576},
		{3000, 2000, 2508, 1672, 1680, 2520, 1664, 2496},
		{224, 224, 512, 512, 504, 504, 512, 512},
	} {
		m, err := c.Prepare(FromRGB(rgbd.NewRGB(tc.w, tc.h)), 28)
		require.NoError(t, err)
		assert.Equal(t, [2]int{tc.w1, tc.h1}, [2]int{m.Width, m.Height})
		for _, p := range []struct {
			*Processor
			h, w int
		}{{qwen2, tc.h2, tc.w2}, {qwen3, tc.h3, tc.w3}} {
			w, h, err := p.Size(m.Width, m.Height)
			require.NoError(t, err)
			assert.Equal(t, [2]int{p.h, p.w}, [2]int{h, w})
		}
	}
}

func TestLlamaFactoryStretchesThinPictures(t *testing.T) {
	c, err := CallerByName("llamafactory")
	require.NoError(t, err)
	for _, tc := range []struct{ w, h, w1, h1 int }{
		{603, 3, 603, 28},
		{1, 1, 32, 32},
		{9000, 29, 5220, 29}, // the area fits, 310 to 1 does not
		{28, 9000, 28, 5040},
	} {
		m, err := c.Prepare(FromRGB(rgbd.NewRGB(tc.w, tc.h)), 28)
		require.NoError(t, err)
		assert.Equal(t, [2]int{tc.w1, tc.h1}, [2]int{m.Width, m.Height}, "%dx%d", tc.w, tc.h)
	}
}

// The quick start of Spatial-SSRL's README rounds to 28 for Qwen3-VL too, whose
// processor then rounds to 32.
func TestUtilsRoundsToItsOwnFactor(t *testing.T) {
	c, err := CallerByName("qwen_vl_utils")
	require.NoError(t, err)
	w, h, err := c.Size(640, 480, 32)
	require.NoError(t, err)
	assert.Equal(t, [2]int{644, 476}, [2]int{w, h})
	m, err := c.Prepare(FromRGB(rgbd.NewRGB(640, 480)), 32)
	require.NoError(t, err)
	assert.Equal(t, [2]int{644, 476}, [2]int{m.Width, m.Height})
}

func TestCallersRefuse(t *testing.T) {
	_, err := CallerByName("trl")
	require.EqualError(t, err, `profile "trl" (want hf, easyr1, llamafactory, vlmeval or qwen_vl_utils)`)
	for _, tc := range []struct {
		name, want string
		c          Caller
		w, h       int
	}{
		{"a side shrinks to nothing", "image 4096x1: the limits make it 362x0 (want 1 to 67108864 pixels)", Caller{Rule: Area, MinPixels: 0, MaxPixels: 32}, 4096, 1},
		{"careless limits", "image 2x2: the limits make it 1048576x1048576 (want 1 to 67108864 pixels)", Caller{Rule: Area, MinPixels: 1 << 40, MaxPixels: 1 << 41}, 2, 2},
		{"qwen_vl_utils leaves nothing", "image 63x4714: the limits make it 0x1932 (want 1 to 67108864 pixels)", Caller{Rule: Utils, MinPixels: 784, MaxPixels: 50176}, 63, 4714},
		{"qwen_vl_utils, limits crossed", "limits of 9 to 8 pixels (want the first below the second)", Caller{Rule: Utils, MinPixels: 9, MaxPixels: 8}, 63, 47},
		{"qwen_vl_utils, too long", "image 603x3: aspect ratio 201 (want at most 200)", Caller{Rule: Utils, MinPixels: 784, MaxPixels: 50176}, 603, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := tc.c.Prepare(FromRGB(rgbd.NewRGB(tc.w, tc.h)), 28)
			require.EqualError(t, err, tc.want)
		})
	}
}
