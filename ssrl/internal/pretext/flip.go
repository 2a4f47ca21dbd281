package pretext

import (
	"fmt"
	"math/rand/v2"

	"ssrl/internal/rgbd"
)

// minFlipDifference is the mean difference, in levels, between a patch and its
// mirror image from which the flip is plain to see.
const minFlipDifference = 6.0

// Directions of a flip. Upstream writes them as OpenCV's flip codes.
const (
	upDown    = 0
	leftRight = 1
)

// Flip asks which patch of a picture is flipped, and how. It differs from
// upstream's Flip.py, which has no direction parameter, on purpose:
//
//  1. Both directions are drawn, equally often.
//  2. Only a patch is flipped for which either flip changes the pixels, the two
//     flips differ, and undoing it continues the picture across the visible
//     cuts clearly better than any other answer does.
//
// The patch is drawn from those that qualify, equally often.
type Flip struct {
	Rows, Cols int  // both 0 means 2 x 2
	NoBorder   bool // draw labels only
	Brief      bool // ask in a few words
}

// FlipMeta tells how a Flip sample was made.
type FlipMeta struct {
	Grid      [2]int `json:"grid"` // rows, columns
	Area      Box    `json:"area"` // of the source, shown
	Patch     int    `json:"patch"`
	Direction int    `json:"direction"` // 0 up-down, 1 left-right
}

// Name returns "flip".
func (Flip) Name() string { return "flip" }

// Make implements Task.
func (t Flip) Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error) {
	if err := checkImage("flip", f); err != nil {
		return nil, err
	}
	g, err := newGrid("flip", t.Rows, t.Cols, !t.NoBorder, f.Image)
	if err != nil {
		return nil, err
	}
	patch, err := drawFlippable(rng, g, f.Image)
	if err != nil {
		return nil, err
	}
	direction := rng.IntN(2)
	area := g.area()
	shown := f.Image.Crop(area[0], area[1], area[2], area[3])
	g.paste(shown, mirrored(g.cut(f.Image, patch), direction), patch)
	g.annotate(shown)
	return &Sample{
		Task:    "flip",
		Problem: flipProblem(g, t.Brief),
		Answer:  fmt.Sprintf("%d-%d", patch, direction),
		Images:  []*rgbd.RGB{shown},
		Meta:    FlipMeta{Grid: [2]int{g.rows, g.cols}, Area: area, Patch: patch, Direction: direction},
	}, nil
}

func mirrored(m *rgbd.RGB, direction int) *rgbd.RGB {
	if direction == upDown {
		return m.FlipUpDown()
	}
	return m.FlipLeftRight()
}

// drawFlippable draws one of the patches whose flips can be told.
func drawFlippable(rng *rand.Rand, g grid, m *rgbd.RGB) (int, error) {
	all := make([]edges, g.count())
	for p := range all {
		all[p] = g.edgesOf(m, p)
	}
	largest, differing := 0.0, false
	for _, p := range rng.Perm(g.count()) {
		d := leastFlipDifference(g.cut(m, p))
		largest = max(largest, d)
		if d < minFlipDifference {
			continue
		}
		differing = true
		if flipShows(g, all, p, upDown) && flipShows(g, all, p, leftRight) {
			return p, nil
		}
	}
	if !differing {
		return 0, unsuitable("flip", "no patch differs enough from its mirror image (largest mean difference %.1f, want %g)",
			largest, minFlipDifference)
	}
	return 0, unsuitable("flip", "no flip breaks the picture at the cuts more than it is broken already")
}

// leastFlipDifference is the smallest mean difference among the patch, its
// mirror images and its turn by 180 degrees, which is what one flip looks like
// to someone who takes it for the other.
func leastFlipDifference(patch *rgbd.RGB) float64 {
	flipped, mirror := patch.FlipUpDown(), patch.FlipLeftRight()
	return min(meanDifference(patch, flipped), meanDifference(patch, mirror), meanDifference(flipped, mirror))
}

// flipShows reports whether, with patch p flipped in direction, undoing exactly
// that makes clearly better cuts than leaving the picture as it is shown and
// than undoing any other flip.
func flipShows(g grid, original []edges, p, direction int) bool {
	truth, samples := g.seams(original)
	at := append([]edges(nil), original...)
	at[p] = at[p].flipped(direction)
	if sum, _ := g.seams(at); !clearlyWorse(sum, truth, samples) {
		return false
	}
	for q := range at {
		shown := at[q]
		for other := range 2 {
			if q == p && other == direction {
				continue
			}
			at[q] = shown.flipped(other)
			if sum, _ := g.seams(at); !clearlyWorse(sum, truth, samples) {
				return false
			}
		}
		at[q] = shown
	}
	return true
}
