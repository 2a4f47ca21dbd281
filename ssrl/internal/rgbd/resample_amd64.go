//go:build !noasm

package rgbd

import "golang.org/x/sys/cpu"

// packedTaps are the weights as assembly takes them, for output pixels of at
// most four taps (pictures shrunk to no less than half): words hold the upper or
// the lower 11 bits of two neighbouring weights, the first one in the low half.
// Products of bytes with 11 bits add up exactly in 32 bits (VPMADDWD). Taps that
// are not there weigh nothing.
type packedTaps struct {
	offset []int32      // of the first tap, in bytes of a row
	across [][32]uint32 // of two output pixels: upper 0 1, upper 2 3, lower 0 1, lower 2 3; each word 4 times for each pixel
	down   [][4]uint32  // of an output row: upper 0 1, upper 2 3, lower 0 1, lower 2 3
	fast   int          // output pixels before the first whose taps reach beyond the spare bytes, an even number
}

const (
	fastTaps = 4
	lowBits  = weightBits / 2
)

// pack prepares the weights for assembly.
func (t *tapTable) pack() {
	p := &t.packed
	p.offset, p.across, p.down, p.fast = atLeast(p.offset, t.out), atLeast(p.across, (t.out+1)/2), p.down[:0], 0
	if !cpu.X86.HasAVX2 {
		return
	}
	for o := range t.out {
		if t.start[o+1]-t.start[o] > fastTaps {
			return
		}
	}
	p.down = atLeast(p.down, t.out)
	for o := range t.out {
		var w [fastTaps]uint32
		copy(w[:], t.at(o).weights)
		words := [4]uint32{w[0]>>lowBits | w[1]>>lowBits<<16, w[2]>>lowBits | w[3]>>lowBits<<16}
		const low = 1<<lowBits - 1
		words[2], words[3] = w[0]&low|w[1]&low<<16, w[2]&low|w[3]&low<<16
		p.down[o], p.offset[o] = words, 3*t.first[o]
		for k, word := range words {
			for i := range 4 {
				p.across[o/2][8*k+4*(o%2)+i] = word
			}
		}
	}
	// Sixteen bytes are read from the first tap.
	p.fast = t.out
	for p.fast > 0 && (p.fast%2 == 1 || int(p.offset[p.fast-1])+16 > 3*t.in+spare) {
		p.fast--
	}
}

//go:noescape
func acrossRow256(out, row *byte, offset *int32, words *[32]uint32, n int)

//go:noescape
func downColumns256(out, rows *byte, stride, pairs int, words *[4]uint32, n int)

// rowFast does the first output pixels of a row and returns how many. Both rows
// have spare bytes at their end.
func (t *tapTable) rowFast(out, row []byte) int {
	n := t.packed.fast
	if n == 0 {
		return 0
	}
	_, _ = out[3*n], row[3*t.in+spare-1]
	acrossRow256(&out[0], &row[0], &t.packed.offset[0], &t.packed.across[0], n)
	return n
}

// columnsFast does the first bytes of output row o from the rows that begin with
// its first tap, stride bytes apart, and returns how many.
func (t *tapTable) columnsFast(out, rows []byte, stride, o int) int {
	n := len(out) &^ 15
	if len(t.packed.down) == 0 || n == 0 {
		return 0
	}
	pairs := int(t.start[o+1]-t.start[o]+1) / 2
	_ = rows[(2*pairs-1)*stride+n-1]
	downColumns256(&out[0], &rows[0], stride, pairs, &t.packed.down[o], n)
	return n
}
