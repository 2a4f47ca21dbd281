package cpu

import (
	"math"

	"ssrl/internal/tensor"
)

// GELU is y = x Phi(x), Phi the normal distribution function.
func (d *Device) GELU(y, x *tensor.Tensor) {
	check(same(y, x), "gelu y x", y, x)
	d.gelu = gelu{isa: d.isa, y: out(y), x: in(x)}
	d.run(&d.gelu, x.Rows, 24*x.Cols)
}

// GELUBack: dx += dy (Phi(x) + x phi(x)), phi the normal density.
func (d *Device) GELUBack(dx, dy, x *tensor.Tensor) {
	if dx == nil {
		return
	}
	check(same(dx, x) && same(dy, x), "gelu back dx dy x", dx, dy, x)
	d.gelu = gelu{isa: d.isa, y: out(dx), dy: in(dy), x: in(x), back: true}
	d.run(&d.gelu, x.Rows, 32*x.Cols)
}

type gelu struct {
	isa      isa
	y, dy, x matrix
	back     bool
}

func (t *gelu) do(w *worker, from, to int) {
	e := grow(&w.rows, t.x.cols)
	for i := from; i < to; i++ {
		x, y := t.x.row(i), t.y.row(i)
		for j, v := range x {
			e[j] = v * v
		}
		t.isa.exp(e, e, 0, -.5, 0)
		if !t.back {
			for j, v := range x {
				y[j] = v * normal(v, e[j])
			}
			continue
		}
		dy := t.dy.row(i)
		for j, v := range x {
			const peak = 0.3989422804014327 // 1/sqrt(2 pi)
			y[j] += dy[j] * (normal(v, e[j]) + v*e[j]*peak)
		}
	}
}

// normal is the normal distribution function at x within 1e-7, given
// e = exp(-x^2/2). Phi(-|x|) = e r(t) with t = 1/(1+.24|x|); r is t times a minimax
// polynomial of degree 9, fitted to erfc(u/sqrt2) exp(u^2/2)/2 over u = |x| <= 14.5,
// where e becomes 0, with a relative error of 4e-9.
func normal(x, e float32) float32 {
	t := 1 / (1 + .24*math.Abs(float64(x)))
	q := t * t
	even := (((normal8*q+normal6)*q+normal4)*q+normal2)*q + normal0
	odd := (((normal9*q+normal7)*q+normal5)*q+normal3)*q + normal1
	tail := (even + t*odd) * t * float64(e)
	// 1-tail right of 0, tail left of it: a branch would be guessed wrong half the time.
	return float32(.5 + math.Copysign(.5-tail, float64(x)))
}

const (
	normal0 = 0.095740793329
	normal1 = 0.0958816314615
	normal2 = 0.0887352863332
	normal3 = 0.0886783989287
	normal4 = 0.0255356241281
	normal5 = 0.146280303279
	normal6 = -0.150022531873
	normal7 = 0.209756176199
	normal8 = -0.126441622818
	normal9 = 0.0258559429589
)
