//go:build !noasm

package cpu

// The functions below do n > 0 elements, a multiple of 8, of the loops that have
// their names: add, addScaled, scale, product, dot and total in rows.go, norm,
// normBack and normWeight in rmsnorm.go, silu, siluUp and siluGate in swiglu.go,
// slope in attendback.go, adam in adamw.go.

//go:noescape
func add256(y, a, b *float32, n int)

//go:noescape
func addScaled256(y, a, b *float32, n int, s float32)

//go:noescape
func scale256(y, x *float32, n int, s float32)

//go:noescape
func product256(y, a, b *float32, n int)

//go:noescape
func norm256(y, x, w *float32, n int, r float32)

//go:noescape
func normBack256(dx, u, x *float32, n int, r, s float32)

//go:noescape
func normWeight256(dw, dy, x *float32, n int, r float32)

// rope128 and ropeBack128 do a row of heads heads; half is a multiple of 4.
//
//go:noescape
func rope128(y, x, cos, sin *float32, half, heads int)

//go:noescape
func ropeBack128(y, x, cos, sin *float32, half, heads int)

//go:noescape
func total256(sums *[8]float64, x *float32, n int)

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

func (s isa) addScaledEights(y, a, b []float32, by float32) int {
	n := s.eights(len(y))
	if n > 0 {
		_, _ = a[n-1], b[n-1]
		addScaled256(&y[0], &a[0], &b[0], n, by)
	}
	return n
}

func (s isa) scaleEights(y, x []float32, by float32) int {
	n := s.eights(len(y))
	if n > 0 {
		_ = x[n-1]
		scale256(&y[0], &x[0], n, by)
	}
	return n
}

func (s isa) productEights(y, a, b []float32) int {
	n := s.eights(len(y))
	if n > 0 {
		_, _ = a[n-1], b[n-1]
		product256(&y[0], &a[0], &b[0], n)
	}
	return n
}

func (s isa) normEights(y, x, w []float32, r float32) int {
	n := s.eights(len(y))
	if n > 0 {
		_, _ = x[n-1], w[n-1]
		norm256(&y[0], &x[0], &w[0], n, r)
	}
	return n
}

func (s isa) normBackEights(dx, u, x []float32, r, slope float32) int {
	n := s.eights(len(dx))
	if n > 0 {
		_, _ = u[n-1], x[n-1]
		normBack256(&dx[0], &u[0], &x[0], n, r, slope)
	}
	return n
}

func (s isa) normWeightEights(dw, dy, x []float32, r float32) int {
	n := s.eights(len(dw))
	if n > 0 {
		_, _ = dy[n-1], x[n-1]
		normWeight256(&dw[0], &dy[0], &x[0], n, r)
	}
	return n
}

// ropeRow rotates a whole row, or returns false and does nothing.
func (s isa) ropeRow(y, x, cos, sin []float32, back bool) bool {
	half := len(cos)
	if s == portable || half == 0 || half%4 > 0 || len(x) == 0 {
		return false
	}
	_, _ = y[len(x)-1], sin[half-1]
	heads := len(x) / (2 * half)
	if back {
		ropeBack128(&y[0], &x[0], &cos[0], &sin[0], half, heads)
	} else {
		rope128(&y[0], &x[0], &cos[0], &sin[0], half, heads)
	}
	return true
}

func (s isa) totalEights(sums *[8]float64, x []float32) int {
	n := s.eights(len(x))
	if n > 0 {
		total256(sums, &x[0], n)
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
