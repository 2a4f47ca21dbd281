package cpu

import (
	"math"

	"ssrl/internal/tensor"
)

// LayerNorm is y = (x-mean) * rstd * w + b. Mean and variance are taken in
// float64, the variance of what the mean leaves.
func (d *Device) LayerNorm(y, mean, rstd, x, w, b *tensor.Tensor, eps float32) {
	check(same(y, x) && vector(mean, x.Rows) && vector(rstd, x.Rows) && vector(w, x.Cols) && vector(b, x.Cols),
		"layernorm y mean rstd x w b", y, mean, rstd, x, w, b)
	d.layer = layerNorm{d.isa, out(y), out(mean), out(rstd), in(x), in(w), in(b), float64(eps)}
	d.run(&d.layer, x.Rows, 4*x.Cols)
}

type layerNorm struct {
	isa                    isa
	y, mean, rstd, x, w, b matrix
	eps                    float64
}

func (t *layerNorm) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		x := t.x.row(i)
		y, w, b := t.y.row(i)[:len(x)], t.w.data[:len(x)], t.b.data[:len(x)]
		mean := float32(t.isa.total(x) / float64(len(x)))
		for j, v := range x {
			y[j] = v - mean
		}
		r := float32(1 / math.Sqrt(t.isa.dot(y, y)/float64(len(x))+t.eps))
		t.mean.data[i], t.rstd.data[i] = mean, r
		for j, v := range y {
			y[j] = float32(v*r*w[j]) + b[j]
		}
	}
}

// LayerNormBack: with u = dy*w and h = (x-mean)*rstd,
// dx += rstd (u - mean(u) - h mean(u h)), dw += the sum over rows of dy h and
// db += that of dy.
func (d *Device) LayerNormBack(dx, dw, db, dy, x, w, mean, rstd *tensor.Tensor) {
	check(same(dy, x) && vector(mean, x.Rows) && vector(rstd, x.Rows) && vector(w, x.Cols) && like(dx, x) && like(dw, w) && like(db, w),
		"layernorm back dx dw db dy x w mean rstd", dx, dw, db, dy, x, w, mean, rstd)
	g, in0, scale, m, r := in(dy), in(x), in(w), in(mean), in(rstd)
	if dx != nil {
		d.layerBack = layerNormBack{d.isa, out(dx), g, in0, scale, m, r}
		d.run(&d.layerBack, x.Rows, 6*x.Cols)
	}
	columns := (x.Cols + columnBlock - 1) / columnBlock
	if dw != nil {
		d.layerWeight = layerNormWeight{out(dw), g, in0, m, r}
		d.run(&d.layerWeight, columns, columnBlock*x.Rows)
	}
	if db != nil {
		d.columnSum = columnSum{d.isa, out(db), g}
		d.run(&d.columnSum, columns, columnBlock*x.Rows)
	}
}

type layerNormBack struct {
	isa                      isa
	dx, dy, x, w, mean, rstd matrix
}

func (t *layerNormBack) do(wk *worker, from, to int) {
	n := t.x.cols
	buf := grow(&wk.rows, 2*n)
	u, h := buf[:n], buf[n:]
	for i := from; i < to; i++ {
		x, mean, r := t.x.row(i)[:n], t.mean.data[i], t.rstd.data[i]
		dx, g, w := t.dx.row(i)[:n], t.dy.row(i)[:n], t.w.data[:n]
		for j, v := range g {
			u[j] = v * w[j]
			h[j] = (x[j] - mean) * r
		}
		flat, slope := float32(t.isa.total(u)/float64(n)), float32(t.isa.dot(u, h)/float64(n))
		for j, v := range h {
			dx[j] += r * (u[j] - flat - float32(v*slope))
		}
	}
}

// layerNormWeight adds to dw over the rows, first to last.
type layerNormWeight struct{ dw, dy, x, mean, rstd matrix }

func (t *layerNormWeight) do(_ *worker, from, to int) {
	left, right := from*columnBlock, min(t.x.cols, to*columnBlock)
	sum := t.dw.data[left:right]
	for i := range t.x.rows {
		m, r, g, x := t.mean.data[i], t.rstd.data[i], t.dy.row(i)[left:right], t.x.row(i)[left:right]
		g, x = g[:len(sum)], x[:len(sum)]
		for j, v := range x {
			sum[j] += g[j] * ((v - m) * r)
		}
	}
}
