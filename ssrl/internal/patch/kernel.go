package patch

import "math"

// Kernel is the arithmetic of a bicubic resize. Both use the same window and
// the same float64 weights and differ in how these become integers, which
// shows in 0.3 % of the samples by one level.
type Kernel int

const (
	Torchvision Kernel = iota // 16-bit weights: torchvision v2 on uint8, Hugging Face's fast processors
	Pillow                    // weights of 22 fraction bits: Pillow up to 12, the slow processors
)

// fractionBits is what both kernels have at most: 8 bits of sample and a sum
// of weights below 2 then fit in 31.
const fractionBits = 22

// window holds the real weights of one pass. Output i is the sum over j of
// weights[start[i]+j] * source[first[i]+j], start[i+1]-start[i] terms of it.
type window struct {
	first, start []int
	weights      []float64
	widest       float64 // the largest weight
}

// newWindow returns the antialiased bicubic weights (Keys, a = -0.5) that take
// in samples to out. The window is that of Pillow's Resample.c and of ATen's
// UpSampleKernel.cpp: it grows with the scale when shrinking.
func newWindow(in, out int, k Kernel) *window {
	w := &window{first: make([]int, out), start: make([]int, out+1)}
	scale := float64(in) / float64(out)
	stretch := max(scale, 1)
	support := 2 * stretch
	inverse := 1 / stretch
	w.weights = make([]float64, 0, out*(int(2*support)+2))
	for i := range out {
		center := float64((float64(i) + 0.5) * scale)
		lo := max(int(center-support+0.5), 0)
		hi := min(int(center+support+0.5), in)
		from, sum := len(w.weights), 0.0
		for j := lo; j < hi; j++ {
			v := cubic((float64(j)-center+0.5)*inverse, k)
			w.weights = append(w.weights, v)
			sum += v
		}
		for j := from; j < len(w.weights); j++ {
			if sum != 0 {
				w.weights[j] /= sum
			}
			w.widest = max(w.widest, w.weights[j])
		}
		w.first[i], w.start[i+1] = lo, len(w.weights)
	}
	return w
}

// cubic is the Keys kernel at x. Products are converted so that no compiler
// fuses them with a sum; the two sources nest the outer branch differently.
func cubic(x float64, k Kernel) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64(float64(float64(float64((a+2)*x)-(a+3))*x)*x) + 1
	case x >= 2:
		return 0
	case k == Pillow:
		return float64(float64(float64(float64(x-5)*x+8)*x)-4) * a
	}
	return float64(float64(float64(float64(a*x)-5*a)*x+8*a)*x) - 4*a
}

// int16Bits returns the most fraction bits with which the widest weight still
// fits in 16 bits.
func int16Bits(widest float64) int {
	bits := 0
	for bits < fractionBits && int(0.5+widest*float64(int(1)<<(bits+1))) < 1<<15 {
		bits++
	}
	return bits
}

// axis is a window whose weights are integers with shift fraction bits, in
// two's complement.
type axis struct {
	kernel       Kernel
	first, start []int
	weights      []uint64
	shift        int
}

// newAxis rounds the weights of newWindow, halves away from zero, and drops
// the zeros that this leaves at the ends of a window.
func newAxis(in, out int, k Kernel) *axis {
	w := newWindow(in, out, k)
	a := &axis{kernel: k, first: w.first, start: w.start, weights: make([]uint64, 0, len(w.weights)), shift: fractionBits}
	if k == Torchvision {
		a.shift = int16Bits(w.widest)
	}
	one := float64(int(1) << a.shift)
	end := 0
	for i := range a.first {
		from := len(a.weights)
		var terms []float64
		terms, end = w.weights[end:w.start[i+1]], w.start[i+1]
		for _, v := range terms {
			n := int(math.Copysign(0.5, v) + v*one)
			if n == 0 && len(a.weights) == from {
				a.first[i]++
				continue
			}
			a.weights = append(a.weights, uint64(n))
		}
		for len(a.weights) > from && a.weights[len(a.weights)-1] == 0 {
			a.weights = a.weights[:len(a.weights)-1]
		}
		a.start[i+1] = len(a.weights)
	}
	return a
}
