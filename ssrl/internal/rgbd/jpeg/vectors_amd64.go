//go:build !noasm

package jpeg

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// inverse2 is job.inverse on two blocks.
//
//go:noescape
func inverse2(a, b, stepsA, stepsB *int16, dstA, dstB *byte, strideA, strideB int)

// spread22x, spread21x and spread12x are the loops of spread22, spread21 and
// spread12 for n > 0 samples, a multiple of 16, of rows that begin at the first
// sample. They read one sample beyond either end.
//
//go:noescape
func spread22x(dst, near, far *byte, n int)

//go:noescape
func spread21x(dst, row *byte, n int)

//go:noescape
func spread12x(dst, near, far *byte, n, lower int)

// rgb32 is the loop of toRGB for n >= 32 pixels. It does the last 32 twice when n
// is no multiple of that.
//
//go:noescape
func rgb32(dst, luma, cb, cr *byte, n int)

// fast reports whether assembly runs here and is not refused.
func fast(portable bool) bool { return !portable && cpu.X86.HasAVX2 }

// inversePair does two jobs if the processor can.
func inversePair(jobs *[2]job) bool {
	if !fast(false) {
		return false
	}
	a, b := &jobs[0], &jobs[1]
	_, _ = a.plane[a.at+7*a.stride+7], b.plane[b.at+7*b.stride+7]
	inverse2(&a.coef[0], &b.coef[0], &a.quant[0], &b.quant[0], &a.plane[a.at], &b.plane[b.at], a.stride, b.stride)
	return true
}

// vectors22 does the first samples of spread22 and returns how many.
func vectors22(dst, near, far []byte, n int, portable bool) int {
	n &^= 15
	if n == 0 || !fast(portable) {
		return 0
	}
	_, _, _ = dst[2*n-1], near[planeEdge+n], far[planeEdge+n]
	spread22x(&dst[0], &near[planeEdge], &far[planeEdge], n)
	return n
}

func vectors21(dst, row []byte, n int, portable bool) int {
	n &^= 15
	if n == 0 || !fast(portable) {
		return 0
	}
	_, _ = dst[2*n-1], row[planeEdge+n]
	spread21x(&dst[0], &row[planeEdge], n)
	return n
}

func vectors12(dst, near, far []byte, n, lower int, portable bool) int {
	n &^= 15
	if n == 0 || !fast(portable) {
		return 0
	}
	_, _, _ = dst[n-1], near[planeEdge+n-1], far[planeEdge+n-1]
	spread12x(&dst[0], &near[planeEdge], &far[planeEdge], n, lower)
	return n
}

func vectorsRGB(dst, luma, cb, cr []byte, n int, portable bool) int {
	if n < 32 || !fast(portable) {
		return 0
	}
	_, _, _, _ = dst[3*n-1], luma[n-1], cb[n-1], cr[n-1]
	rgb32(&dst[0], &luma[0], &cb[0], &cr[0], n)
	return n
}

// forward2 is divider.forward on two blocks, to the 2x64 numbers at coef.
//
//go:noescape
func forward2(coef *int16, a, b *byte, stride int, d *divider) (maskA, maskB uint64)

// ycc32 is the loop of fromRGB for n >= 32 pixels. It does the last 32 twice when
// n is no multiple of that.
//
//go:noescape
func ycc32(luma, cb, cr, src *byte, n int)

// shrink16 is the loop of shrink for n > 0 samples, a multiple of 16.
//
//go:noescape
func shrink16(dst, upper, lower *byte, n int)

// forwardPair transforms and quantises two blocks if the processor can.
func (d *divider) forwardPair(coef *[2][blockSize]int16, a, b []byte, stride int) (maskA, maskB uint64, ok bool) {
	if !fast(false) {
		return 0, 0, false
	}
	_, _ = a[7*stride+7], b[7*stride+7]
	maskA, maskB = forward2(&coef[0][0], &a[0], &b[0], stride, d)
	return maskA, maskB, true
}

// vectorsYCC does the first pixels of fromRGB and returns how many.
func vectorsYCC(luma, cb, cr, src []byte, n int, portable bool) int {
	if n < 32 || !fast(portable) {
		return 0
	}
	_, _, _, _ = luma[n-1], cb[n-1], cr[n-1], src[3*n-1]
	ycc32(&luma[0], &cb[0], &cr[0], &src[0], n)
	return n
}

func vectorsShrink(dst, upper, lower []byte, n int, portable bool) int {
	n &^= 15
	if n == 0 || !fast(portable) {
		return 0
	}
	_, _, _ = dst[n-1], upper[2*n-1], lower[2*n-1]
	shrink16(&dst[0], &upper[0], &lower[0], n)
	return n
}

// writeRuns is bitWriter.runs from dst on, with the AC code words of a table and
// the places of coefficients in a block.
//
//go:noescape
func writeRuns(dst *byte, coef *int16, mask uint64, words *uint32, places *uint8, acc uint64, n uint) (end *byte, acc2 uint64, n2 uint)

// fastRuns writes the coefficients of mask if the processor can.
func (w *bitWriter) fastRuns(coef *[blockSize]int16, mask uint64, t *codeWords) bool {
	if !cpu.X86.HasBMI1 || !cpu.X86.HasBMI2 {
		return false
	}
	room := w.buf[w.pos:][:blockBytes]
	end, acc, n := writeRuns(&room[0], &coef[0], mask, &t.ac[0], &natural[0], w.acc, w.n)
	w.pos += int(uintptr(unsafe.Pointer(end)) - uintptr(unsafe.Pointer(&room[0])))
	w.acc, w.n = acc, n
	return true
}
