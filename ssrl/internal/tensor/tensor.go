// Package tensor names the arrays and the fused operations that the model is
// written in. It computes nothing: a Device does.
//
// Every array is a matrix, [tokens, features] in most cases; a vector is one
// row. Heads lie side by side in the features. Arrays of sequences are packed
// without padding, and a Span says which rows see which.
package tensor

import "fmt"

// Type is how the elements of a Tensor are stored. All computing is in float32.
type Type int

// The types. BF16 is bfloat16, for weights that do not change: a device takes
// them where it says so, and its results are those of the widened values.
const (
	F32 Type = iota
	BF16
)

// Tensor is a row-major matrix on one device. Rows may be further apart than
// they are long, so that a column block is a Tensor too.
type Tensor struct {
	Type       Type
	Rows, Cols int
	Stride     int // elements from one row to the next, >= Cols
	Offset     int // element of Mem where row 0 starts
	Mem        Mem
}

// Mem is memory of one device. Only that device knows what is inside.
type Mem interface {
	Len() int // elements
}

// Len returns the number of elements, padding between rows left out.
func (t *Tensor) Len() int { return t.Rows * t.Cols }

// Slice returns rows [from, to) of t, sharing its memory.
func (t *Tensor) Slice(from, to int) *Tensor {
	if from < 0 || to < from || to > t.Rows {
		panic(fmt.Sprintf("tensor: rows [%d, %d) of %v", from, to, t))
	}
	return &Tensor{t.Type, to - from, t.Cols, t.Stride, t.Offset + from*t.Stride, t.Mem}
}

// Columns returns columns [from, to) of t, sharing its memory.
func (t *Tensor) Columns(from, to int) *Tensor {
	if from < 0 || to < from || to > t.Cols {
		panic(fmt.Sprintf("tensor: columns [%d, %d) of %v", from, to, t))
	}
	return &Tensor{t.Type, t.Rows, to - from, t.Stride, t.Offset + from, t.Mem}
}

// Reshape returns t as rows x cols. It must be contiguous and of that size.
func (t *Tensor) Reshape(rows, cols int) *Tensor {
	if t.Stride != t.Cols || rows*cols != t.Len() {
		panic(fmt.Sprintf("tensor: %v as %dx%d", t, rows, cols))
	}
	return &Tensor{t.Type, rows, cols, cols, t.Offset, t.Mem}
}

// String gives the shape, for panics about shapes.
func (t *Tensor) String() string {
	if t == nil {
		return "nil"
	}
	s := fmt.Sprintf("[%d %d", t.Rows, t.Cols)
	if t.Stride != t.Cols {
		s += fmt.Sprintf(", stride %d", t.Stride)
	}
	if t.Type == BF16 {
		s += ", bfloat16"
	}
	return s + "]"
}
