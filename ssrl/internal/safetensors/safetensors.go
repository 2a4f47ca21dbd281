// Package safetensors reads and writes the tensor files of Hugging Face models.
//
// A file is eight bytes of little-endian header length, a JSON header that
// maps names to dtype, shape and byte range, and the data. Reading maps the
// file and copies nothing until a tensor is asked for. Writing gives the same
// bytes as the Python package (safetensors 0.6), so that files can be compared.
//
// Limits: the header, byte ranges and shapes are checked before any tensor is
// read, and a header above 100 MB is refused. A mapped file that another
// program shortens ends the process with SIGBUS: copy what must survive, and
// never rewrite a model in place. Files are data only.
package safetensors

import (
	"fmt"
	"math"
	"slices"
)

// DType names the type of a tensor's elements as it stands in a header.
type DType string

// The types that this package converts; Raw hands out every other one.
const (
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
)

// dtypes lists the known types in the order in which the Python package lays
// tensors out, last first: widest types start the data, which aligns them all.
// A type that is not here is only an error when its tensor is converted.
var dtypes = []struct {
	name DType
	size int // bytes
}{
	{"BOOL", 1}, {"U8", 1}, {"I8", 1}, {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"F8_E8M0", 1}, {"I16", 2}, {"U16", 2},
	{F16, 2}, {BF16, 2}, {"I32", 4}, {"U32", 4}, {F32, 4}, {"C64", 8}, {"F64", 8}, {"I64", 8}, {"U64", 8},
}

// size returns the bytes of one element, 0 for a type that is not known.
func (d DType) size() int {
	for _, t := range dtypes {
		if t.name == d {
			return t.size
		}
	}
	return 0
}

// rank returns the place of d in dtypes, -1 for a type that is not known.
func (d DType) rank() int {
	for i, t := range dtypes {
		if t.name == d {
			return i
		}
	}
	return -1
}

// Info says what a tensor is.
type Info struct {
	DType DType
	Shape []int // empty: one element
}

// Len returns the number of elements.
func (i Info) Len() int {
	n := 1
	for _, d := range i.Shape {
		n *= d
	}
	return n
}

// elements returns the product of shape, or false when it does not fit an int.
func elements(shape []int) (int, bool) {
	if len(shape) > 0 && slices.Min(shape) < 0 {
		return 0, false
	}
	if slices.Contains(shape, 0) {
		return 0, true
	}
	n := 1
	for _, d := range shape {
		if n > math.MaxInt/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// bytesOf returns the bytes of a tensor of a known type.
func bytesOf(d DType, shape []int) (int, error) {
	n, ok := elements(shape)
	if !ok || n > math.MaxInt/d.size() {
		return 0, fmt.Errorf("shape %v is out of range", shape)
	}
	return n * d.size(), nil
}
