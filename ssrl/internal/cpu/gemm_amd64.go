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

// transpose copies the first of n vectors of k elements, col apart, to columns of
// dst whose rows are row apart, and returns how many vectors and elements of each
// it took: multiples of 8.
func (s isa) transpose(dst []float32, row int, src []float32, col, k, n int) (vectors, elements int) {
	if s == portable || k < 8 || n < 8 {
		return 0, 0
	}
	vectors, elements = n&^7, k&^7
	_ = dst[(elements-1)*row+vectors-1]
	_ = src[(vectors-1)*col+elements-1]
	for c := 0; c < vectors; c += 8 {
		transpose8(&dst[c], 4*row, &src[c*col], 4*col, elements/8)
	}
	return vectors, elements
}
