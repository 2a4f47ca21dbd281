package patch

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/rgbd"
)

// The processors of the two families as released.
var (
	qwen2 = &Processor{14, 2, 2, 3136, 12_845_056, clipMean32, clipStd32, Torchvision}
	qwen3 = &Processor{16, 2, 2, 65_536, 16_777_216, [3]float32{.5, .5, .5}, [3]float32{.5, .5, .5}, Torchvision}
)

// The sizes of the specification, height first; the real functions gave them.
func TestSizes(t *testing.T) {
	for _, tc := range []struct{ h, w, h2, w2, tokens2, h3, w3, tokens3 int }{
		{512, 512, 504, 504, 324, 512, 512, 256},
		{480, 640, 476, 644, 391, 480, 640, 300},
		{1080, 1920, 1092, 1932, 2691, 1088, 1920, 2040},
		{14, 14, 56, 56, 4, 256, 256, 64},
		{42, 42, 56, 56, 4, 256, 256, 64},
		{100, 37, 112, 28, 4, 448, 160, 70},
		{2160, 3840, 2156, 3836, 10549, 2176, 3840, 8160},
		{4000, 6000, 2912, 4368, 16224, 3328, 4992, 16224},
		{768, 1024, 756, 1036, 999, 768, 1024, 768},
	} {
		t.Run(fmt.Sprintf("%dx%d", tc.h, tc.w), func(t *testing.T) {
			for _, m := range []struct {
				p            *Processor
				h, w, tokens int
			}{{qwen2, tc.h2, tc.w2, tc.tokens2}, {qwen3, tc.h3, tc.w3, tc.tokens3}} {
				w, h, err := m.p.Size(tc.w, tc.h)
				require.NoError(t, err)
				assert.Equal(t, [2]int{m.h, m.w}, [2]int{h, w})
				grid, err := m.p.Grid(tc.w, tc.h)
				require.NoError(t, err)
				assert.Equal(t, m.tokens, m.p.Tokens(grid))
			}
		})
	}
}

func TestSizesThatCannotBeMade(t *testing.T) {
	wide := *qwen2
	wide.MinPixels, wide.MaxPixels = 0, 1<<40
	for _, tc := range []struct {
		name, want string
		p          *Processor
		w, h       int
	}{
		{"nothing", "image 0x5 (want sides of 1 to 1073741824)", qwen2, 0, 5},
		{"negative", "image -3x5 (want sides of 1 to 1073741824)", qwen2, -3, 5},
		{"a side beyond int32", "image 1099511627776x5 (want sides of 1 to 1073741824)", qwen2, 1 << 40, 5},
		{"too long", "image 603x3: aspect ratio 201 (want at most 200)", qwen2, 603, 3},
		{"limits of a careless configuration", "image 40000x40000: limits 0 to 1099511627776 make it 40012x40012 (want 1 to 67108864 pixels)", &wide, 40000, 40000},
		{"a side that rounds to nothing", "image 13x30: limits 0 to 1099511627776 make it 0x28 (want 1 to 67108864 pixels)", &wide, 13, 30},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := tc.p.Size(tc.w, tc.h)
			require.EqualError(t, err, tc.want)
		})
	}
}

// TestOrder checks the place of every value with a picture whose samples say
// where they come from.
func TestOrder(t *testing.T) {
	p := &Processor{Patch: 2, Temporal: 2, Merge: 2, MinPixels: 1, MaxPixels: 1 << 20, Std: [3]float32{1, 1, 1}}
	frames := make([]*rgbd.RGB, 3)
	for f := range frames {
		frames[f] = rgbd.NewRGB(8, 4)
		for i := range frames[f].Pix {
			frames[f].Pix[i] = byte(i + 96*f)
		}
	}
	got := p.cut(frames)
	require.Equal(t, [3]int{2, 2, 4}, got.Grid)
	i := 0
	for t2 := range 2 {
		for bw := range 2 {
			for mh := range 2 {
				for mw := range 2 {
					for c := range 3 {
						for τ := range 2 {
							for y := range 2 {
								for x := range 2 {
									f := min(2*t2+τ, 2) // the odd frame repeats
									want := float32(frames[f].Pix[3*((mh*2+y)*8+(bw*2+mw)*2+x)+c]) / 255
									require.Equal(t, want, got.Pixels[i], "value %d", i)
									i++
								}
							}
						}
					}
				}
			}
		}
	}
	assert.Len(t, got.Pixels, i)
}

func ExampleProcessor_Process() {
	p := &Processor{Patch: 14, Temporal: 2, Merge: 2, MinPixels: 3136, MaxPixels: 50176, Mean: [3]float32{.5, .5, .5}, Std: [3]float32{.5, .5, .5}}
	out, err := p.Process(rgbd.NewRGB(640, 480))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("grid", out.Grid, "tokens", p.Tokens(out.Grid), "values", len(out.Pixels), "black", out.Pixels[0])
	// Output: grid [1 12 18] tokens 54 values 254016 black -1
}

func BenchmarkProcess(b *testing.B) {
	m := noise(1600, 1064, 1)
	b.SetBytes(int64(len(m.Pix)))
	for b.Loop() {
		if _, err := qwen2.Process(m); err != nil {
			b.Fatal(err)
		}
	}
}
