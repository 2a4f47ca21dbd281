package cpu

import (
	"math"

	"ssrl/internal/tensor"
)

// RMSNorm is y = x * rstd * w, rstd = 1/sqrt(mean(x^2)+eps). The mean is taken
// in float64, in four interleaved sums.
func (d *Device) RMSNorm(y, rstd, x, w *tensor.Tensor, eps float32) {
	check(same(y, x) && vector(rstd, x.Rows) && vector(w, x.Cols), "rmsnorm y rstd x w", y, rstd, x, w)
	d.norm = rmsNorm{out(y), out(rstd), in(x), in(w), float64(eps)}
	d.run(&d.norm, x.Rows, 2*x.Cols)
}

type rmsNorm struct {
	y, rstd, x, w matrix
	eps           float64
}

func (t *rmsNorm) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		y, x := t.y.row(i), t.x.row(i)
		w := t.w.data[:len(x)]
		r := float32(1 / math.Sqrt(dot64(x, x)/float64(len(x))+t.eps))
		t.rstd.data[i] = r
		for j, v := range x {
			y[j] = v * r * w[j]
		}
	}
}

// dot64 is the sum of a*b in float64: element j goes to sum j%4, then
// (s0+s1)+(s2+s3).
func dot64(a, b []float32) float64 {
	var s0, s1, s2, s3 float64
	b = b[:len(a)]
	j := 0
	for ; j+4 <= len(a); j += 4 {
		s0 += float64(a[j]) * float64(b[j])
		s1 += float64(a[j+1]) * float64(b[j+1])
		s2 += float64(a[j+2]) * float64(b[j+2])
		s3 += float64(a[j+3]) * float64(b[j+3])
	}
	switch len(a) - j {
	case 3:
		s2 += float64(a[j+2]) * float64(b[j+2])
		fallthrough
	case 2:
		s1 += float64(a[j+1]) * float64(b[j+1])
		fallthrough
	case 1:
		s0 += float64(a[j]) * float64(b[j])
	}
	return (s0 + s1) + (s2 + s3)
}

// RMSNormBack: with u = dy*w and h = x*rstd,
// dx += rstd (u - h mean(u h)) and dw += the sum over rows of dy h.
func (d *Device) RMSNormBack(dx, dw, dy, x, w, rstd *tensor.Tensor) {
	check(same(dy, x) && vector(rstd, x.Rows) && vector(w, x.Cols) && like(dx, x) && like(dw, w),
		"rmsnorm back dx dw dy x w rstd", dx, dw, dy, x, w, rstd)
	g, in0, scale, r := in(dy), in(x), in(w), in(rstd)
	if dx != nil {
		d.normBack = rmsNormBack{out(dx), g, in0, scale, r}
		d.run(&d.normBack, x.Rows, 4*x.Cols)
	}
	if dw != nil {
		d.normWeight = rmsNormWeight{out(dw), g, in0, r}
		d.run(&d.normWeight, (x.Cols+columnBlock-1)/columnBlock, columnBlock*x.Rows)
	}
}

type rmsNormBack struct{ dx, dy, x, w, rstd matrix }

func (t *rmsNormBack) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		dx, g, x := t.dx.row(i), t.dy.row(i), t.x.row(i)
		w, r := t.w.data[:len(x)], t.rstd.data[i]
		var sum float64
		for j, v := range x {
			sum += float64(g[j]*w[j]) * float64(v)
		}
		mean := float32(sum * float64(r) / float64(len(x)))
		for j, v := range x {
			dx[j] += r * (g[j]*w[j] - v*r*mean)
		}
	}
}

// rmsNormWeight adds to dw over the rows, first to last.
type rmsNormWeight struct{ dw, dy, x, rstd matrix }

func (t *rmsNormWeight) do(_ *worker, from, to int) {
	left, right := from*columnBlock, min(t.x.cols, to*columnBlock)
	sum := t.dw.data[left:right]
	for i := range t.x.rows {
		r, g := t.rstd.data[i], t.dy.row(i)[left:right]
		for j, v := range t.x.row(i)[left:right] {
			sum[j] += g[j] * (v * r)
		}
	}
}
