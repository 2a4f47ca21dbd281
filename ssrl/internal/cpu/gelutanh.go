package cpu

import "ssrl/internal/tensor"

// GELUTanh is y = x/2 (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3), which is
// x / (1 + exp(-2u)).
func (d *Device) GELUTanh(y, x *tensor.Tensor) {
	check(same(y, x), "gelu tanh y x", y, x)
	d.geluTanh = geluTanh{isa: d.isa, y: out(y), x: in(x)}
	d.run(&d.geluTanh, x.Rows, 16*x.Cols)
}

// GELUTanhBack: with s = 1/(1+exp(-2u)), dx += dy s (1 + x (1-s) 2u').
func (d *Device) GELUTanhBack(dx, dy, x *tensor.Tensor) {
	if dx == nil {
		return
	}
	check(same(dx, x) && same(dy, x), "gelu tanh back dx dy x", dx, dy, x)
	d.geluTanh = geluTanh{isa: d.isa, y: out(dx), dy: in(dy), x: in(x), back: true}
	d.run(&d.geluTanh, x.Rows, 24*x.Cols)
}

type geluTanh struct {
	isa      isa
	y, dy, x matrix
	back     bool
}

const (
	geluSlope = 2 * 0.7978845608028654 // 2 sqrt(2/pi)
	geluCube  = geluSlope * 0.044715
)

func (t *geluTanh) do(w *worker, from, to int) {
	e := grow(&w.rows, t.x.cols)
	for i := from; i < to; i++ {
		x, y := t.x.row(i)[:len(e)], t.y.row(i)[:len(e)]
		for j, v := range x {
			e[j] = v * (geluSlope + float32(geluCube*float32(v*v)))
		}
		t.isa.exp(e, e, 0, -1, 0)
		if !t.back {
			for j, v := range x {
				y[j] = v / (1 + e[j])
			}
			continue
		}
		dy := t.dy.row(i)[:len(e)]
		for j, v := range x {
			s := 1 / (1 + e[j])
			// Far to the left, where s is 0, the cube may be infinite.
			rest := min(v*v, 1e6)
			y[j] += dy[j] * s * (1 + float32(v*(1-s)*(geluSlope+float32(3*geluCube*rest))))
		}
	}
}
