package cpu

import (
	"fmt"

	"ssrl/internal/tensor"
)

// memory is the Mem of this device.
type memory struct {
	data    []float32
	half    []uint16 // of a bfloat16 tensor, instead of data
	version uint64   // grows with every write; packed copies of older versions are stale
	mapped  bool     // half belongs to someone else and is only read
	scratch bool     // part of the arena: never worth a packed copy that lasts
}

func (m *memory) Len() int { return len(m.data) + len(m.half) }

// New returns a zeroed tensor that lives until Free.
func (d *Device) New(rows, cols int) *tensor.Tensor {
	if rows < 0 || cols < 0 {
		panic(fmt.Sprintf("cpu: new tensor [%d %d]", rows, cols))
	}
	return &tensor.Tensor{Rows: rows, Cols: cols, Stride: cols, Mem: &memory{data: make([]float32, rows*cols)}}
}

// Free gives t's memory back, and with it that of every view of it.
func (d *Device) Free(t *tensor.Tensor) {
	m := t.Mem.(*memory)
	if m.scratch {
		panic("cpu: free of a scratch tensor")
	}
	d.packs.drop(m)
	d.calls = calls{} // they may hold the memory
	m.data, m.half = nil, nil
}

// matrix is a tensor without the indirections: element (i, j) is data[i*stride+j].
type matrix struct {
	data               []float32
	rows, cols, stride int
}

// in returns t for reading. A nil tensor gives no data.
func in(t *tensor.Tensor) matrix {
	if t == nil {
		return matrix{}
	}
	check(t.Type == tensor.F32, "float32 wanted", t)
	m := matrix{rows: t.Rows, cols: t.Cols, stride: t.Stride}
	if t.Rows > 0 && t.Cols > 0 {
		end := t.Offset + (t.Rows-1)*t.Stride + t.Cols
		m.data = t.Mem.(*memory).data[t.Offset:end:end]
	}
	return m
}

// out returns t for writing.
func out(t *tensor.Tensor) matrix {
	if t != nil {
		t.Mem.(*memory).version++
	}
	return in(t)
}

// row returns row i, without the padding that follows it.
func (m *matrix) row(i int) []float32 {
	o := i * m.stride
	return m.data[o : o+m.cols : o+m.cols]
}

// block returns rows [from, to) of the columns [left, right).
func (m *matrix) block(from, to, left, right int) matrix {
	b := matrix{rows: to - from, cols: right - left, stride: m.stride}
	if b.rows > 0 && b.cols > 0 {
		o := from*m.stride + left
		end := o + (b.rows-1)*m.stride + b.cols
		b.data = m.data[o:end:end]
	}
	return b
}

// given tells whether the caller passed a tensor rather than nil.
func (m *matrix) given() bool { return m.stride > 0 || m.rows > 0 }

// check panics with the shapes of ts unless ok.
func check(ok bool, op string, ts ...*tensor.Tensor) {
	if ok {
		return
	}
	s := ""
	for _, t := range ts {
		s += " " + t.String()
	}
	panic("cpu: " + op + ": shapes" + s)
}

func same(a, b *tensor.Tensor) bool { return a.Rows == b.Rows && a.Cols == b.Cols }

// vector tells whether t is one row of n.
func vector(t *tensor.Tensor, n int) bool { return t.Rows == 1 && t.Cols == n }

// like tells whether t is nil or has the shape of a.
func like(t, a *tensor.Tensor) bool { return t == nil || same(t, a) }

// Upload copies src, row by row, into dst.
func (d *Device) Upload(dst *tensor.Tensor, src []float32) {
	if len(src) != dst.Len() {
		panic(fmt.Sprintf("cpu: upload of %d values to %v", len(src), dst))
	}
	if dst.Type == tensor.BF16 {
		to := outHalves(dst)
		for i := range to.rows {
			narrow(to.row(i), src[i*to.cols:])
		}
		return
	}
	m := out(dst)
	for i := range m.rows {
		copy(m.row(i), src[i*m.cols:])
	}
}

// Download copies src, row by row, into dst.
func (d *Device) Download(dst []float32, src *tensor.Tensor) {
	if len(dst) != src.Len() {
		panic(fmt.Sprintf("cpu: download of %v to %d values", src, len(dst)))
	}
	if src.Type == tensor.BF16 {
		from := inHalves(src)
		for i := range from.rows {
			d.isa.widen(dst[i*from.cols:], from.row(i))
		}
		return
	}
	m := in(src)
	for i := range m.rows {
		copy(dst[i*m.cols:], m.row(i))
	}
}

// Zero sets all of dst to 0.
func (d *Device) Zero(dst *tensor.Tensor) {
	if dst.Type == tensor.BF16 {
		m := outHalves(dst)
		for i := range m.rows {
			clear(m.row(i))
		}
		return
	}
	m := out(dst)
	for i := range m.rows {
		clear(m.row(i))
	}
}

// Copy copies src into dst of the same shape and type.
func (d *Device) Copy(dst, src *tensor.Tensor) {
	check(same(dst, src) && dst.Type == src.Type, "copy", dst, src)
	if dst.Type == tensor.BF16 {
		to, from := outHalves(dst), inHalves(src)
		for i := range to.rows {
			copy(to.row(i), from.row(i))
		}
		return
	}
	to, from := out(dst), in(src)
	for i := range to.rows {
		copy(to.row(i), from.row(i))
	}
}
