//go:build !noasm

package cpu

// The functions below do n > 0 elements, a multiple of 8, of the loops that have
// their names: add in linear.go, dot in rmsnorm.go, silu, siluUp and siluGate in
// swiglu.go, slope in attendback.go, adam in adamw.go.

//go:noescape
func add256(y, a, b *float32, n int)

//go:noescape
func dot256(sums *[8]float64, a, b *float32, n int)

//go:noescape
func silu256(y, gate, up, e *float32, n int)

//go:noescape
func siluUp256(dup, dy, gate, e *float32, n int)

//go:noescape
func siluGate256(dgate, dy, gate, up, e *float32, n int)

//go:noescape
func slope256(p, dp *float32, n int, mean, scale float32)

//go:noescape
func adam256(p, m, v, grad *float32, n int, a *adamStep)

// widen256 is isa.widen.
//
//go:noescape
func widen256(dst *float32, src *uint16, n int)

// eights returns how many of n elements assembly takes.
func (s isa) eights(n int) int {
	if s == portable {
		return 0
	}
	return n &^ 7
}

// The methods do the first elements and return how many. All slices are as long
// as the first one, or longer.

func (s isa) addEights(y, a, b []float32) int {
	n := s.eights(len(y))
	if n > 0 {
		_, _ = a[n-1], b[n-1]
		add256(&y[0], &a[0], &b[0], n)
	}
	return n
}

func (s isa) dotEights(sums *[8]float64, a, b []float32) int {
	n := s.eights(len(a))
	if n > 0 {
		_ = b[n-1]
		dot256(sums, &a[0], &b[0], n)
	}
	return n
}

func (s isa) siluEights(y, gate, up, e []float32) int {
	n := s.eights(len(y))
	if n > 0 {
		_, _, _ = gate[n-1], up[n-1], e[n-1]
		silu256(&y[0], &gate[0], &up[0], &e[0], n)
	}
	return n
}

func (s isa) siluUpEights(dup, dy, gate, e []float32) int {
	n := s.eights(len(dup))
	if n > 0 {
		_, _, _ = dy[n-1], gate[n-1], e[n-1]
		siluUp256(&dup[0], &dy[0], &gate[0], &e[0], n)
	}
	return n
}

func (s isa) siluGateEights(dgate, dy, gate, up, e []float32) int {
	n := s.eights(len(dgate))
	if n > 0 {
		_, _, _, _ = dy[n-1], gate[n-1], up[n-1], e[n-1]
		siluGate256(&dgate[0], &dy[0], &gate[0], &up[0], &e[0], n)
	}
	return n
}

func (s isa) slopeEights(p, dp []float32, mean, scale float32) int {
	n := s.eights(len(p))
	if n > 0 {
		_ = dp[n-1]
		slope256(&p[0], &dp[0], n, mean, scale)
	}
	return n
}

func (s isa) adamEights(p, m, v, g []float32, a *adamStep) int {
	n := s.eights(len(p))
	if n > 0 {
		_, _, _ = m[n-1], v[n-1], g[n-1]
		adam256(&p[0], &m[0], &v[0], &g[0], n, a)
	}
	return n
}

func (s isa) widenEights(dst []float32, src []uint16) int {
	n := s.eights(len(src))
	if n > 0 {
		_ = dst[n-1]
		widen256(&dst[0], &src[0], n)
	}
	return n
}
