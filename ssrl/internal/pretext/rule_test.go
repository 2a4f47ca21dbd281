package pretext

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/rgbd"
)

// Rules that pictures rarely hit alone are tested on their own.

func TestSuits(t *testing.T) {
	at := func(x, y int, least, median, most float64) block {
		return block{centre: Point{x, y}, least: least, most: most, relative: median}
	}
	here := at(100, 100, .3, .35, .4)
	for _, tc := range []struct {
		name  string
		other block
		want  string // the kinds that suit, of a 400 x 300 picture
	}{
		{"beside at the same depth", at(140, 100, .3, .35, .4), Near},
		{"not far enough beside", at(139, 100, .3, .35, .4), ""},
		{"29 pixels lower", at(140, 129, .3, .35, .4), Near},
		{"30 pixels lower", at(140, 130, .3, .35, .4), ""},
		{"medians a tenth apart", at(140, 100, .4, .44, .5), Near},
		{"medians more than a tenth apart", at(140, 100, .4, .46, .5), ""},
		{"extremes more than a quarter apart", at(140, 100, .42, .44, .56), ""},
		{"behind and beside", at(140, 100, .65, .7, .75), FarDiagonal},
		{"in front and beside", at(60, 100, .0, .0, .05), FarDiagonal},
		{"depths less than a quarter apart", at(140, 100, .64, .7, .75), ""},
		{"behind and above", at(120, 60, .7, .7, .7), FarDepth},
		{"between behind and beside", at(121, 60, .7, .7, .7), ""},
		{"behind but too close", at(100, 64, .7, .7, .7), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var kinds string
			for _, kind := range []string{Near, FarDepth, FarDiagonal} {
				suited := suits(kind, here, tc.other, 400, 300)
				require.Equal(t, suited, suits(kind, tc.other, here, 400, 300), "either may come first")
				if suited {
					kinds += kind
				}
			}
			assert.Equal(t, tc.want, kinds)
		})
	}
	low := at(100, 100, .3, .35, .4)
	assert.True(t, suits(Near, low, at(140, 109, .3, .35, .4), 400, 80), "an eighth of a low picture")
	assert.False(t, suits(Near, low, at(140, 110, .3, .35, .4), 400, 80), "an eighth of a low picture")
}

func TestApart(t *testing.T) {
	require.Equal(t, 5, rgbd.MarkerRadius(100, 100))
	assert.True(t, apart(100, 100, Point{50, 50}, Point{72, 50}, 15), "two diameters of 11")
	assert.False(t, apart(100, 100, Point{50, 50}, Point{71, 50}, 15))
	assert.True(t, apart(100, 100, Point{50, 50}, Point{33, 33}, 17), "squares side by side")
	assert.False(t, apart(100, 100, Point{50, 50}, Point{34, 34}, 17), "squares that share a corner")
}

// hand is a 2 x 2 grid with cuts as listed: 10 for those that are not.
func hand(beside, below map[[2]int]int) *fits {
	f := &fits{g: grid{rows: 2, cols: 2}, beside: make([]int, 16), below: make([]int, 16), samples: [2]int{1, 1}}
	for a := range 4 {
		for b := range 4 {
			f.beside[4*a+b], f.below[4*a+b] = 10, 10
			if v, ok := beside[[2]int{a, b}]; ok {
				f.beside[4*a+b] = v
			}
			if v, ok := below[[2]int{a, b}]; ok {
				f.below[4*a+b] = v
			}
		}
	}
	return f
}

func TestRival(t *testing.T) {
	perfect := hand(map[[2]int]int{{0, 1}: 0, {2, 3}: 0}, map[[2]int]int{{0, 2}: 0, {1, 3}: 0})
	for hidden := -1; hidden < 4; hidden++ {
		assert.Nil(t, perfect.rival(hidden), "every true cut fits and no other does")
	}
	turned := hand(map[[2]int]int{{0, 1}: 0, {2, 3}: 0}, map[[2]int]int{{0, 2}: 0, {1, 3}: 0, {2, 0}: 0, {3, 1}: 0})
	assert.Equal(t, []int{2, 3, 0, 1}, turned.rival(-1), "upper and lower half may change places")

	// Where patch 2 belongs shows only in its cut with 3.
	hanging := hand(map[[2]int]int{{0, 1}: 0, {2, 3}: 0}, map[[2]int]int{{1, 3}: 0})
	assert.Nil(t, hanging.rival(-1))
	assert.NotNil(t, hanging.rival(3), "with 3 out of sight, 2 may lie below 0 or 1")
	assert.Nil(t, hanging.rival(0))
}

func TestFlipShows(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	random := func() line {
		out := make([]byte, 3*40)
		for i := range out {
			out[i] = byte(rng.IntN(256))
		}
		return line{out, reversed(make([]byte, 3*40), out)}
	}
	symmetric := func() line {
		out := random().ahead
		reversed(out[60:], out[:60])
		return line{out, out}
	}
	g := grid{rows: 2, cols: 2, width: 40, height: 40}
	a, b, c, d := symmetric(), random(), random(), random()
	patches := []edges{
		{top: b, bottom: b, left: symmetric(), right: a}, // upside down it has the same edges
		{top: random(), bottom: c, left: a, right: random()},
		{top: b, bottom: random(), left: random(), right: d},
		{top: c, bottom: random(), left: d, right: random()},
	}
	assert.False(t, flipShows(g, patches, 0, upDown), "the cuts are as good with patch 0 upside down")
	for p := range patches {
		assert.True(t, flipShows(g, patches, p, leftRight), p)
		if p > 0 {
			assert.True(t, flipShows(g, patches, p, upDown), p)
		}
	}
}

func TestDarkSurroundingsAreRefused(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	m := rgbd.NewRGB(100, 80)
	hole := image.Rect(30, 20, 70, 60)
	for y := hole.Min.Y; y < hole.Max.Y; y++ {
		for x := hole.Min.X; x < hole.Max.X; x++ {
			for c := range 3 {
				m.Pix[3*(y*100+x)+c] = byte(rng.IntN(256))
			}
		}
	}
	for i := range m.Width { // a bright frame far from the hole changes nothing
		m.Pix[3*i] = 255
	}
	c := cut{hole: hole, options: [4]CropOption{
		{KindTruth, boxOf(hole)}, {KindClockwise, boxOf(hole)}, {KindAnticlockwise, boxOf(hole)}, {KindInterior, boxOf(interior(hole))},
	}}
	for i := range c.pictures {
		c.pictures[i] = rgbd.NewRGB(40, 40)
	}
	assert.EqualError(t, c.check(new(Workspace), m).error(), "crop: unsuitable: what surrounds the hole is nearly black (mean level 0, want 24)")
}

func TestBlockMedian(t *testing.T) {
	d := &rgbd.Depth{Width: blockSide, Height: blockSide, Metres: make([]float32, blockSide*blockSide)}
	for i := range d.Metres {
		d.Metres[i] = float32(i)
	}
	b, ok := newBlock(d, Point{7, 7}, 0, 10000, nil)
	require.True(t, ok)
	assert.Equal(t, float32(112), b.median)
	d.Metres[0] = unsortable(missing) // not a number
	b, ok = newBlock(d, Point{7, 7}, 0, 10000, nil)
	require.True(t, ok)
	assert.Equal(t, float32(112.5), b.median, "of an even number, the mean of the middle two")
	assert.Equal(t, []float64{.0001, .0224, .01125}, []float64{b.least, b.most, b.relative})
}
