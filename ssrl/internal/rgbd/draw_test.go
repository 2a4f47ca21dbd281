package rgbd

import (
	"fmt"
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var sky = Colour{90, 140, 200}

func flat(width, height int) *RGB {
	m := NewRGB(width, height)
	FillRect(m, m.Bounds(), sky)
	return m
}

func (m *RGB) colour(x, y int) Colour { return Colour(m.Pix[3*(y*m.Width+x):][:3]) }

// text shows a picture: '#' black, 'o' white, '.' untouched.
func text(m *RGB) []string {
	rows := make([]string, m.Height)
	for y := range rows {
		for x := range m.Width {
			mark := "?"
			switch m.colour(x, y) {
			case sky:
				mark = "."
			case white:
				mark = "o"
			case black, dark:
				mark = "#"
			}
			rows[y] += mark
		}
	}
	return rows
}

func TestDrawMarkerOfTinyPicture(t *testing.T) {
	m := flat(56, 56)
	DrawMarker(m, 2, 20, 30)
	assert.Equal(t, []string{
		"...........",
		"...#####...",
		"..##ooo##..",
		".##o###o##.",
		".#oooo#oo#.",
		".#oo###oo#.",
		".#oo#oooo#.",
		".##o###o##.",
		"..##ooo##..",
		"...#####...",
		"...........",
	}, text(m.Crop(15, 25, 11, 11)))
}

func TestDrawLabelFaces(t *testing.T) {
	for _, tc := range []struct {
		scale int
		want  []string
	}{
		{0, []string{
			"#####",
			"#ooo#",
			"###o#",
			"#ooo#",
			"#o###",
			"#ooo#",
			"#####",
		}},
		{1, []string{
			".#####.",
			"##ooo##",
			"#o###o#",
			"#####o#",
			"..##o##",
			".##o##.",
			"##o####",
			"#ooooo#",
			"#######",
		}},
	} {
		t.Run(fmt.Sprint(tc.scale), func(t *testing.T) {
			w, h := LabelSize(2, tc.scale)
			m := flat(w, h)
			DrawLabel(m, 2, 0, 0, tc.scale)
			assert.Equal(t, tc.want, text(m))
		})
	}
}

// A label stays in its size and reaches its sides, at every scale and with more
// digits; only a 1 has no ink on its left.
func TestLabelSizeIsTheInk(t *testing.T) {
	for scale := range 14 {
		for _, label := range []int{0, 3, 7, 12, 105} {
			w, h := LabelSize(label, scale)
			m := flat(w+20, h+20)
			DrawLabel(m, label, 10, 10, scale)
			box, want := changed(m), image.Rect(10, 10, 10+w, 10+h)
			if label == 12 || label == 105 {
				box.Min.X = min(box.Min.X, want.Min.X+scale-1)
				want.Min.X = box.Min.X
			}
			assert.Equal(t, want, box, "label %d scale %d", label, scale)
		}
	}
}

// changed returns the box of the pixels that are no longer sky.
func changed(m *RGB) image.Rectangle {
	var box image.Rectangle
	for y := range m.Height {
		for x := range m.Width {
			if m.colour(x, y) != sky {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

func TestLabelsFitTheirPatches(t *testing.T) {
	for side := 12; side <= 1600; side++ {
		w, h := LabelSize(8, LabelScale(side, side))
		assert.LessOrEqual(t, max(w, h), side*2/3, side)
		if side > 28 {
			assert.GreaterOrEqual(t, h, side/13, side)
		}
	}
}

func TestMarkerIsADiscOnItsCentre(t *testing.T) {
	for _, size := range [][2]int{{56, 56}, {75, 56}, {112, 112}, {224, 160}, {640, 480}, {1600, 1064}} {
		r := MarkerRadius(size[0], size[1])
		cx, cy := size[0]/2+1, size[1]/2-1
		var first *RGB
		for label := range 10 {
			m := flat(size[0], size[1])
			DrawMarker(m, label, cx, cy)
			require.Equal(t, image.Rect(cx-r, cy-r, cx+r+1, cy+r+1), changed(m), "label %d on %v", label, size)
			ink, disc := 0, 0
			for dy := -r; dy <= r; dy++ {
				for dx := -r; dx <= r; dx++ {
					c := m.colour(cx+dx, cy+dy)
					require.Equal(t, dx*dx+dy*dy <= r*r+r, c != sky, "(%d, %d)", dx, dy)
					if c == dark && dx*dx+dy*dy < (r-r/7-1)*(r-r/7-1) {
						ink++
					}
					if c != sky {
						disc++
					}
				}
			}
			assert.Greater(t, ink, disc/16, "label %d on %v", label, size)
			if first != nil {
				assert.NotEqual(t, first.Pix, m.Pix, "label %d on %v", label, size)
			}
			first = m
		}
	}
}

func TestMarkerRadius(t *testing.T) {
	for side, want := range map[int]int{16: 4, 56: 4, 112: 5, 224: 8, 480: 15, 1064: 29, 1600: 43} {
		assert.Equal(t, want, MarkerRadius(side, side+50), side)
	}
}

func TestMarkerFits(t *testing.T) {
	for _, tc := range []struct {
		cx, cy int
		want   bool
	}{{4, 4, true}, {3, 4, false}, {4, 3, false}, {51, 51, true}, {52, 51, false}, {51, 52, false}} {
		assert.Equal(t, tc.want, MarkerFits(56, 56, tc.cx, tc.cy), tc)
		m := flat(56, 56)
		DrawMarker(m, 1, tc.cx, tc.cy) // drawn as far as it fits, without panic
		box := changed(m)
		assert.Equal(t, tc.want, box.Dx() == 9 && box.Dy() == 9, tc)
	}
}

func TestDrawGrid(t *testing.T) {
	red := Colour{255, 0, 0}
	m := flat(12, 8)
	DrawGrid(m, 2, 3, 1, red)
	for y := range 8 {
		for x := range 12 {
			edge := x%4 == 0 || x%4 == 3 || y%4 == 0 || y%4 == 3
			assert.Equal(t, edge, m.colour(x, y) == red, "(%d, %d)", x, y)
		}
	}
	m = flat(12, 8)
	DrawGrid(m, 2, 3, 0, red)
	assert.Equal(t, flat(12, 8), m)
	DrawBorder(m, image.Rect(0, 0, 3, 3), 9, red) // thicker than its box
	assert.Equal(t, image.Rect(0, 0, 3, 3), changed(m))
}

func TestBorderThickness(t *testing.T) {
	for side, want := range map[int]int{56: 1, 112: 1, 479: 1, 640: 2, 1600: 5} {
		assert.Equal(t, want, BorderThickness(side, 2*side), side)
	}
}

func TestFillRectStaysInside(t *testing.T) {
	m := flat(4, 4)
	FillRect(m, image.Rect(-5, 2, 2, 99), black)
	assert.Equal(t, image.Rect(0, 2, 2, 4), changed(m))
	FillRect(m, image.Rect(9, 9, 12, 12), black)
	FillRect(m, image.Rectangle{image.Pt(3, 3), image.Pt(1, 1)}, black)
	assert.Equal(t, image.Rect(0, 2, 2, 4), changed(m))
}

// The faces are drawn by hand: their rows have one width, and no two digits
// look the same.
func TestFaces(t *testing.T) {
	for _, f := range []*face{&digits3x5, &digits5x7, &digits7x9} {
		seen := map[string]int{}
		for d, rows := range f.digits {
			require.Len(t, rows, f.height)
			key := ""
			for _, row := range rows {
				require.Len(t, row, f.width, "digit %d", d)
				key += row + "\n"
			}
			require.NotContains(t, seen, key, "digit %d", d)
			seen[key] = d
		}
	}
}
