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

// directions are the words for them in options.
var directions = [...]string{upDown: "up-down", leftRight: "left-right"}

// Flip asks which patch of a picture is flipped, and how. It differs from
// upstream's Flip.py, which has no direction parameter, on purpose:
//
//  1. Both directions are drawn, equally often.
//  2. Only a patch is flipped for which either flip changes the pixels, the two
//     flips differ, and undoing it continues the picture across the visible
//     cuts clearly better than any other answer does.
//  3. Borders and labels grow with the picture.
//
// The patch is drawn from those that qualify, equally often.
type Flip struct {
	Rows, Cols int    // both 0 means 2 x 2
	Direction  string // up-down or left-right; "" draws one of the two
	NoBorder   bool   // draw labels only
	Brief      bool   // ask in a few words
	Parity     bool   // ask as upstream means to, whatever the picture: see 2 and 3
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

// Check implements Task.
func (t Flip) Check() error {
	if t.Direction != "" && t.Direction != directions[upDown] && t.Direction != directions[leftRight] {
		return fmt.Errorf("flip: direction %q (want %s)", t.Direction, eitherOf(directions[:]))
	}
	_, _, err := gridOf("flip", t.Rows, t.Cols)
	return err
}

// Make implements Task.
func (t Flip) Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error) { return fresh(t, rng, f) }

// MakeInto implements Task.
func (t Flip) MakeInto(dst *Sample, w *Workspace, rng *rand.Rand, f *rgbd.Frame) error {
	if err := t.Check(); err != nil {
		return err
	}
	if err := checkImage("flip", f); err != nil {
		return err
	}
	g, err := newGrid("flip", t.Rows, t.Cols, f.Image, style{noBorder: t.NoBorder, parity: t.Parity})
	if err != nil {
		return err
	}
	w.used = 0
	patch, err := t.drawPatch(w, rng, g, f.Image)
	if err != nil {
		return err
	}
	direction := upDown
	if t.Direction == "" {
		direction = rng.IntN(2)
	} else if t.Direction == directions[leftRight] {
		direction = leftRight
	}
	meta := metaOf[FlipMeta](dst)
	*meta = FlipMeta{Grid: [2]int{g.rows, g.cols}, Area: g.area(), Patch: patch, Direction: direction}
	dst.pictures(1)
	shown := dst.picture(0, meta.Area[2], meta.Area[3])
	for p := range g.count() {
		if p != patch {
			g.place(shown, p, f.Image, p)
		}
	}
	mirror(shown, g.patch(patch), f.Image, direction)
	g.annotate(shown)
	dst.Task = "flip"
	dst.Problem = w.problem(question{task: dst.Task, rows: g.rows, cols: g.cols, brief: t.Brief, parity: t.Parity})
	answer := [2]int{patch, direction}
	dst.Answer = w.text(appendJoined(w.words[:0], answer[:]))
	return nil
}

// drawPatch draws the patch to flip.
func (t Flip) drawPatch(w *Workspace, rng *rand.Rand, g grid, m *rgbd.RGB) (int, error) {
	if t.Parity {
		return rng.IntN(g.count()), nil
	}
	return drawFlippable(w, rng, g, m)
}

// drawFlippable draws one of the patches whose flips can be told.
func drawFlippable(w *Workspace, rng *rand.Rand, g grid, m *rgbd.RGB) (int, error) {
	all := g.allEdges(w, m, true)
	largest, differing := 0.0, false
	w.orders[0] = perm(rng, w.orders[0], g.count())
	for _, p := range w.orders[0] {
		d := leastFlipDifference(w, g.part(m, p))
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
func leastFlipDifference(w *Workspace, patch part) float64 {
	is, flipped, mirror := patch.thin(w), patch.thinMirrored(w, upDown), patch.thinMirrored(w, leftRight)
	return min(meanDifference(is, flipped), meanDifference(is, mirror), meanDifference(flipped, mirror))
}

// flipShows reports whether, with patch p flipped in direction, undoing exactly
// that makes clearly better cuts than leaving the picture as it is shown and
// than undoing any other flip. It leaves at as it was.
func flipShows(g grid, at []edges, p, direction int) bool {
	truth, samples := g.seams(at)
	original := at[p]
	defer func() { at[p] = original }()
	at[p] = original.flipped(direction)
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
			sum, _ := g.seams(at)
			at[q] = shown
			if !clearlyWorse(sum, truth, samples) {
				return false
			}
		}
	}
	return true
}
