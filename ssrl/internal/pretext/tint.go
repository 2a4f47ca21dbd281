package pretext

import "ssrl/internal/rgbd"

// tints are the colours of markers 1 to 3 when a task asks for them: at 56
// pixels a digit is three pixels wide and a small model sees its colour first.
var tints = [...]rgbd.Colour{{255, 0, 0}, {0, 255, 0}, {0, 0, 255}}

// mark draws the marker of a label (from 1), its disc white or, coloured, in the
// label's own colour. Ring and digit stay dark.
func mark(m *rgbd.RGB, label int, at Point, coloured bool) {
	rgbd.DrawMarker(m, label, at[0], at[1])
	if !coloured {
		return
	}
	r := rgbd.MarkerRadius(m.Width, m.Height)
	tint := tints[(label-1)%len(tints)]
	for y := max(at[1]-r, 0); y <= min(at[1]+r, m.Height-1); y++ {
		for x := max(at[0]-r, 0); x <= min(at[0]+r, m.Width-1); x++ {
			dx, dy := x-at[0], y-at[1]
			p := m.Pix[3*(y*m.Width+x):][:3]
			if dx*dx+dy*dy <= r*r+r && p[0]&p[1]&p[2] == 255 { // the disc has two colours
				copy(p, tint[:])
			}
		}
	}
}
