package rgbd

import "image"

// Colour is red, green, blue.
type Colour [3]byte

// The colours of labels and markers.
var (
	black = Colour{0, 0, 0}
	white = Colour{255, 255, 255}
	dark  = Colour{16, 16, 16}
)

// FillRect paints the part of box that lies in m.
func FillRect(m *RGB, box image.Rectangle, c Colour) {
	box = box.Intersect(m.Bounds())
	if box.Empty() {
		return
	}
	first := m.Pix[3*(box.Min.Y*m.Width+box.Min.X):][:3*box.Dx()]
	for i := 0; i < len(first); i += 3 {
		first[i], first[i+1], first[i+2] = c[0], c[1], c[2]
	}
	for y := box.Min.Y + 1; y < box.Max.Y; y++ {
		copy(m.Pix[3*(y*m.Width+box.Min.X):], first)
	}
}

// DrawBorder paints a frame of thickness pixels along the inside of box;
// thickness 0 paints nothing.
func DrawBorder(m *RGB, box image.Rectangle, thickness int, c Colour) {
	if thickness < 1 {
		return
	}
	x0, y0, x1, y1, t := box.Min.X, box.Min.Y, box.Max.X, box.Max.Y, thickness
	for _, side := range []image.Rectangle{
		{image.Pt(x0, y0), image.Pt(x1, y0+t)},
		{image.Pt(x0, y1-t), image.Pt(x1, y1)},
		{image.Pt(x0, y0), image.Pt(x0+t, y1)},
		{image.Pt(x1-t, y0), image.Pt(x1, y1)},
	} {
		FillRect(m, side.Intersect(box), c)
	}
}

// DrawGrid draws the border of each cell of rows x cols equal cells of m, whose
// size both divide. Between two cells the line is 2 thickness wide.
func DrawGrid(m *RGB, rows, cols, thickness int, c Colour) {
	w, h := m.Width/cols, m.Height/rows
	for r := range rows {
		for k := range cols {
			DrawBorder(m, image.Rect(k*w, r*h, (k+1)*w, (r+1)*h), thickness, c)
		}
	}
}

// BorderThickness is the thickness DrawGrid wants on a width x height picture:
// 1 up to some 480 pixels, 2 at 640, 5 at 1600.
func BorderThickness(width, height int) int {
	return max(1, (min(width, height)+160)/320)
}

// DrawLabel writes label (from 0) in white with a black outline. (x, y) is the
// top left corner of the outline; what lies outside m is left out. Scale counts
// from 0, see LabelScale.
func DrawLabel(m *RGB, label, x, y, scale int) {
	number, outline := labelFace(label, scale)
	number.draw(m, x+outline, y+outline, outline, black)
	number.draw(m, x+outline, y+outline, 0, white)
}

// LabelSize returns the width and height of label with its outline.
func LabelSize(label, scale int) (width, height int) {
	number, outline := labelFace(label, scale)
	return number.width + 2*outline, number.height + 2*outline
}

// LabelScale returns the scale of labels that suit patches of width x height,
// an eighth of the shorter side or so: 0 is the 3x5 face for patches below 28
// pixels, 1 the 5x7 face below 56, more the bold one.
func LabelScale(width, height int) int {
	side := min(width, height)
	if side < 28 {
		return 0
	}
	return 1 + (side+24)/80
}

func labelFace(label, scale int) (number numeral, outline int) {
	switch scale {
	case 0:
		return digits3x5.number(label, 1), 1
	case 1:
		return digits5x7.number(label, 1), 1
	}
	return digits7x9.number(label, scale-1), max(1, scale/2)
}
