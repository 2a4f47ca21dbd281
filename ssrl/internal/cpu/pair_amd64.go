//go:build !noasm

package cpu

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// wordsISA is the instruction set of products of words, portable where there is none.
func wordsISA(s isa) isa {
	if s == avx512 && cpu.X86.HasAVX512BF16 && cpu.X86.HasAVX512BW {
		return words
	}
	return portable
}

// The kernels below (pair_amd64.s) are those of gemm_amd64.go and half_amd64.go with
// words for the elements of a, b and x, two products to a word.

//go:noescape
func pair14x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func pair8x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func pair4x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func pair2x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func pair1x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)

//go:noescape
func thin1x32(blocks int, w *uint16, row int, x *uint32, xrow int, c *float32, ldc int, next *uint16, nextRow int)

//go:noescape
func thin2x32(blocks int, w *uint16, row int, x *uint32, xrow int, c *float32, ldc int, next *uint16, nextRow int)

//go:noescape
func thin4x32(blocks int, w *uint16, row int, x *uint32, xrow int, c *float32, ldc int, next *uint16, nextRow int)

// pairPanel32 copies 32 rows to a panel of words.
//
//go:noescape
func pairPanel32(blocks int, w *uint16, row int, dst *float32)

// round512 is tensor.Round16 of n elements, a multiple of 16.
//
//go:noescape
func round512(dst *uint16, src *float32, n int)

// roundSixteens rounds the first elements and returns how many.
func (s isa) roundSixteens(dst []uint16, src []float32) int {
	n := len(src) &^ 15
	if s == words && n > 0 {
		_ = dst[n-1]
		round512(&dst[0], &src[0], n)
		return n
	}
	return 0
}

func pairKernel(strip, k int, pa *float32, row, col int, pb *float32, pc *float32, ldc int) {
	switch strip {
	case 14:
		pair14x32(k, pa, row, col, pb, 0, pc, ldc)
	case 8:
		pair8x32(k, pa, row, col, pb, 0, pc, ldc)
	case 4:
		pair4x32(k, pa, row, col, pb, 0, pc, ldc)
	case 2:
		pair2x32(k, pa, row, col, pb, 0, pc, ldc)
	default:
		pair1x32(k, pa, row, col, pb, 0, pc, ldc)
	}
}

// turnWords fills a panel with words from n rows of w, words [k0, k1), and returns
// how many of those it did.
func (s isa) turnWords(dst []float32, w *halves, j, n, k0, k1 int) int {
	blocks := min((k1-k0)/16, w.cols/32-k0/16)
	if n != 32 || k0%16 > 0 || blocks <= 0 {
		return 0
	}
	_ = w.data[(j+31)*w.stride+2*k0+32*blocks-1]
	_ = dst[32*16*blocks-1]
	pairPanel32(blocks, &w.data[j*w.stride+2*k0], 2*w.stride, &dst[0])
	return 16 * blocks
}

// thinRows is dotRows with words.
func thinRows(m, blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int, next *uint16) int {
	words := (*uint32)(unsafe.Pointer(x))
	switch {
	case m >= 4:
		thin4x32(blocks, w, row, words, xrow, c, ldc, next, row)
		return 4
	case m >= 2:
		thin2x32(blocks, w, row, words, xrow, c, ldc, next, row)
		return 2
	}
	thin1x32(blocks, w, row, words, xrow, c, ldc, next, row)
	return 1
}
