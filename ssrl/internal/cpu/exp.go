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

// exp replaces every element of x by its exponential.
func (s isa) exp(x []float32) {
	for j, v := range x {
		x[j] = expf(v)
	}
}

// sumLanes adds x up in 16 interleaved sums, element j in sum j%16, then halves:
// sum l += sum l+8, then l+4, l+2, l+1.
func sumLanes(x []float32) float32 {
	var s [16]float32
	for ; len(x) >= 16; x = x[16:] {
		for l, v := range x[:16] {
			s[l] += v
		}
	}
	for l, v := range x {
		s[l] += v
	}
	for h := 8; h > 0; h /= 2 {
		for l := range h {
			s[l] += s[l+h]
		}
	}
	return s[0]
}
