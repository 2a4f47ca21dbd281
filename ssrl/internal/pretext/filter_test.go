package pretext_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
	"ssrl/internal/seed"
)

// painted returns a frame without depth whose pixels are given by a function.
func painted(width, height int, colour func(x, y int) pixel) *rgbd.Frame {
	m := rgbd.NewRGB(width, height)
	for y := range height {
		for x := range width {
			c := colour(x, y)
			copy(m.Pix[3*(y*width+x):], c[:])
		}
	}
	return &rgbd.Frame{Name: "painted", Image: m}
}

// noise is a frame of independent pixels, of levels low to high-1.
func noise(width, height, low, high int) *rgbd.Frame {
	rng := rand.New(rand.NewPCG(5, 5))
	return painted(width, height, func(int, int) pixel {
		return pixel{byte(low + rng.IntN(high-low)), byte(low + rng.IntN(high-low)), byte(low + rng.IntN(high-low))}
	})
}

// faded brings the picture of a frame to levels around 128 that differ a
// twentieth as much.
func faded(f *rgbd.Frame) *rgbd.Frame {
	return painted(f.Image.Width, f.Image.Height, func(x, y int) pixel {
		p := at(f.Image, x, y)
		for c := range p {
			p[c] = byte(128 + (int(p[c])-128)/20)
		}
		return p
	})
}

// with returns f with some pixels repainted.
func with(f *rgbd.Frame, colour func(x, y int, was pixel) pixel) *rgbd.Frame {
	return painted(f.Image.Width, f.Image.Height, func(x, y int) pixel { return colour(x, y, at(f.Image, x, y)) })
}

// Each frame below is sound but for one thing, and the refusal names that thing:
// were the filter gone, the frame would pass or be refused for another reason.
func TestPicturesThatHaveNoSingleAnswerAreRefused(t *testing.T) {
	good := suitable(t, pretext.Shuffle{Mask: true}, 160, 120)
	for _, tc := range []struct {
		name  string
		task  pretext.Task
		frame *rgbd.Frame
		want  string
	}{
		{"small patches", pretext.Shuffle{}, noise(27, 60, 0, 256), "shuffle: unsuitable: patches of 13x30 pixels (want 14x14)"},
		{"thin strips", pretext.Shuffle{Rows: 4, Cols: 1}, noise(60, 55, 0, 256), "patches of 60x13 pixels"},
		{"a plain patch", pretext.Shuffle{}, with(good, func(x, y int, was pixel) pixel {
			if x >= 80 && y >= 60 {
				return pixel{200, 30, 30}
			}
			return was
		}), "shuffle: unsuitable: patch 3 is plain (deviation 0.0, want 2)"},
		{"the same patch twice", pretext.Shuffle{}, with(good, func(x, y int, was pixel) pixel {
			if x >= 80 && y >= 60 {
				return at(good.Image, x-80, y-60)
			}
			return was
		}), "shuffle: unsuitable: patches 0 and 3 look alike"},
		{"patches without continuity", pretext.Shuffle{}, noise(160, 120, 0, 256), "shuffle: unsuitable: the patches fit as well in the order "},
		{"strips without continuity", pretext.Shuffle{Rows: 1, Cols: 4}, noise(160, 120, 0, 256), "shuffle: unsuitable: the patches fit as well in the order "},
		{"twelve patches without continuity", pretext.Shuffle{Rows: 3, Cols: 4}, noise(160, 120, 0, 256), "shuffle: unsuitable: the patches fit as well in the order "},
		{"masked patches without continuity", pretext.Shuffle{Mask: true}, noise(160, 120, 0, 256), "shuffle: unsuitable: whichever patch is masked"},
		{"a visible patch as white as the mask", pretext.Shuffle{Mask: true}, with(good, func(x, y int, was pixel) pixel {
			if x >= 80 && y < 60 {
				v := byte(245 + x%2*10)
				return pixel{v, v, v}
			}
			return was
		}), "shuffle: unsuitable: patch 1 is white like a mask (mean 250, want at most 248)"},
		{"flips without effect", pretext.Flip{}, faded(good), "flip: unsuitable: no patch differs enough from its mirror image (largest mean difference "},
		{"two flips with the same effect", pretext.Flip{}, painted(160, 120, func(x, y int) pixel {
			u, v := math.Abs(float64(x%80)-39.5), math.Abs(float64(y%60)-29.5)
			if (float64(x%80)-39.5)*(float64(y%60)-29.5) < 0 {
				u = -u // unlike its mirror images, like its turn by 180 degrees
			}
			return pixel{byte(128 + 3*u), byte(128 + u + 2*v), byte(100 + x/80*60 + y/60*30)}
		}), "flip: unsuitable: no patch differs enough from its mirror image (largest mean difference 0.0, want 6)"},
		{"flips that break no continuity", pretext.Flip{}, noise(160, 120, 0, 256), "flip: unsuitable: no flip breaks the picture"},
		{"flips of which up-down breaks no continuity", pretext.Flip{}, painted(160, 120, func(x, y int) pixel {
			v := byte(128 - 2*int(math.Abs(float64(y%60)-29.5))) // each patch alike upside down along its sides
			if px, py := x%80, y%60; px > 12 && px < 68 && py > 8 && py < 30 {
				v += 90 // and not within
			}
			return pixel{v, byte(x), byte(255 - x)}
		}), "flip: unsuitable: no flip breaks the picture"},
		{"flips of which left-right breaks no continuity", pretext.Flip{}, painted(160, 120, func(x, y int) pixel {
			v := byte(128 - 2*int(math.Abs(float64(x%80)-39.5)))
			if px, py := x%80, y%60; px > 8 && px < 40 && py > 12 && py < 48 {
				v += 90
			}
			return pixel{v, byte(2 * y), byte(255 - 2*y)}
		}), "flip: unsuitable: no flip breaks the picture"},
		{"small hole", pretext.Crop{}, noise(100, 27, 0, 256), "crop: unsuitable: a hole of 13 pixels (want 14)"},
		{"a dark picture", pretext.Crop{}, noise(100, 80, 0, 40), "crop: unsuitable: the missing part is nearly black (mean level 19, want 24)"},
		{"options that look alike", pretext.Crop{}, faded(good), "look alike (mean difference "},
		{"options that all continue the picture", pretext.Crop{}, noise(100, 80, 0, 256), "continues the picture about as well as the truth"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := tc.task.Make(seed.Rand(1), tc.frame)
			require.ErrorIs(t, err, pretext.ErrUnsuitable)
			assert.ErrorContains(t, err, tc.want)
			assert.Nil(t, s)
		})
	}
	t.Run("a white patch is no matter without a mask", func(t *testing.T) {
		_, err := pretext.Shuffle{}.Make(seed.Rand(1), good)
		require.NoError(t, err)
	})
}

