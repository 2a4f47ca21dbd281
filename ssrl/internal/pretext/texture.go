package pretext

import (
	"math"

	"ssrl/internal/rgbd"
)

// comparedSide bounds the cost of comparing pictures: about this many rows and
// columns of the shorter side are looked at, evenly spread.
const comparedSide = 96

func stride(m *rgbd.RGB) int {
	return max(1, min(m.Width, m.Height)/comparedSide)
}

// meanDifference is the mean of |a-b| over pixels and channels, 0 to 255. The
// pictures are of one size.
func meanDifference(a, b *rgbd.RGB) float64 {
	step, sum, n := stride(a), 0, 0
	for y := step / 2; y < a.Height; y += step {
		for x := step / 2; x < a.Width; x += step {
			i := 3 * (y*a.Width + x)
			p, q := a.Pix[i:i+3:i+3], b.Pix[i:i+3:i+3]
			sum += distance(p[0], q[0]) + distance(p[1], q[1]) + distance(p[2], q[2])
			n += 3
		}
	}
	return float64(sum) / float64(n)
}

// brightness returns the mean grey level of m, 0 to 255, and its standard
// deviation.
func brightness(m *rgbd.RGB) (mean, deviation float64) {
	step, sum, squares, n := stride(m), 0, 0, 0
	for y := step / 2; y < m.Height; y += step {
		for x := step / 2; x < m.Width; x += step {
			i := 3 * (y*m.Width + x)
			v := int(m.Pix[i]) + int(m.Pix[i+1]) + int(m.Pix[i+2])
			sum, squares, n = sum+v, squares+v*v, n+1
		}
	}
	mean = float64(sum) / float64(n)
	variance := max(0, float64(squares)/float64(n)-float64(mean*mean))
	return mean / 3, math.Sqrt(variance) / 3
}
