package cpu

import (
	"math"

	"ssrl/internal/tensor"
)

// squaresBlock is the number of elements that one partial sum covers.
const squaresBlock = 1 << 12

// SumSquares returns the sum of squares of x in float64: blocks of a row, then
// the blocks in order.
func (d *Device) SumSquares(x *tensor.Tensor) float64 {
	m := in(x)
	blocks := (m.cols + squaresBlock - 1) / squaresBlock
	sums := grow(&d.workers[0].sums, m.rows*blocks)
	d.squares = squares{m, blocks, sums}
	d.run(&d.squares, len(sums), min(m.cols, squaresBlock))
	var sum float64
	for _, s := range sums {
		sum += s
	}
	return sum
}

type squares struct {
	x      matrix
	blocks int // of a row
	sums   []float64
}

func (t *squares) do(_ *worker, from, to int) {
	for part := from; part < to; part++ {
		x := t.x.row(part / t.blocks)
		x = x[part%t.blocks*squaresBlock:]
		x = x[:min(len(x), squaresBlock)]
		t.sums[part] = dot64(x, x)
	}
}

// AdamW takes one step, in float32 with coefficients that were worked out in
// float64, as torch.optim.AdamW does for float32 parameters.
func (d *Device) AdamW(p, m, v, g *tensor.Tensor, a tensor.AdamW) {
	check(same(m, p) && same(v, p) && same(g, p), "adamw p m v g", p, m, v, g)
	c1, c2 := 1-math.Pow(a.B1, float64(a.Step)), 1-math.Pow(a.B2, float64(a.Step))
	d.adam = adam{
		p: out(p), m: out(m), v: out(v), g: in(g),
		keep: float32(1 - a.LR*a.Decay), scale: a.GradScale,
		b1: float32(a.B1), r1: float32(1 - a.B1), b2: float32(a.B2), r2: float32(1 - a.B2),
		step: float32(a.LR / c1), root: float32(math.Sqrt(c2)), eps: float32(a.Eps),
	}
	d.run(&d.adam, p.Rows, 8*p.Cols)
}

type adam struct {
	p, m, v, g matrix

	keep, scale    float32
	b1, r1, b2, r2 float32
	step           float32 // LR / (1 - B1^Step)
	root           float32 // sqrt(1 - B2^Step)
	eps            float32
}

func (t *adam) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		p, m, v := t.p.row(i), t.m.row(i), t.v.row(i)
		for j, g := range t.g.row(i) {
			g *= t.scale
			m[j] = float32(t.b1*m[j]) + float32(t.r1*g)
			v[j] = float32(t.b2*v[j]) + float32(t.r2*float32(g*g))
			root := float32(math.Sqrt(float64(v[j])))
			p[j] = float32(p[j]*t.keep) - float32(t.step*(m[j]/(root/t.root+t.eps)))
		}
	}
}