// mapped returns a noise picture with depth given by a function.
func mapped(width, height int, depth func(x, y int) float64) *rgbd.Frame {
	f := noise(width, height, 0, 256)
	f.Depth = &rgbd.Depth{Width: width, Height: height}
	for y := range height {
		for x := range width {
			f.Depth.Metres = append(f.Depth.Metres, float32(depth(x, y)))
		}
	}
	return f
}

var nan = math.NaN()

// ramp recedes from 1 to 2 metres from left to right.
func ramp(width, height int) *rgbd.Frame {
	return mapped(width, height, func(x, _ int) float64 { return 1 + float64(x)/float64(width-1) })
}

// steps are three walls, at 1, 2 and 3 metres, from left to right.
func steps(width, height int) *rgbd.Frame {
	return mapped(width, height, func(x, _ int) float64 { return float64(1 + 3*x/width) })
}

func TestDepthThatHasNoSingleAnswerIsRefused(t *testing.T) {
	depth, position := pretext.DepthOrder{}, pretext.Position{}
	// Every fifth pixel both ways: no 7 x 7 region is whole, 96 % are there.
	holes := func(f *rgbd.Frame, every int) *rgbd.Frame {
		for y := 0; y < f.Depth.Height; y += every {
			for x := 0; x < f.Depth.Width; x += every {
				f.Depth.Metres[y*f.Depth.Width+x] = float32(nan)
			}
		}
		return f
	}
	island := mapped(112, 112, func(x, y int) float64 {
		if x < 40 || x >= 79 || y < 40 || y >= 53 {
			return nan
		}
		return float64(1 + (x-40)/13)
	})
	for _, tc := range []struct {
		name  string
		task  pretext.Task
		frame *rgbd.Frame
		want  string // none: a sample is made
	}{
		{"no depth", depth, noise(100, 100, 0, 256), "depth: unsuitable: has no depth"},
		{"no depth", position, noise(100, 100, 0, 256), "position: unsuitable: has no depth"},
		{"no reading", depth, mapped(100, 100, func(int, int) float64 { return nan }), "depth: unsuitable: no pixel has a reading"},
		{"no reading", position, mapped(100, 100, func(int, int) float64 { return nan }), "position: unsuitable: no two readings differ"},
		{"infinite only", depth, mapped(100, 100, func(int, int) float64 { return math.Inf(1) }), "depth: unsuitable: no pixel has a reading"},
		{"one wall", depth, mapped(100, 100, func(int, int) float64 { return 2 }), "depth: unsuitable: all readings are alike (2)"},
		{"one wall", position, mapped(100, 100, func(int, int) float64 { return 2 }), "position: unsuitable: no two readings differ"},
		{"small picture", depth, ramp(60, 34), "depth: unsuitable: too small for three regions (60x34)"},
		{"small picture", position, ramp(60, 14), "position: unsuitable: too small for two markers (60x14)"},
		{"steps", depth, steps(150, 100), ""},
		{"steps", position, steps(150, 100), ""},
		{"two depths only", depth, mapped(150, 100, func(x, _ int) float64 { return float64(1 + 2*x/150) }), "0 middle"},
		{"holes in every region", depth, holes(steps(150, 100), 5), "(of 7 pixels: 0 near, 0 middle, 0 far candidates)"},
		{"holes in a ninth of every block", position, holes(steps(150, 100), 3), "(0 blocks tried)"},
		{"holes in a 25th of every block", position, holes(steps(150, 100), 5), ""},
		{"rough everywhere", depth, mapped(150, 100, func(x, y int) float64 { return float64(1 + (x+y)%6) }), "0 near, 0 middle, 0 far"},
		{"rough everywhere", position, mapped(150, 100, func(x, y int) float64 { return float64(1 + (x+y)%6) }), "(0 blocks tried)"},
		{"no two at one depth", pretext.Position{Kinds: []string{pretext.Near}}, ramp(240, 120), "position: unsuitable: no pair of even blocks is near (128 blocks tried)"},
		{"no room for three markers", depth, island, "no three even regions at separate depths (of 11 pixels: 9 near, 9 middle, 9 far candidates)"},
	} {
		t.Run(tc.task.Name()+" "+tc.name, func(t *testing.T) {
			s, err := tc.task.Make(seed.Rand(1), tc.frame)
			if tc.want == "" {
				require.NoError(t, err)
				verify(t, tc.frame, s)
				return
			}
			require.ErrorIs(t, err, pretext.ErrUnsuitable)
			assert.ErrorContains(t, err, tc.want)
			assert.Nil(t, s)
		})
	}
}

