package rgbd

import (
	"fmt"
	"image"
)

// Clone returns a copy of m.
func (m *RGB) Clone() *RGB {
	return &RGB{m.Width, m.Height, append([]byte(nil), m.Pix...)}
}

// Crop returns a copy of the width x height pixels whose top left corner is
// (x, y). The box lies inside m; anything else is the caller's mistake and
// panics.
func (m *RGB) Crop(x, y, width, height int) *RGB {
	m.mustHold(image.Rect(x, y, x+width, y+height))
	out := NewRGB(width, height)
	for j := range height {
		copy(out.Pix[3*j*width:3*(j+1)*width], m.Pix[3*((y+j)*m.Width+x):])
	}
	return out
}

// Paste copies src into m with its top left corner at (x, y). It must fit.
func (m *RGB) Paste(src *RGB, x, y int) {
	m.mustHold(image.Rect(x, y, x+src.Width, y+src.Height))
	row := 3 * src.Width
	for j := range src.Height {
		copy(m.Pix[3*((y+j)*m.Width+x):], src.Pix[j*row:(j+1)*row])
	}
}

// Rotate90 returns m turned by a quarter, clockwise or counter-clockwise; width
// and height change places.
func (m *RGB) Rotate90(clockwise bool) *RGB {
	out := NewRGB(m.Height, m.Width)
	for y := range out.Height {
		row := out.Pix[3*y*out.Width:]
		for x := range out.Width {
			sx, sy := m.Width-1-y, x
			if clockwise {
				sx, sy = y, m.Height-1-x
			}
			copy(row[3*x:3*x+3], m.Pix[3*(sy*m.Width+sx):])
		}
	}
	return out
}

// FlipUpDown returns m with its rows in reverse order.
func (m *RGB) FlipUpDown() *RGB {
	out := NewRGB(m.Width, m.Height)
	row := 3 * m.Width
	for y := range m.Height {
		copy(out.Pix[y*row:(y+1)*row], m.Pix[(m.Height-1-y)*row:])
	}
	return out
}

// FlipLeftRight returns m with its columns in reverse order.
func (m *RGB) FlipLeftRight() *RGB {
	out := NewRGB(m.Width, m.Height)
	for y := range m.Height {
		i, j := 3*y*m.Width, 3*((y+1)*m.Width-1)
		for range m.Width {
			copy(out.Pix[i:i+3], m.Pix[j:j+3])
			i, j = i+3, j-3
		}
	}
	return out
}

// mustHold panics unless box is a rectangle inside m; an empty one is inside.
func (m *RGB) mustHold(box image.Rectangle) {
	if box.Min.X < 0 || box.Min.Y < 0 || box.Max.X > m.Width || box.Max.Y > m.Height ||
		box.Min.X > box.Max.X || box.Min.Y > box.Max.Y {
		panic(fmt.Sprintf("rgbd: box %v outside a %dx%d picture", box, m.Width, m.Height))
	}
}
