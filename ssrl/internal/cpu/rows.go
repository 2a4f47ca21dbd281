package cpu

// Loops over a row. All slices are as long as the first one, or longer; y may be
// one of the others. Products are rounded before they are added.

// add is y = a + b.
func (s isa) add(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	for j := s.addEights(y, a, b); j < len(y); j++ {
		y[j] = a[j] + b[j]
	}
}

// addScaled is y = a + by b.
func (s isa) addScaled(y, a, b []float32, by float32) {
	a, b = a[:len(y)], b[:len(y)]
	for j := s.addScaledEights(y, a, b, by); j < len(y); j++ {
		y[j] = a[j] + float32(by*b[j])
	}
}

// scale is y = by x.
func (s isa) scale(y, x []float32, by float32) {
	x = x[:len(y)]
	for j := s.scaleEights(y, x, by); j < len(y); j++ {
		y[j] = x[j] * by
	}
}

// product is y = a b, element by element.
func (s isa) product(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	for j := s.productEights(y, a, b); j < len(y); j++ {
		y[j] = a[j] * b[j]
	}
}

// dot is the sum of a b in float64, in 8 interleaved sums, element j in sum j%8,
// then halves: sum l += sum l+4, then l+2, l+1. Products are exact.
func (s isa) dot(a, b []float32) float64 {
	var t [8]float64
	b = b[:len(a)]
	for j := s.dotEights(&t, a, b); j < len(a); j++ {
		t[j%8] += float64(a[j]) * float64(b[j])
	}
	return halve(&t)
}

// total is the sum of x in float64, added up as by dot.
func (s isa) total(x []float32) float64 {
	var t [8]float64
	for j := s.totalEights(&t, x); j < len(x); j++ {
		t[j%8] += float64(x[j])
	}
	return halve(&t)
}

func halve(t *[8]float64) float64 {
	return (t[0] + t[4] + (t[2] + t[6])) + (t[1] + t[5] + (t[3] + t[7]))
}
