package cpu

import (
	"fmt"
	"unsafe"

	"ssrl/internal/tensor"
)

// How weights in bfloat16 are used: the products pack their right matrix in any
// case, and widen it on the way. What is multiplied, and in which order, is what
// a float32 tensor of the same values gives, so the results are its results.

var _ tensor.Mapper = (*Device)(nil)

// NewBF16 returns a zeroed bfloat16 tensor that lives until Free.
func (d *Device) NewBF16(rows, cols int) *tensor.Tensor {
	if rows < 0 || cols < 0 {
		panic(fmt.Sprintf("cpu: new tensor [%d %d]", rows, cols))
	}
	return newHalf(rows, cols, make([]uint16, rows*cols), false)
}

// MapBF16 returns a tensor over raw, which is only read: writing to the tensor
// panics.
func (d *Device) MapBF16(rows, cols int, raw []byte) *tensor.Tensor {
	if len(raw) != 2*rows*cols {
		panic(fmt.Sprintf("cpu: map of %d bytes as [%d %d]", len(raw), rows, cols))
	}
	first := unsafe.SliceData(raw)
	if len(raw) == 0 || uintptr(unsafe.Pointer(first))%2 != 0 || !littleEndian() {
		return nil
	}
	return newHalf(rows, cols, unsafe.Slice((*uint16)(unsafe.Pointer(first)), rows*cols), true)
}

func littleEndian() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 1
}

func newHalf(rows, cols int, half []uint16, mapped bool) *tensor.Tensor {
	return &tensor.Tensor{Type: tensor.BF16, Rows: rows, Cols: cols, Stride: cols, Mem: &memory{half: half, mapped: mapped}}
}

// halves is a matrix of bfloat16.
type halves struct {
	data               []uint16
	rows, cols, stride int
}

func inHalves(t *tensor.Tensor) halves {
	check(t.Type == tensor.BF16, "bfloat16 wanted", t)
	m := halves{rows: t.Rows, cols: t.Cols, stride: t.Stride}
	if t.Rows > 0 && t.Cols > 0 {
		end := t.Offset + (t.Rows-1)*t.Stride + t.Cols
		m.data = t.Mem.(*memory).half[t.Offset:end:end]
	}
	return m
}

func outHalves(t *tensor.Tensor) halves {
	check(!t.Mem.(*memory).mapped, "write to mapped weights", t)
	return inHalves(t)
}

func (m *halves) row(i int) []uint16 {
	o := i * m.stride
	return m.data[o : o+m.cols : o+m.cols]
}

// widen sets dst to the values of src; dst may be longer.
func (s isa) widen(dst []float32, src []uint16) {
	dst = dst[:len(src)]
	for j := s.widenEights(dst, src); j < len(src); j++ {
		dst[j] = tensor.Widen16(src[j])
	}
}

// narrow rounds the first of src to dst.
func narrow(dst []uint16, src []float32) {
	for j, v := range src[:len(dst)] {
		dst[j] = tensor.Round16(v)
	}
}

// rightHalf is a right matrix [k, n] in bfloat16: element (p, j) is w(j, p) when
// transposed, else w(p, j).
type rightHalf struct {
	w          halves
	transposed bool
}

// pack copies columns [j0, j1) and rows [k0, k1) of b into panels at dst, a
// panel at a time through a widened copy that stays in the first level cache.
func (b *rightHalf) pack(s isa, w *worker, dst []float32, k0, k1, j0, j1 int) packed {
	panel, k := s.panel(), k1-k0
	p := packed{dst, k * panel}
	wide := grow(&w.wide, k*panel)
	for j := j0; j < j1; j += panel {
		out, n := dst[(j-j0)/panel*p.stride:][:p.stride], min(panel, j1-j)
		if b.transposed {
			done := s.turn(out, &b.w, j, n, k0, k1)
			if done == k {
				continue
			}
			out, rest := out[done*panel:], k-done
			for c := range n {
				s.widen(wide[c*rest:], b.w.row(j + c)[k0+done:k1])
			}
			s.columns(out, panel, wide, rest, 1, rest, n)
			clearColumns(out, panel, rest, n)
			continue
		}
		for r := range k {
			row := out[r*panel : (r+1)*panel]
			s.widen(row, b.w.row(k0 + r)[j:j+n])
			clear(row[n:])
		}
	}
	return p
}

// tableRow copies row i of a table of either type.
func (s isa) tableRow(dst []float32, table *matrix, half *halves, i int) {
	if half.data != nil {
		s.widen(dst, half.row(i))
		return
	}
	copy(dst, table.row(i))
}

// either returns t as the matrix that it is.
func either(t *tensor.Tensor) (matrix, halves) {
	if t.Type == tensor.BF16 {
		return matrix{}, inHalves(t)
	}
	return in(t), halves{}
}
