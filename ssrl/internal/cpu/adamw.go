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
	d.squares = squares{d.isa, m, blocks, sums}
	d.run(&d.squares, len(sums), min(m.cols, squaresBlock))
	var sum float64
	for _, s := range sums {
		sum += s
	}
	return sum
}

type squares struct {
	isa    isa
	x      matrix
	blocks int // of a row
	sums   []float64
}

func (t *squares) do(_ *worker, from, to int) {
	for part := from; part < to; part++ {
		x := t.x.row(part / t.blocks)
		x = x[part%t.blocks*squaresBlock:]
		x = x[:min(len(x), squaresBlock)]
		t.sums[part] = t.isa.dot(x, x)
	}
}

// AdamW takes one step, in float32 with coefficients that were worked out in
// float64, as torch.optim.AdamW does for float32 parameters.
func (d *Device) AdamW(p, m, v, g *tensor.Tensor, a tensor.AdamW) {
	check(same(m, p) && same(v, p) && same(g, p), "adamw p m v g", p, m, v, g)
	c1, c2 := 1-math.Pow(a.B1, float64(a.Step)), 1-math.Pow(a.B2, float64(a.Step))
	d.adam = adam{isa: d.isa, p: out(p), m: out(m), v: out(v), g: in(g), adamStep: adamStep{
		keep: float32(1 - a.LR*a.Decay), scale: a.GradScale,
		b1: float32(a.B1), r1: float32(1 - a.B1), b2: float32(a.B2), r2: float32(1 - a.B2),
		step: float32(a.LR / c1), root: float32(math.Sqrt(c2)), eps: float32(a.Eps),
	}}
	d.run(&d.adam, p.Rows, 8*p.Cols)
}

type adam struct {
	isa        isa
	p, m, v, g matrix
	adamStep
}

// adamStep holds an update's coefficients, in the order that assembly reads.
type adamStep struct {
	keep, scale    float32
	b1, r1, b2, r2 float32
	step           float32 // LR / (1 - B1^Step)
	root           float32 // sqrt(1 - B2^Step)
	eps            float32
}

func (t *adam) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		t.isa.adam(t.p.row(i), t.m.row(i), t.v.row(i), t.g.row(i), &t.adamStep)
	}
}

func (s isa) adam(p, m, v, g []float32, a *adamStep) {
	for j := s.adamEights(p, m, v, g, a); j < len(p); j++ {
		x := g[j] * a.scale
		m[j] = float32(a.b1*m[j]) + float32(a.r1*x)
		v[j] = float32(a.b2*v[j]) + float32(a.r2*float32(x*x))
		root := float32(math.Sqrt(float64(v[j])))
		p[j] = float32(a.keep*p[j]) - float32(a.step*(m[j]/(root/a.root+a.eps)))
	}
}
