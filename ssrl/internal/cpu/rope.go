package cpu

import "ssrl/internal/tensor"

// Rope rotates pair (j, j+d/2) of every head of x, d = 2 cos.Cols:
//
//	y[j]     = x[j] cos[j] - x[j+d/2] sin[j]
//	y[j+d/2] = x[j+d/2] cos[j] + x[j] sin[j]
func (d *Device) Rope(y, x, cos, sin *tensor.Tensor) {
	checkRope("rope y x cos sin", y, x, cos, sin)
	d.rope = ropeTask{isa: d.isa, y: out(y), x: in(x), cos: in(cos), sin: in(sin)}
	d.run(&d.rope, x.Rows, 2*x.Cols)
}

// RopeBack adds dy, rotated the other way, to dx.
func (d *Device) RopeBack(dx, dy, cos, sin *tensor.Tensor) {
	if dx == nil {
		return
	}
	checkRope("rope back dx dy cos sin", dx, dy, cos, sin)
	d.rope = ropeTask{isa: d.isa, y: out(dx), x: in(dy), cos: in(cos), sin: in(sin), back: true}
	d.run(&d.rope, dy.Rows, 2*dy.Cols)
}

func checkRope(op string, y, x, cos, sin *tensor.Tensor) {
	check(same(y, x) && same(cos, sin) && cos.Rows == x.Rows &&
		(x.Cols == 0 || cos.Cols > 0 && x.Cols%(2*cos.Cols) == 0), op, y, x, cos, sin)
}

type ropeTask struct {
	isa            isa
	y, x, cos, sin matrix
	back           bool
}

func (t *ropeTask) do(_ *worker, from, to int) {
	half := t.cos.cols
	for i := from; i < to; i++ {
		y, x, cos, sin := t.y.row(i), t.x.row(i), t.cos.row(i), t.sin.row(i)
		if t.isa.ropeRow(y, x, cos, sin, t.back) {
			continue
		}
		sin = sin[:len(cos)]
		for h := 0; h < len(x); h += 2 * half {
			a, b := x[h:h+half], x[h+half:h+2*half]
			p, q := y[h:h+half], y[h+half:h+2*half]
			a, b, p, q = a[:len(cos)], b[:len(cos)], p[:len(cos)], q[:len(cos)]
			if t.back {
				for j, c := range cos {
					p[j], q[j] = p[j]+(float32(a[j]*c)+float32(b[j]*sin[j])), q[j]+(float32(b[j]*c)-float32(a[j]*sin[j]))
				}
				continue
			}
			for j, c := range cos {
				p[j], q[j] = float32(a[j]*c)-float32(b[j]*sin[j]), float32(b[j]*c)+float32(a[j]*sin[j])
			}
		}
	}
}
