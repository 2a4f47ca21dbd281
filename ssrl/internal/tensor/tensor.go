// Package tensor names the arrays and the fused operations that the model is
// written in. It computes nothing: a Device does.
//
// Every array is a matrix, [tokens, features] in most cases; a vector is one
// row. Heads lie side by side in the features. Arrays of sequences are packed
// without padding, and a Span says which rows see which.
package tensor

import "fmt"

// Tensor is a row-major float32 matrix on one device. Rows may be further
// apart than they are long, so that a column block is a Tensor too.
type Tensor struct {
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
	return &Tensor{to - from, t.Cols, t.Stride, t.Offset + from*t.Stride, t.Mem}
}

// Columns returns columns [from, to) of t, sharing its memory.
func (t *Tensor) Columns(from, to int) *Tensor {
	if from < 0 || to < from || to > t.Cols {
		panic(fmt.Sprintf("tensor: columns [%d, %d) of %v", from, to, t))
	}
	return &Tensor{t.Rows, to - from, t.Stride, t.Offset + from, t.Mem}
}

// Reshape returns t as rows x cols. It must be contiguous and of that size.
func (t *Tensor) Reshape(rows, cols int) *Tensor {
	if t.Stride != t.Cols || rows*cols != t.Len() {
		panic(fmt.Sprintf("tensor: %v as %dx%d", t, rows, cols))
	}
	return &Tensor{rows, cols, cols, t.Offset, t.Mem}
}

// String gives the shape, for panics about shapes.
func (t *Tensor) String() string {
	if t == nil {
		return "nil"
	}
	if t.Stride != t.Cols {
		return fmt.Sprintf("[%d %d, stride %d]", t.Rows, t.Cols, t.Stride)
	}
	return fmt.Sprintf("[%d %d]", t.Rows, t.Cols)
}
