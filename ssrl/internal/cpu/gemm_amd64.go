//go:build !noasm

package cpu

import "golang.org/x/sys/cpu"

func bestISA() isa {
	switch {
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasFMA:
		return avx512
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return avx2
	}
	return portable
}

// The kernels add a b to c, strides in bytes (gemm_amd64.s):
//
//	for p < k, r < strip, j < panels*panel: c[r*ldc+j] = fma(a[r*row+p*col], b[p, j], c[r*ldc+j])
//
// b's panels are next apart. The name gives the strip's rows and the columns.

//go:noescape
func kernel14x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel8x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel4x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel2x64(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel2x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel1x128(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel1x64(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel1x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel6x16(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel4x16(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel2x32y(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel2x16(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel1x64y(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel1x32y(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func kernel1x16(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

// transpose8 copies 8 vectors of 8*blocks elements, col bytes apart, to columns
// of dst, whose rows are row bytes apart.
//
//	for c < 8, p < 8*blocks: dst[p*row+c] = src[c*col+p]
//
//go:noescape
func transpose8(dst *float32, row int, src *float32, col, blocks int)

// kernel adds a strip times panels of b to c. It reads and writes only what the
// slices hold: every index of the loops above lies within them.
func (s isa) kernel(strip, panels, k int, a strided, b []float32, next int, c []float32, ldc int) {
	if s == portable {
		kernelPortable(strip, k, a, b, c, ldc)
		return
	}
	panel := s.panel()
	_ = a.data[(strip-1)*a.row+(k-1)*a.col]
	_ = b[(panels-1)*next+k*panel-1]
	_ = c[(strip-1)*ldc+panels*panel-1]
	pa, row, col, pb, pc := &a.data[0], 4*a.row, 4*a.col, &b[0], &c[0]
	next, ldc = 4*next, 4*ldc
	if s == words {
		pairKernel(strip, k, pa, row, col, pb, pc, ldc)
		return
	}
	if s == avx2 {
		switch {
		case strip == 6:
			kernel6x16(k, pa, row, col, pb, next, pc, ldc)
		case strip == 4:
			kernel4x16(k, pa, row, col, pb, next, pc, ldc)
		case strip == 2 && panels == 2:
			kernel2x32y(k, pa, row, col, pb, next, pc, ldc)
		case strip == 2:
			kernel2x16(k, pa, row, col, pb, next, pc, ldc)
		case panels == 4:
			kernel1x64y(k, pa, row, col, pb, next, pc, ldc)
		case panels == 2:
			kernel1x32y(k, pa, row, col, pb, next, pc, ldc)
		default:
			kernel1x16(k, pa, row, col, pb, next, pc, ldc)
		}
		return
	}
	switch {
	case strip == 14:
		kernel14x32(k, pa, row, col, pb, next, pc, ldc)
	case strip == 8:
		kernel8x32(k, pa, row, col, pb, next, pc, ldc)
	case strip == 4:
		kernel4x32(k, pa, row, col, pb, next, pc, ldc)
	case strip == 2 && panels == 2:
		kernel2x64(k, pa, row, col, pb, next, pc, ldc)
	case strip == 2:
		kernel2x32(k, pa, row, col, pb, next, pc, ldc)
	case panels == 4:
		kernel1x128(k, pa, row, col, pb, next, pc, ldc)
	case panels == 2:
		kernel1x64(k, pa, row, col, pb, next, pc, ldc)
	default:
		kernel1x32(k, pa, row, col, pb, next, pc, ldc)
	}
}

// copyRows256 copies k rows of 8*vectors elements and appends 8*zeros zeros to
// each; rows are row and from bytes apart.
//
//	for p < k, j < 8*(vectors+zeros): dst[p*row+j] = src[p*from+j] if j < 8*vectors else 0
//
//go:noescape
func copyRows256(dst *float32, row int, src *float32, from, k, vectors, zeros int)

// transpose copies n vectors of k elements, col apart, to columns of dst, whose
// rows are row apart. It returns false, and does nothing, if it cannot.
func (s isa) transpose(dst []float32, row int, src []float32, col, k, n int) bool {
	if s == portable || k < 8 || n < 8 {
		return false
	}
	_ = dst[(k-1)*row+n-1]
	_ = src[(n-1)*col+k-1]
	for c := 0; c < n; c += 8 {
		c := min(c, n-8) // the last eight may overlap those before
		transpose8(&dst[c], 4*row, &src[c*col], 4*col, k/8)
		if k%8 > 0 {
			transpose8(&dst[(k-8)*row+c], 4*row, &src[c*col+k-8], 4*col, 1)
		}
	}
	return true
}

// copyRows copies k rows of n elements, from apart, to rows of row elements and
// fills those with zeros. It returns false, and does nothing, if it cannot.
func (s isa) copyRows(dst []float32, row int, src []float32, from, k, n int) bool {
	if s == portable || k == 0 || n%8 > 0 || n == 0 {
		return false
	}
	_ = dst[k*row-1]
	_ = src[(k-1)*from+n-1]
	copyRows256(&dst[0], 4*row, &src[0], 4*from, k, n/8, (row-n)/8)
	return true
}
