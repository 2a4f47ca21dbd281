//go:build !noasm

package png

import "golang.org/x/sys/cpu"

// up32 is the loop of unfilterUp for n > 0 bytes, a multiple of 32.
//
//go:noescape
func up32(row, above, raw *byte, n int)

// sub8, average8 and paeth8 are the loops of unfilterSub, unfilterAverage and
// unfilterPaeth for n > 0 pixels of size bytes, 8 at most, the first of the row
// among them. They read and write 8 bytes for each pixel.
//
//go:noescape
func sub8(row, raw *byte, size, n int)

//go:noescape
func average8(row, above, raw *byte, size, n int)

//go:noescape
func paeth8(row, above, raw *byte, size, n int)

// rgb8 is fromColour for n > 0 pixels of 4 bytes, a multiple of 8. It reads and
// writes no other bytes.
//
//go:noescape
func rgb8(dst, row *byte, n int)

// unfilterFast does the first bytes of a row and returns how many.
func unfilterFast(filter byte, row, above, raw []byte, size int) (done int) {
	if !cpu.X86.HasAVX2 {
		return 0
	}
	if filter == filterUp {
		n := len(row) &^ 31
		if n > 0 {
			up32(&row[0], &above[0], &raw[0], n)
		}
		return n
	}
	// Pixels that have 8 bytes from their first on.
	n := (len(row) - 8 + size) / size
	if len(row) < 8 {
		return 0
	}
	switch filter {
	case filterSub:
		sub8(&row[0], &raw[0], size, n)
	case filterAverage:
		average8(&row[0], &above[0], &raw[0], size, n)
	case filterPaeth:
		paeth8(&row[0], &above[0], &raw[0], size, n)
	}
	return n * size
}

// dropAlphaFast does the first pixels of a row of RGBA and returns how many.
func dropAlphaFast(dst, row []byte) (pixels int) {
	n := len(row) / 4 &^ 7
	if n == 0 || !cpu.X86.HasAVX2 {
		return 0
	}
	_ = dst[3*n-1]
	rgb8(&dst[0], &row[0], n)
	return n
}
