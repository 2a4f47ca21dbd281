package pretext

import (
	"math"

	"ssrl/internal/rgbd"
)

// comparedSide bounds the cost of comparing pictures: about this many rows and
// columns of the shorter side are looked at, evenly spread.
const comparedSide = 96

// part is a part of a picture, or all of it.
type part struct {
	m                   *rgbd.RGB
	x, y, width, height int
}

func whole(m *rgbd.RGB) part { return part{m, 0, 0, m.Width, m.Height} }

// thin returns the pixels of p that comparisons look at, 3 bytes each, in the
// memory of w. Of parts of one size they are at the same places.
func (p part) thin(w *Workspace) []byte { return p.thinMirrored(w, unflipped) }

// unflipped is the direction of no flip.
const unflipped = -1

// thinMirrored is thin of p flipped in direction.
func (p part) thinMirrored(w *Workspace, direction int) []byte {
	step := max(1, min(p.width, p.height)/comparedSide)
	start := step / 2
	cols, rows := (p.width-start+step-1)/step, (p.height-start+step-1)/step
	out := w.bytes(3 * cols * rows)
	x0, dx := start, 3*step
	if direction == leftRight {
		x0, dx = p.width-1-start, -3*step
	}
	i := 0
	for y := start; y < p.height; y += step {
		sy := y
		if direction == upDown {
			sy = p.height - 1 - y
		}
		at := 3 * ((p.y+sy)*p.m.Width + p.x + x0)
		for range cols {
			q, o := p.m.Pix[at:at+3:at+3], out[i:i+3:i+3]
			o[0], o[1], o[2] = q[0], q[1], q[2]
			i += 3
			at += dx
		}
	}
	return out
}

// thinTurned is thin of the square p turned by a quarter.
func (p part) thinTurned(w *Workspace, clockwise bool) []byte {
	step, side := max(1, p.width/comparedSide), p.width
	n := (side - step/2 + step - 1) / step
	out := w.bytes(3 * n * n)
	i := 0
	for y := step / 2; y < side; y += step {
		for x := step / 2; x < side; x += step {
			sx, sy := side-1-y, x
			if clockwise {
				sx, sy = y, side-1-x
			}
			at := 3 * ((p.y+sy)*p.m.Width + p.x + sx)
			q, o := p.m.Pix[at:at+3:at+3], out[i:i+3:i+3]
			o[0], o[1], o[2] = q[0], q[1], q[2]
			i += 3
		}
	}
	return out
}

// meanDifference is the mean of |a-b| over the bytes of thinned pictures of one
// size, 0 to 255.
func meanDifference(a, b []byte) float64 {
	return float64(distances(a, b)) / float64(len(a))
}

// brightness returns the mean grey level of a thinned picture, 0 to 255, and its
// standard deviation.
func brightness(thinned []byte) (mean, deviation float64) {
	sum, squares, n := 0, 0, len(thinned)/3
	for i := 0; i+2 < len(thinned); i += 3 {
		v := int(thinned[i]) + int(thinned[i+1]) + int(thinned[i+2])
		sum, squares = sum+v, squares+v*v
	}
	mean = float64(sum) / float64(n)
	variance := max(0, float64(squares)/float64(n)-float64(mean*mean))
	return mean / 3, math.Sqrt(variance) / 3
}
