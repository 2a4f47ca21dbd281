//go:build !noasm

package cpu

// exp512 and exp256 are isa.exp for n > 0 elements, a multiple of 16.
//
//	for j < n: dst[j] = expf((src[j]-from)*scale - less)
//
//go:noescape
func exp512(dst, src *float32, n int, from, scale, less float32)

//go:noescape
func exp256(dst, src *float32, n int, from, scale, less float32)

// sum16 and max16 reduce n > 0 elements, a multiple of 16, to 16.
//
//	for j < n: sums[j%16] += x[j], from 0
//	for j < n: tops[j%16] = max(tops[j%16], x[j]), from -Inf, passing over NaN
//
//go:noescape
func sum16(sums *[lanes]float32, x *float32, n int)

//go:noescape
func max16(tops *[lanes]float32, x *float32, n int)

// whole returns how many of n elements assembly takes.
func (s isa) whole(n int) int {
	if s == portable {
		return 0
	}
	return n &^ (lanes - 1)
}

// expLanes does the first elements of isa.exp and returns how many.
func (s isa) expLanes(dst, src []float32, from, scale, less float32) int {
	n := s.whole(len(src))
	if n == 0 {
		return 0
	}
	_ = dst[n-1]
	if s == avx512 {
		exp512(&dst[0], &src[0], n, from, scale, less)
	} else {
		exp256(&dst[0], &src[0], n, from, scale, less)
	}
	return n
}

// sumLanes sets sums to those of the first elements of x and returns how many.
func (s isa) sumLanes(sums *[lanes]float32, x []float32) int {
	n := s.whole(len(x))
	if n > 0 {
		sum16(sums, &x[0], n)
	}
	return n
}

// maxLanes sets tops to those of the first elements of x and returns how many.
func (s isa) maxLanes(tops *[lanes]float32, x []float32) int {
	n := s.whole(len(x))
	if n > 0 {
		max16(tops, &x[0], n)
	}
	return n
}
