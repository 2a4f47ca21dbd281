// Package balance tells whether answers are spread evenly: Pearson's chi-square
// test against equal shares.
//
// Limits: the p-value is that of the continuous distribution. It is given only
// where that is sound for equal shares (Koehler and Larntz, JASA 1980): at least
// 10 answers, 10 times as many squared as there are cells, and a quarter for
// each cell.
package balance

import "math"

// Uniform tests whether counts come from equal shares. ok is false where the
// test says nothing; chi is the statistic in any case.
func Uniform(counts []int) (chi, p float64, ok bool) {
	n := 0
	for _, c := range counts {
		n += c
	}
	cells := len(counts)
	if cells < 2 || n == 0 {
		return 0, 0, false
	}
	want := float64(n) / float64(cells)
	for _, c := range counts {
		chi += (float64(c) - want) * (float64(c) - want) / want
	}
	p = Upper(chi, cells-1)
	return chi, p, n >= 10 && float64(n)*float64(n) >= 10*float64(cells) && want >= 0.25
}

// Upper is the probability that a chi-square variable of some degrees of freedom
// is chi or more: the regularised incomplete gamma function Q(degrees/2, chi/2)
// (Abramowitz and Stegun 26.4.19, by 6.5.29 below the mean and 6.5.31 above).
func Upper(chi float64, degrees int) float64 {
	a, x := float64(degrees)/2, chi/2
	if degrees < 1 || !(x > 0) {
		return 1
	}
	logGamma, _ := math.Lgamma(a)
	scale := math.Exp(a*math.Log(x) - x - logGamma)
	if x < a+1 {
		return max(0, 1-scale*lower(a, x))
	}
	return min(1, scale*fraction(a, x))
}

const (
	enough = 1e-15
	most   = 100_000 // terms; about 10 times the root of the degrees are needed
)

// lower sums 1/a + x/a(a+1) + x²/a(a+1)(a+2) + ...
func lower(a, x float64) float64 {
	term := 1 / a
	sum := term
	for k := 1; k < most && term > sum*enough; k++ {
		term *= x / (a + float64(k))
		sum += term
	}
	return sum
}

// fraction is 1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- ...))) by Lentz's method.
func fraction(a, x float64) float64 {
	const tiny = 1e-300
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	h := d
	for k := 1; k < most; k++ {
		an := -float64(k) * (float64(k) - a)
		b += 2
		if d = an*d + b; math.Abs(d) < tiny {
			d = tiny
		}
		if c = b + an/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		h *= d * c
		if math.Abs(d*c-1) < enough {
			break
		}
	}
	return h
}
