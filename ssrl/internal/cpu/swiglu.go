package cpu

import "ssrl/internal/tensor"

// SwiGLU is y = silu(gate) * up with silu(g) = g / (1 + exp(-g)).
func (d *Device) SwiGLU(y, gate, up *tensor.Tensor) {
	check(same(y, gate) && same(y, up), "swiglu y gate up", y, gate, up)
	d.swiglu = swiglu{isa: d.isa, y: out(y), gate: in(gate), up: in(up)}
	d.run(&d.swiglu, y.Rows, 16*y.Cols)
}

// SwiGLUBack: with s = 1/(1+exp(-gate)),
// dup += dy gate s and dgate += dy up s (1 + gate (1-s)).
func (d *Device) SwiGLUBack(dgate, dup, dy, gate, up *tensor.Tensor) {
	check(same(dy, gate) && same(dy, up) && like(dgate, dy) && like(dup, dy),
		"swiglu back dgate dup dy gate up", dgate, dup, dy, gate, up)
	d.swiglu = swiglu{d.isa, in(dy), in(gate), in(up), out(dgate), out(dup), true}
	d.run(&d.swiglu, dy.Rows, 24*dy.Cols)
}

type swiglu struct {
	isa         isa
	y, gate, up matrix // y is dy on the way back
	dgate, dup  matrix
	back        bool
}

func (t *swiglu) do(w *worker, from, to int) {
	e := grow(&w.rows, t.gate.cols)
	for i := from; i < to; i++ {
		gate, up := t.gate.row(i), t.up.row(i)
		t.isa.exp(e, gate, 0, -1, 0)
		y := t.y.row(i)
		if !t.back {
			t.isa.silu(y, gate, up, e)
			continue
		}
		if t.dup.given() {
			t.isa.siluUp(t.dup.row(i), y, gate, e)
		}
		if t.dgate.given() {
			t.isa.siluGate(t.dgate.row(i), y, gate, up, e)
		}
	}
}

// In the loops below e is exp(-gate).

func (s isa) silu(y, gate, up, e []float32) {
	for j := s.siluEights(y, gate, up, e); j < len(y); j++ {
		y[j] = gate[j] / (1 + e[j]) * up[j]
	}
}

func (s isa) siluUp(dup, dy, gate, e []float32) {
	for j := s.siluUpEights(dup, dy, gate, e); j < len(dup); j++ {
		dup[j] += float32(gate[j] / (1 + e[j]) * dy[j])
	}
}

func (s isa) siluGate(dgate, dy, gate, up, e []float32) {
	for j := s.siluGateEights(dgate, dy, gate, up, e); j < len(dgate); j++ {
		sigma := 1 / (1 + e[j])
		slope := 1 + float32((1-sigma)*gate[j])
		dgate[j] += float32(dy[j] * up[j] * sigma * slope)
	}
}
