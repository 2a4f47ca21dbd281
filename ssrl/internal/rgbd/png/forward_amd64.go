//go:build !noasm

package png

import "golang.org/x/sys/cpu"

// The functions below are the loops of forward for n > 0 bytes, a multiple of 32,
// or of 16 for paeth. Left and corner are row and above, a pixel before.

//go:noescape
func forwardSub32(out, row, left *byte, n int) (sum int)

//go:noescape
func forwardAverage32(out, row, left, above *byte, n int) (sum int)

//go:noescape
func forwardPaeth16(out, row, left, above, corner *byte, n int) (sum int)

// forwardFast does bytes behind the first pixel and returns how many.
func forwardFast(filter byte, out, row, above []byte, size int) (done, sum int) {
	n := len(row) - size
	if n < 32 || !cpu.X86.HasAVX2 {
		return 0, 0
	}
	out, above = out[:len(row)], above[:len(row)]
	switch filter {
	case filterSub:
		n &^= 31
		return n, forwardSub32(&out[size], &row[size], &row[0], n)
	case filterUp:
		n &^= 31
		return n, forwardSub32(&out[size], &row[size], &above[size], n)
	case filterAverage:
		n &^= 31
		return n, forwardAverage32(&out[size], &row[size], &row[0], &above[size], n)
	case filterPaeth:
		n &^= 15
		return n, forwardPaeth16(&out[size], &row[size], &row[0], &above[size], &above[0], n)
	}
	return 0, 0
}
