package policy

import (
	"fmt"
	"math"
)

// tiny keeps a denominator of counted tokens from being zero, as upstream does
// (verl_functional.masked_mean).
const tiny = 1e-8

// Mask says which tokens count: mask[i][t] is token t of row i. A nil Mask
// counts every token.
type Mask [][]bool

func (m Mask) on(i, t int) bool { return m == nil || m[i][t] }

// Tokens returns how many tokens of row i count, of a row of length n.
func (m Mask) Tokens(i, n int) int {
	if m == nil {
		return n
	}
	count := 0
	for _, on := range m[i] {
		if on {
			count++
		}
	}
	return count
}

// Count returns how many tokens of rows count.
func (m Mask) Count(rows [][]float64) int {
	n := 0
	for i, row := range rows {
		n += m.Tokens(i, len(row))
	}
	return n
}

// sameShape panics unless every array has the rows of want and mask fits it.
func sameShape(what string, want [][]float64, mask Mask, others ...[][]float64) {
	for _, o := range others {
		if len(o) != len(want) {
			panic(fmt.Sprintf("policy: %s: %d rows beside %d", what, len(o), len(want)))
		}
		for i := range want {
			if len(o[i]) != len(want[i]) {
				panic(fmt.Sprintf("policy: %s: row %d has %d tokens beside %d", what, i, len(o[i]), len(want[i])))
			}
		}
	}
	if mask == nil {
		return
	}
	if len(mask) != len(want) {
		panic(fmt.Sprintf("policy: %s: mask of %d rows beside %d", what, len(mask), len(want)))
	}
	for i := range want {
		if len(mask[i]) != len(want[i]) {
			panic(fmt.Sprintf("policy: %s: mask row %d has %d tokens beside %d", what, i, len(mask[i]), len(want[i])))
		}
	}
}

func like(rows [][]float64) [][]float64 {
	n := 0
	for _, r := range rows {
		n += len(r)
	}
	all := make([]float64, n)
	out := make([][]float64, len(rows))
	for i, r := range rows {
		out[i], all = all[:len(r):len(r)], all[len(r):]
	}
	return out
}

// Mean is the mean of the tokens that count, 0 where there is none.
func Mean(x [][]float64, mask Mask) float64 {
	sameShape("mean", x, mask)
	var sum, n float64
	for i, row := range x {
		for t, v := range row {
			if mask.on(i, t) {
				sum += v
				n++
			}
		}
	}
	return sum / (n + tiny)
}

// RowMeans is the mean of each row, 0 for a row of which nothing counts.
func RowMeans(x [][]float64, mask Mask) []float64 {
	sameShape("row means", x, mask)
	out := make([]float64, len(x))
	for i, row := range x {
		var sum, n float64
		for t, v := range row {
			if mask.on(i, t) {
				sum += v
				n++
			}
		}
		out[i] = sum / (n + tiny)
	}
	return out
}

// Var is the variance of the tokens that count. Unbiased multiplies by n/(n-1)
// where n > 1.
func Var(x [][]float64, mask Mask, unbiased bool) float64 {
	mean := Mean(x, mask)
	var sum, n float64
	for i, row := range x {
		for t, v := range row {
			if mask.on(i, t) {
				sum += (v - mean) * (v - mean)
				n++
			}
		}
	}
	v := sum / (n + tiny)
	if unbiased && n > 1 {
		v *= n / (n - 1)
	}
	return v
}

// Whiten shifts and scales x to mean 0 and unbiased variance 1 over the tokens
// that count; the others become 0 (upstream transforms them too, and they must
// be masked again).
func Whiten(x [][]float64, mask Mask) [][]float64 {
	mean, scale := Mean(x, mask), 1/math.Sqrt(Var(x, mask, true)+tiny)
	y := like(x)
	for i, row := range x {
		for t, v := range row {
			if mask.on(i, t) {
				y[i][t] = (v - mean) * scale
			}
		}
	}
	return y
}

// Average names how a quantity per token becomes one number.
type Average string

const (
	// AverageToken weighs every token of the batch alike.
	AverageToken Average = "token"
	// AverageSeq weighs every row alike, and the tokens within a row alike.
	AverageSeq Average = "seq"
	// AverageLength divides a row's sum by a constant length, then weighs rows
	// alike (Dr. GRPO, arXiv 2503.20783; verl's seq-mean-token-sum-norm).
	AverageLength Average = "length"
)

// Check refuses unknown averages. Length is the constant of AverageLength.
func (a Average) Check(length int) error {
	switch a {
	case AverageToken, AverageSeq:
		return nil
	case AverageLength:
		if length <= 0 {
			return fmt.Errorf("average length: length %d (want > 0)", length)
		}
		return nil
	}
	return fmt.Errorf("average %q (want token, seq or length)", string(a))
}

// weights returns, per row, what a counted token of it weighs in the average.
func (a Average) weights(rows [][]float64, mask Mask, length int) []float64 {
	w := make([]float64, len(rows))
	switch a {
	case AverageToken:
		each := 1 / (float64(mask.Count(rows)) + tiny)
		for i := range w {
			w[i] = each
		}
	case AverageSeq:
		for i, row := range rows {
			w[i] = 1 / (float64(len(rows)) * (float64(mask.Tokens(i, len(row))) + tiny))
		}
	case AverageLength:
		each := 1 / (float64(len(rows)) * float64(length))
		for i := range w {
			w[i] = each
		}
	default:
		panic(fmt.Sprintf("policy: average %q", string(a)))
	}
	return w
}

// Of averages x over the tokens that count. Length is used by AverageLength only.
func (a Average) Of(x [][]float64, mask Mask, length int) float64 {
	sameShape("average", x, mask)
	return weighted(x, mask, a.weights(x, mask, length))
}

func weighted(x [][]float64, mask Mask, w []float64) float64 {
	total := 0.0
	for i, row := range x {
		sum := 0.0
		for t, v := range row {
			if mask.on(i, t) {
				sum += v
			}
		}
		total += sum * w[i]
	}
	return total
}

// Size counts what is in a batch or a part of it.
type Size struct{ Rows, Tokens int }

// SizeOf counts the rows and the tokens that count.
func SizeOf(rows [][]float64, mask Mask) Size { return Size{len(rows), mask.Count(rows)} }

// Weight is the factor of a micro-batch's own average within an optimiser step
// of which it is a part. The weights of all parts add up to 1, and with it the
// sum does not depend on how the step was cut. TokenWeighted weighs AverageSeq
// by tokens instead of rows, as upstream does: then it does depend on the cut.
func (a Average) Weight(part, step Size, tokenWeighted bool) float64 {
	if a == AverageToken || tokenWeighted {
		return float64(part.Tokens) / math.Max(1, float64(step.Tokens))
	}
	return float64(part.Rows) / math.Max(1, float64(step.Rows))
}
