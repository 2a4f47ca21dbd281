package cpu

import "math"

// expf is e^x in float32, within 2 units in the last place, subnormal results
// included. Products are rounded before they are added, so that every
// instruction set gives the same bits.
//
// x = n ln2 + r with |r| <= ln2/2, e^r by Cephes' expf polynomial
// (S. Moshier, cephes 2.8, expf.c), times 2^n in two steps.
func expf(x float32) float32 {
	if x < expLow {
		x = expLow
	}
	if x > expHigh {
		x = expHigh
	}
	// Adding 1.5*2^23 leaves the rounded integer in the low bits of the sum.
	t := float32(x*log2e) + expRound
	n := t - expRound
	r := x - float32(n*ln2High)
	r -= float32(n * ln2Low)
	p := float32(exp0)
	p = float32(p*r) + exp1
	p = float32(p*r) + exp2
	p = float32(p*r) + exp3
	p = float32(p*r) + exp4
	p = float32(p*r) + exp5
	p = float32(p*float32(r*r)) + r + 1
	i := int32(math.Float32bits(t)) - expRoundBits
	half := i >> 1
	return p * math.Float32frombits(uint32(half+127)<<23) * math.Float32frombits(uint32(i-half+127)<<23)
}

const (
	expLow  = -104 // below, the nearest float32 is 0
	expHigh = 89   // above, it is +Inf
	log2e   = 1.44269504088896341

	// ln2High has few enough bits that its product with n is exact.
	ln2High = 0.693359375
	ln2Low  = -2.12194440e-4

	expRound     = 1.5 * (1 << 23)
	expRoundBits = 0x4b400000

	exp0 = 1.9875691500e-4
	exp1 = 1.3981999507e-3
	exp2 = 8.3334519073e-3
	exp3 = 4.1665795894e-2
	exp4 = 1.6666665459e-1
	exp5 = 5.0000001201e-1
)

// lanes is the number of interleaved sums and maxima of a long reduction, and
// what assembly takes at a time.
const lanes = 16

// exp sets dst[j] to e^((src[j]-from)*scale - less). dst may be src.
func (s isa) exp(dst, src []float32, from, scale, less float32) {
	n := s.expLanes(dst, src, from, scale, less)
	if rest := len(src) - n; rest > 0 && s != portable {
		var t [lanes]float32
		copy(t[:], src[n:])
		s.expLanes(t[:], t[:], from, scale, less)
		n += copy(dst[n:], t[:rest])
	}
	for j, v := range src[n:] {
		dst[n+j] = expf(float32((v-from)*scale) - less)
	}
}

// sum adds x up in 16 interleaved sums, element j in sum j%16, then halves:
// sum l += sum l+8, then l+4, l+2, l+1.
func (s isa) sum(x []float32) float32 {
	var t [lanes]float32
	for x = x[s.sumLanes(&t, x):]; len(x) >= lanes; x = x[lanes:] {
		for l, v := range x[:lanes] {
			t[l] += v
		}
	}
	for l, v := range x {
		t[l] += v
	}
	for h := lanes / 2; h > 0; h /= 2 {
		for l := range h {
			t[l] += t[l+h]
		}
	}
	return t[0]
}

// largest returns the greatest element, passing over NaN.
func (s isa) largest(x []float32) float32 {
	top := float32(math.Inf(-1))
	var t [lanes]float32
	if n := s.maxLanes(&t, x); n > 0 {
		x = x[n:]
		top = largest(top, t[:])
	}
	return largest(top, x)
}

func largest(top float32, x []float32) float32 {
	for _, v := range x {
		if v > top {
			top = v
		}
	}
	return top
}