// On these frames a rule left out would show in a few draws; the solver checks
// every rule on each.
func TestRulesHoldWhereTheyAreEasilyBroken(t *testing.T) {
	outliers := steps(200, 150)
	for i := range 20 {
		outliers.Depth.Metres[i*1409] = 500
	}
	slanted := mapped(200, 150, func(x, y int) float64 {
		if y > 120 {
			return 1
		}
		return 4 + float64(x)/100 // near pairs differ by up to .5 of a range of 5
	})
	columns := mapped(300, 100, func(x, y int) float64 { return float64(1 + x/20%3) })
	for _, tc := range []struct {
		name  string
		task  pretext.Task
		frame *rgbd.Frame
		least int // of 40 draws
	}{
		{"gaps on a ramp", pretext.DepthOrder{}, ramp(240, 120), 40},
		{"outliers beyond the percentiles", pretext.DepthOrder{}, outliers, 40},
		{"disjoint regions", pretext.DepthOrder{}, columns, 40},
		{"near on a slant", pretext.Position{Kinds: []string{pretext.Near}}, slanted, 40},
		{"far on a ramp", pretext.Position{Kinds: []string{pretext.FarDiagonal}}, ramp(240, 120), 40},
		{"one behind the other", pretext.Position{Kinds: []string{pretext.FarDepth}}, columns, 40},
		{"one beside the other", pretext.Position{Kinds: []string{pretext.FarDiagonal}}, columns, 40},
		{"a lattice of centres", pretext.DepthOrder{}, steps(300, 250), 40},
	} {
		t.Run(tc.name, func(t *testing.T) {
			made := 0
			for k := range 40 {
				s, err := tc.task.Make(seed.Rand(uint64(k)), tc.frame)
				if err != nil {
					require.True(t, errors.Is(err, pretext.ErrUnsuitable), err)
					continue
				}
				verify(t, tc.frame, s)
				made++
			}
			assert.GreaterOrEqual(t, made, tc.least)
		})
	}
}

