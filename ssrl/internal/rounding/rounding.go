// Package rounding computes as transformers 4.57.1 does with a model in
// bfloat16 and eager attention: every intermediate result is rounded where
// PyTorch's kernels on the CPU round it.
//
// A Device wraps another one. Products run there; what rounds in the middle of
// an operation runs in plain loops here: RMSNorm, the language model's rotation,
// attention, SwiGLU and the interpolation of positions.
//
// Limits: for comparing with transformers, not for speed. Forward only: the
// gradients are those of the device inside, which knows of no rounding.
// PyTorch's own exponentials and sums differ in the last bit before they are
// rounded, so agreement is close and not exact.
package rounding

import (
	"math"

	"ssrl/internal/tensor"
)

// Device rounds the results of the Device inside.
type Device struct {
	tensor.Device
	tables map[*tensor.Tensor]int // rotary tables in bfloat16, and the mark after them
}

// New wraps dev.
func New(dev tensor.Device) *Device {
	return &Device{Device: dev, tables: map[*tensor.Tensor]int{}}
}

// MapBF16 is that of the device inside, if it has one.
func (d *Device) MapBF16(rows, cols int, raw []byte) *tensor.Tensor {
	if m, ok := d.Device.(tensor.Mapper); ok {
		return m.MapBF16(rows, cols, raw)
	}
	return nil
}

// RoundTables rounds rotary tables, and with them every product of a rotation.
func (d *Device) RoundTables(cos, sin *tensor.Tensor) {
	d.round(cos)
	d.round(sin)
	d.tables[cos] = d.Mark()
}

// Release forgets the tables that end.
func (d *Device) Release(mark int) {
	for t, after := range d.tables {
		if after > mark {
			delete(d.tables, t)
		}
	}
	d.Device.Release(mark)
}

// r rounds one value.
func r(v float32) float32 { return tensor.Widen16(tensor.Round16(v)) }

// host is a copy of t for reading; nil stays nil.
func (d *Device) host(t *tensor.Tensor) []float32 {
	if t == nil {
		return nil
	}
	x := make([]float32, t.Len())
	d.Download(x, t)
	return x
}

// round rounds t in place.
func (d *Device) round(t *tensor.Tensor) {
	x := d.host(t)
	for i, v := range x {
		x[i] = r(v)
	}
	d.Upload(t, x)
}

// rounded is a rounded copy in scratch memory.
func (d *Device) rounded(t *tensor.Tensor) *tensor.Tensor {
	if t == nil || t.Type == tensor.BF16 {
		return t
	}
	c := d.Scratch(t.Rows, t.Cols)
	d.Copy(c, t)
	d.round(c)
	return c
}

// Linear rounds once, after the bias; inputs that are not bfloat16 yet, such as
// pixels, are rounded first.
func (d *Device) Linear(y, x, w, b *tensor.Tensor) {
	mark := d.Mark()
	d.Device.Linear(y, d.rounded(x), w, d.rounded(b))
	d.Release(mark)
	d.round(y)
}

// Add rounds the sum.
func (d *Device) Add(y, a, b *tensor.Tensor) {
	d.Device.Add(y, a, b)
	d.round(y)
}

// AddScaled rounds the product and the sum.
func (d *Device) AddScaled(y, a, b *tensor.Tensor, scale float32) {
	av, bv := d.host(a), d.host(b)
	for i, v := range bv {
		av[i] = r(av[i] + r(scale*v))
	}
	d.Upload(y, av)
}

// AddRows rounds the sums.
func (d *Device) AddRows(y, x, s *tensor.Tensor, rows []int32) {
	d.Device.AddRows(y, x, s, rows)
	d.round(y)
}

// RMSNorm rounds before the weight and after it.
func (d *Device) RMSNorm(y, rstd, x, w *tensor.Tensor, eps float32) {
	d.Device.RMSNorm(y, rstd, x, w, eps)
	xv, wv, s := d.host(x), d.host(w), d.host(rstd)
	for i, v := range xv {
		xv[i] = r(r(v*s[i/x.Cols]) * r(wv[i%x.Cols]))
	}
	d.Upload(y, xv)
}

// LayerNorm rounds once.
func (d *Device) LayerNorm(y, mean, rstd, x, w, b *tensor.Tensor, eps float32) {
	mark := d.Mark()
	d.Device.LayerNorm(y, mean, rstd, x, d.rounded(w), d.rounded(b), eps)
	d.Release(mark)
	d.round(y)
}

// Rope rounds once in the vision tower, and every product and sum with tables in
// bfloat16.
func (d *Device) Rope(y, x, cos, sin *tensor.Tensor) {
	if _, half := d.tables[cos]; !half {
		d.Device.Rope(y, x, cos, sin)
		d.round(y)
		return
	}
	in, c, s := d.host(x), d.host(cos), d.host(sin)
	out := make([]float32, len(in))
	n := cos.Cols
	for i := range x.Rows {
		for h := 0; h < x.Cols; h += 2 * n {
			for j := range n {
				p, q := i*x.Cols+h+j, i*x.Cols+h+j+n
				out[p] = r(r(in[p]*c[i*n+j]) + r(-in[q]*s[i*n+j]))
				out[q] = r(r(in[q]*c[i*n+j]) + r(in[p]*s[i*n+j]))
			}
		}
	}
	d.Upload(y, out)
}

// SwiGLU rounds after silu and after the product.
func (d *Device) SwiGLU(y, gate, up *tensor.Tensor) {
	g, u := d.host(gate), d.host(up)
	for i, v := range g {
		g[i] = r(r(float32(float64(v)/(1+math.Exp(-float64(v))))) * u[i])
	}
	d.Upload(y, g)
}

// GELU rounds once.
func (d *Device) GELU(y, x *tensor.Tensor) {
	d.Device.GELU(y, x)
	d.round(y)
}

// GELUTanh rounds once.
func (d *Device) GELUTanh(y, x *tensor.Tensor) {
	d.Device.GELUTanh(y, x)
	d.round(y)
}

// Blend rounds the weights, every product and every sum.
func (d *Device) Blend(y, table *tensor.Tensor, ids []int32, weights []float32) {
	tv, out := d.host(table), make([]float32, y.Len())
	for k, id := range ids {
		row := out[k*y.Rows/len(ids)*y.Cols:][:y.Cols]
		for j := range row {
			row[j] = r(row[j] + r(r(weights[k])*r(tv[int(id)*y.Cols+j])))
		}
	}
	d.Upload(y, out)
}
