package cpu

import (
	"math"

	"ssrl/internal/tensor"
)

// GELU is y = x Phi(x), Phi the normal distribution function, in float64 inside.
func (d *Device) GELU(y, x *tensor.Tensor) {
	check(same(y, x), "gelu y x", y, x)
	d.gelu = gelu{y: out(y), x: in(x)}
	d.run(&d.gelu, x.Rows, 64*x.Cols)
}

// GELUBack: dx += dy (Phi(x) + x phi(x)), phi the normal density.
func (d *Device) GELUBack(dx, dy, x *tensor.Tensor) {
	if dx == nil {
		return
	}
	check(same(dx, x) && same(dy, x), "gelu back dx dy x", dx, dy, x)
	d.gelu = gelu{y: out(dx), dy: in(dy), x: in(x), back: true}
	d.run(&d.gelu, x.Rows, 96*x.Cols)
}

type gelu struct {
	y, dy, x matrix
	back     bool
}

func (t *gelu) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		y, x := t.y.row(i), t.x.row(i)
		if !t.back {
			for j, v := range x {
				y[j] = float32(float64(v) * normal(float64(v)))
			}
			continue
		}
		dy := t.dy.row(i)
		for j, f := range x {
			v := float64(f)
			density := math.Exp(-v*v/2) / math.Sqrt(2*math.Pi)
			y[j] += float32(float64(dy[j]) * (normal(v) + v*density))
		}
	}
}

// normal is the normal distribution function. Erfc keeps its relative accuracy
// far to the left, where 1+erf would cancel.
func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
