package cpu

import (
	"math"

	"ssrl/internal/tensor"
)

// RMSNorm is y = x * rstd * w, rstd = 1/sqrt(mean(x^2)+eps). The mean is taken
// in float64.
func (d *Device) RMSNorm(y, rstd, x, w *tensor.Tensor, eps float32) {
	check(same(y, x) && vector(rstd, x.Rows) && vector(w, x.Cols), "rmsnorm y rstd x w", y, rstd, x, w)
	d.norm = rmsNorm{d.isa, out(y), out(rstd), in(x), in(w), float64(eps)}
	d.run(&d.norm, x.Rows, 2*x.Cols)
}

type rmsNorm struct {
	isa           isa
	y, rstd, x, w matrix
	eps           float64
}

func (t *rmsNorm) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		x := t.x.row(i)
		y, w := t.y.row(i)[:len(x)], t.w.data[:len(x)]
		r := float32(1 / math.Sqrt(t.isa.dot(x, x)/float64(len(x))+t.eps))
		t.rstd.data[i] = r
		t.isa.norm(y, x, w, r)
	}
}

func (s isa) norm(y, x, w []float32, r float32) {
	for j := s.normEights(y, x, w, r); j < len(y); j++ {
		y[j] = x[j] * r * w[j]
	}
}

// RMSNormBack: with u = dy*w and h = x*rstd,
// dx += rstd (u - h mean(u h)) and dw += the sum over rows of dy h.
func (d *Device) RMSNormBack(dx, dw, dy, x, w, rstd *tensor.Tensor) {
	check(same(dy, x) && vector(rstd, x.Rows) && vector(w, x.Cols) && like(dx, x) && like(dw, w),
		"rmsnorm back dx dw dy x w rstd", dx, dw, dy, x, w, rstd)
	g, in0, scale, r := in(dy), in(x), in(w), in(rstd)
	if dx != nil {
		d.normBack = rmsNormBack{d.isa, out(dx), g, in0, scale, r}
		d.run(&d.normBack, x.Rows, 4*x.Cols)
	}
	if dw != nil {
		d.normWeight = rmsNormWeight{d.isa, out(dw), g, in0, r}
		d.run(&d.normWeight, (x.Cols+columnBlock-1)/columnBlock, columnBlock*x.Rows)
	}
}

type rmsNormBack struct {
	isa                isa
	dx, dy, x, w, rstd matrix
}

func (t *rmsNormBack) do(wk *worker, from, to int) {
	u := grow(&wk.rows, t.x.cols)
	for i := from; i < to; i++ {
		x := t.x.row(i)
		dx, g, w := t.dx.row(i)[:len(x)], t.dy.row(i)[:len(x)], t.w.data[:len(x)]
		u, r := u[:len(x)], t.rstd.data[i]
		t.isa.product(u, g, w)
		mean := r * r * float32(t.isa.dot(u, x)/float64(len(x)))
		t.isa.normBack(dx, u, x, r, r*mean)
	}
}

func (s isa) normBack(dx, u, x []float32, r, slope float32) {
	for j := s.normBackEights(dx, u, x, r, slope); j < len(dx); j++ {
		dx[j] += float32(r*u[j]) - float32(slope*x[j])
	}
}

// rmsNormWeight adds to dw over the rows, first to last.
type rmsNormWeight struct {
	isa             isa
	dw, dy, x, rstd matrix
}

func (t *rmsNormWeight) do(_ *worker, from, to int) {
	left, right := from*columnBlock, min(t.x.cols, to*columnBlock)
	sum := t.dw.data[left:right]
	for i := range t.x.rows {
		t.isa.normWeight(sum, t.dy.row(i)[left:right], t.x.row(i)[left:right], t.rstd.data[i])
	}
}

func (s isa) normWeight(dw, dy, x []float32, r float32) {
	for j := s.normWeightEights(dw, dy, x, r); j < len(dw); j++ {
		dw[j] += float32(dy[j] * float32(x[j]*r))
	}
}
