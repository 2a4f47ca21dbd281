//go:build !noasm

package pretext

import "golang.org/x/sys/cpu"

// The functions below do n > 0 elements, a multiple of 8 or, of bytes, of 32, of
// the loops in vector.go.

//go:noescape
func max256(dst, a, b *uint32, n int)

//go:noescape
func keys256(up, down *uint32, src *float32, n int, low, span, fill uint32)

//go:noescape
func distances256(a, b *byte, n int) int

func maxFast(dst, a, b []uint32) int {
	n := len(dst) &^ 7
	if !cpu.X86.HasAVX2 || n == 0 {
		return 0
	}
	_, _ = a[n-1], b[n-1]
	max256(&dst[0], &a[0], &b[0], n)
	return n
}

func keysFast(up, down []uint32, src []float32, low, span, fill uint32) int {
	n := len(src) &^ 7
	if !cpu.X86.HasAVX2 || n == 0 {
		return 0
	}
	_, _ = up[n-1], down[n-1]
	keys256(&up[0], &down[0], &src[0], n, low, span, fill)
	return n
}

func distancesFast(a, b []byte) (n, sum int) {
	n = len(a) &^ 31
	if !cpu.X86.HasAVX2 || n == 0 {
		return 0, 0
	}
	_ = b[n-1]
	return n, distances256(&a[0], &b[0], n)
}