func TestWrongUseIsNoPropertyOfTheFrame(t *testing.T) {
	f := room(1, 120, 90)
	short := &rgbd.Frame{Image: f.Image, Depth: &rgbd.Depth{Width: 120, Height: 90, Metres: make([]float32, 7)}}
	other := &rgbd.Frame{Image: f.Image, Depth: &rgbd.Depth{Width: 90, Height: 120, Metres: make([]float32, 90*120)}}
	for _, tc := range []struct {
		task  pretext.Task
		frame *rgbd.Frame
		want  string
	}{
		{pretext.Shuffle{Rows: 1, Cols: 1}, f, "shuffle: a grid of 1 rows and 1 columns (want 2 to 16 patches)"},
		{pretext.Shuffle{Rows: 2}, f, "shuffle: a grid of 2 rows and 0 columns (want 2 to 16 patches)"},
		{pretext.Flip{Rows: -1, Cols: -4}, f, "flip: a grid of -1 rows and -4 columns (want 2 to 16 patches)"},
		{pretext.Flip{Rows: 1 << 40, Cols: 1 << 40}, f, "(want 2 to 16 patches)"},
		{pretext.Shuffle{Rows: 5, Cols: 4}, f, "shuffle: a grid of 5 rows and 4 columns (want 2 to 16 patches)"},
		{pretext.Shuffle{Rows: 1, Cols: 3, Mask: true}, f, "shuffle: a mask in 1 row(s) and 3 column(s) (want two of each)"},
		{pretext.Position{Kinds: []string{"far"}}, f, `position: unknown kind "far" (want near or far-depth or far-diagonal)`},
		{pretext.Crop{}, nil, "crop: the frame has no image"},
		{pretext.DepthOrder{}, &rgbd.Frame{}, "depth: the frame has no image"},
		{pretext.Flip{}, &rgbd.Frame{Image: &rgbd.RGB{Width: 3, Height: 2, Pix: make([]byte, 6)}}, "flip: image of 3x2 has 6 bytes (want 3 a pixel)"},
		{pretext.DepthOrder{}, short, "depth: depth of 120x90 with 7 readings (want one a pixel of the 120x90 image)"},
		{pretext.Position{}, other, "position: depth of 90x120 with 10800 readings (want one a pixel of the 120x90 image)"},
	} {
		s, err := tc.task.Make(seed.Rand(1), tc.frame)
		require.Error(t, err)
		assert.False(t, errors.Is(err, pretext.ErrUnsuitable), err)
		assert.ErrorContains(t, err, tc.want)
		assert.Nil(t, s)
	}
}

// Whatever the size and the readings, a task answers or refuses.
func TestAnyFrameIsAnsweredOrRefused(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	odd := []float32{0, -1, 1, 1e30, -1e30, math.MaxFloat32, -math.MaxFloat32, float32(nan), float32(math.Inf(1)), float32(math.Inf(-1)), 1e-40}
	for i := range 80 {
		w, h := 1+rng.IntN(90), 1+rng.IntN(90)
		f := noise(w, h, 0, 256)
		if i%2 == 0 {
			f = room(uint64(i), max(w, 8), max(h, 8))
		}
		f.Name = fmt.Sprint(i)
		f.Depth = &rgbd.Depth{Width: f.Image.Width, Height: f.Image.Height, Metres: make([]float32, f.Image.Width*f.Image.Height)}
		side := 1 + rng.IntN(30) // of squares of one value
		squares := make([]float32, 100*100)
		for j := range squares {
			squares[j] = odd[rng.IntN(len(odd))]
			if i%3 == 0 {
				squares[j] = float32(rng.IntN(4))
			}
		}
		for j := range f.Depth.Metres {
			x, y := j%f.Image.Width, j/f.Image.Width
			f.Depth.Metres[j] = squares[y/side*100+x/side]
		}
		for _, tc := range everyTask {
			askAll(t, tc.task, f, 1)
		}
	}
}
