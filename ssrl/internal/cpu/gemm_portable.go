package cpu

// isa is an instruction set that the kernels use.
type isa int

const (
	portable isa = iota
	avx2
	avx512
	words // AVX-512 with products of bfloat16, of RoundProducts alone
)

func (s isa) String() string { return [...]string{"portable", "avx2", "avx512", "words"}[s] }

// panel returns the columns of a packed panel.
func (s isa) panel() int { return [...]int{4, 16, 32, 32}[s] }

// tall returns the rows of the tallest kernel.
func (s isa) tall() int { return [...]int{2, 6, 14, 14}[s] }

// strip returns the rows of the tallest kernel that fits into n > 0 rows.
func (s isa) strip(n int) int {
	if n >= s.tall() {
		return s.tall()
	}
	for _, r := range [...]int{8, 4, 2} {
		if n >= r && r < s.tall() {
			return r
		}
	}
	return 1
}

// panels returns how many panels, at most n, one kernel of strip rows spans.
// Low kernels are wide: a chain takes several cycles a step, and only other
// chains fill them.
func (s isa) panels(strip, n int) int {
	most := 1
	switch {
	case s == portable || s == words:
	case strip == 1:
		most = 4
	case strip == 2:
		most = 2
	}
	for most > n {
		most /= 2
	}
	return most
}

// kernelPortable adds a b to strip rows of c, one panel of 4 columns:
//
//	for p: c[r][j] += round(a[r][p] * b[p][j])
func kernelPortable(strip, k int, a strided, b, c []float32, ldc int) {
	for r := range strip {
		row := c[r*ldc : r*ldc+4]
		c0, c1, c2, c3 := row[0], row[1], row[2], row[3]
		left := a.data[r*a.row:]
		for p, o := 0, 0; p < k; p, o = p+1, o+a.col {
			x, y := left[o], b[4*p:4*p+4]
			c0 += float32(x * y[0])
			c1 += float32(x * y[1])
			c2 += float32(x * y[2])
			c3 += float32(x * y[3])
		}
		row[0], row[1], row[2], row[3] = c0, c1, c2, c3
	}
}
