package cpu

import (
	"unsafe"

	"ssrl/internal/tensor"
)

// Products of bfloat16 by bfloat16: of float32 activations only what bfloat16 holds
// goes into products with weights in bfloat16, as in transformers' bfloat16, and
// sums stay float32. A pair of neighbours in a row is one word, and the kernels of
// float32 products run on words: a chain then goes in pairs, in the same order for
// any number of rows. Where the processor has no such products, the rounded values
// go through the float32 kernels.

// RoundProducts makes the device round activations to bfloat16 where they meet
// bfloat16 weights going forward. Call it before the first product.
func (d *Device) RoundProducts() { d.rounds, d.wordISA = true, wordsISA(d.isa) }

// roundLeft makes x the left matrix of g, rounded.
func (d *Device) roundLeft(g *gemm, x *matrix) {
	t := &d.roundRows
	*t = roundRows{isa: d.wordISA, x: *x}
	width := x.cols
	if d.wordISA == words {
		width = ceil(x.cols, 2)
		g.words, g.k = true, width
	}
	t.dst = matrix{grow(&d.rounded, x.rows*width), x.rows, width, width}
	g.a = t.dst.rowMajor()
	d.run(t, x.rows, x.cols)
}

// roundRows rounds the rows of x to words or, without those, to float32.
type roundRows struct {
	isa    isa
	x, dst matrix
}

func (t *roundRows) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		x, dst := t.x.row(i), t.dst.row(i)
		if t.isa != words {
			for j, v := range x {
				dst[j] = tensor.Widen16(tensor.Round16(v))
			}
			continue
		}
		halves := halvesOf(dst)
		n := t.isa.roundSixteens(halves, x)
		narrow(halves[n:len(x)], x[n:])
		clear(halves[len(x):])
	}
}

// halvesOf are the halves of words, of which a slice of float32 holds the bits.
func halvesOf(words []float32) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(words))), 2*len(words))
}

// packWords copies columns [j0, j1) of w^T, words [k0, k1) of each, into panels at dst.
func (b *rightHalf) packWords(s isa, dst []float32, k0, k1, j0, j1 int) packed {
	panel, k := s.panel(), k1-k0
	p := packed{dst, k * panel}
	for j := j0; j < j1; j += panel {
		out, n := dst[(j-j0)/panel*p.stride:][:p.stride], min(panel, j1-j)
		done := s.turnWords(out, &b.w, j, n, k0, k1)
		rest := halvesOf(out[done*panel:])
		clear(rest)
		for c := range n {
			for i, v := range b.w.row(j + c)[min(b.w.cols, 2*(k0+done)):min(b.w.cols, 2*k1)] {
				rest[(i/2*panel+c)*2+i%2] = v
			}
		}
	}
	return p
}
