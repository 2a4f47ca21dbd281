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

// grid cuts the largest top left part of a picture that rows x cols equal
// patches cover. Patches are numbered row by row.
type grid struct {
	rows, cols    int
	width, height int // of a patch
	border        int // thickness inside each patch
	labelScale    int
}

// newGrid refuses grids that make no question and pictures too small for them.
// No rows and no columns mean 2x2.
func newGrid(task string, rows, cols int, border bool, m *rgbd.RGB) (grid, error) {
	if rows == 0 && cols == 0 {
		rows, cols = 2, 2
	}
	if rows < 1 || cols < 1 || rows > maxPatches || cols > maxPatches || rows*cols < 2 || rows*cols > maxPatches {
		return grid{}, fmt.Errorf("%s: a grid of %d rows and %d columns (want 2 to %d patches)", task, rows, cols, maxPatches)
	}
	g := grid{rows: rows, cols: cols, width: m.Width / cols, height: m.Height / rows}
	if min(g.width, g.height) < minPatch {
		return grid{}, unsuitable(task, "patches of %dx%d pixels (want %dx%d)", g.width, g.height, minPatch, minPatch)
	}
	if border {
		g.border = rgbd.BorderThickness(g.width*cols, g.height*rows)
	}
	g.labelScale = rgbd.LabelScale(g.width, g.height)
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

// cut copies patch p out of m.
func (g grid) cut(m *rgbd.RGB, p int) *rgbd.RGB {
	b := g.patch(p)
	return m.Crop(b.Min.X, b.Min.Y, g.width, g.height)
}

// paste copies a patch to place p of m, which is of the size of the area.
func (g grid) paste(m, patch *rgbd.RGB, p int) {
	m.Paste(patch, p%g.cols*g.width, p/g.cols*g.height)
}

// annotate draws the borders and, in the top left corner of each patch just
// inside its border, the label of its place.
func (g grid) annotate(m *rgbd.RGB) {
	rgbd.DrawGrid(m, g.rows, g.cols, g.border, borderColour)
	for p := range g.count() {
		b := g.patch(p)
		rgbd.DrawLabel(m, p, b.Min.X+g.border, b.Min.Y+g.border, g.labelScale)
	}
}

// labelSize is the largest box that a label covers from the inner corner of
// the border.
func (g grid) labelSize() (width, height int) {
	return rgbd.LabelSize(g.count()-1, g.labelScale)
}
