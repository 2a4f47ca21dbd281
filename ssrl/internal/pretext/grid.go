package pretext

import (
	"fmt"
	"image"

	"ssrl/internal/rgbd"
)

// minPatch is the shortest side of a patch: half of it is still visible beside
// a border and the smallest label (5x7 with its outline).
const minPatch = 14

// maxPatches keeps a question answerable: 16 labels.
const maxPatches = 16

// borderColour is what upstream draws: (255, 0, 0) handed to OpenCV, whose
// channels are blue, green, red.
var borderColour = rgbd.Colour{0, 0, 255}

// What upstream draws on a picture of any size: borders, in pixels inside each
// patch, and labels at (10, 10). Its arial of 48 points has digits of some 35
// pixels and an outline of 2, as has scale 5 of ours.
const (
	upstreamBorder     = 2
	upstreamLabelAt    = 10
	upstreamLabelScale = 5
)

// style is how a grid is drawn.
type style struct{ noBorder, parity bool }

// grid cuts the largest top left part of a picture that rows x cols equal
// patches cover. Patches are numbered row by row.
type grid struct {
	rows, cols    int
	width, height int // of a patch
	border        int // thickness inside each patch
	labelAt       int // from the left and upper side of a patch
	labelScale    int
}

// gridOf refuses grids that make no question. No rows and no columns mean 2x2.
func gridOf(task string, rows, cols int) (int, int, error) {
	if rows == 0 && cols == 0 {
		rows, cols = 2, 2
	}
	if rows < 1 || cols < 1 || rows > maxPatches || cols > maxPatches || rows*cols < 2 || rows*cols > maxPatches {
		return 0, 0, fmt.Errorf("%s: a grid of %d rows and %d columns (want 2 to %d patches)", task, rows, cols, maxPatches)
	}
	return rows, cols, nil
}

// newGrid refuses grids that make no question and pictures too small for them.
func newGrid(task string, rows, cols int, m *rgbd.RGB, s style) (grid, error) {
	rows, cols, err := gridOf(task, rows, cols)
	if err != nil {
		return grid{}, err
	}
	g := grid{rows: rows, cols: cols, width: m.Width / cols, height: m.Height / rows}
	least := minPatch
	if s.parity {
		least = 2*upstreamBorder + 1
	}
	if min(g.width, g.height) < least {
		return grid{}, unsuitable(task, "patches of %dx%d pixels (want %dx%d)", g.width, g.height, least, least)
	}
	g.labelScale = rgbd.LabelScale(g.width, g.height)
	if !s.noBorder {
		g.border = rgbd.BorderThickness(g.width*cols, g.height*rows)
	}
	g.labelAt = g.border
	if s.parity {
		g.border, g.labelAt, g.labelScale = min(g.border, 1)*upstreamBorder, upstreamLabelAt, upstreamLabelScale
	}
	return g, nil
}

func (g grid) count() int { return g.rows * g.cols }

// area is the part of the source that the patches cover.
func (g grid) area() Box { return Box{0, 0, g.width * g.cols, g.height * g.rows} }

// patch returns the box of patch p.
func (g grid) patch(p int) image.Rectangle {
	x, y := p%g.cols*g.width, p/g.cols*g.height
	return image.Rect(x, y, x+g.width, y+g.height)
}

// part is patch p of m.
func (g grid) part(m *rgbd.RGB, p int) part {
	return part{m, p % g.cols * g.width, p / g.cols * g.height, g.width, g.height}
}

// place copies patch source of m to place p of shown, which is of the size of
// the area.
func (g grid) place(shown *rgbd.RGB, p int, m *rgbd.RGB, source int) {
	to, from := g.patch(p).Min, g.patch(source).Min
	for y := range g.height {
		copy(shown.Pix[3*((to.Y+y)*shown.Width+to.X):][:3*g.width], m.Pix[3*((from.Y+y)*m.Width+from.X):])
	}
}

// annotate draws the borders and, in the top left corner of each patch, the
// label of its place. A label too large
// for its patch, which only upstream draws, covers its neighbours.
func (g grid) annotate(m *rgbd.RGB) {
	rgbd.DrawGrid(m, g.rows, g.cols, g.border, borderColour)
	for p := range g.count() {
		b := g.patch(p)
		rgbd.DrawLabel(m, p, b.Min.X+g.labelAt, b.Min.Y+g.labelAt, g.labelScale)
	}
}

// labelSize is the largest box that a label covers from the inner corner of
// the border.
func (g grid) labelSize() (width, height int) {
	return rgbd.LabelSize(g.count()-1, g.labelScale)
}
