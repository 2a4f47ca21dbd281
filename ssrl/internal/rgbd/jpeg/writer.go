package jpeg

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// codeWords holds what is written for each symbol: the code, room for the bits of
// the coefficient after it, and in the lowest 5 bits the length of both.
type codeWords struct {
	dc [16]uint32
	ac [256]uint32
}

func (w *codeWords) set(dc, ac *code) {
	fill := func(to []uint32, c *code) {
		next, at := uint32(0), 0
		for length := 1; length <= 16; length++ {
			for range c.counts[length-1] {
				symbol := c.symbols[at]
				size := int(symbol & 15)
				to[symbol] = next<<(size+5) | uint32(length+size)
				next++
				at++
			}
			next <<= 1
		}
	}
	fill(w.dc[:], dc)
	fill(w.ac[:], ac)
}

// bitWriter collects bits without stuffing.
type bitWriter struct {
	buf []byte
	pos int    // bytes of buf that are written
	acc uint64 // the last n bits are still to be written
	n   uint   // below 32
}

// blockBytes is the most that a block takes: 64 words of 26 bits.
const blockBytes = 64 * 26 / 8

// reserve makes room for blocks.
func (w *bitWriter) reserve(blocks int) {
	w.buf = resize(w.buf, blocks*blockBytes+16)
	w.pos = 0
}

// put appends a code word with the bits of its coefficient.
func (w *bitWriter) put(word, low uint32) {
	length := uint(word & 31)
	w.acc = w.acc<<length | uint64(word>>5|low)
	if w.n += length; w.n >= 32 {
		w.n -= 32
		binary.BigEndian.PutUint32(w.buf[w.pos:], uint32(w.acc>>w.n))
		w.pos += 4
	}
}

// pad fills the last byte with ones (T.81 F.1.2.3).
func (w *bitWriter) pad() {
	w.pos = 0
	for ; w.n%8 != 0; w.n++ {
		w.acc = w.acc<<1 | 1
	}
	for ; w.n > 0; w.n -= 8 {
		w.buf[w.pos] = byte(w.acc >> (w.n - 8))
		w.pos++
	}
}

// stuffed appends what is written, with a zero after each byte 0xff.
func (w *bitWriter) stuffed(dst []byte) []byte {
	from := w.buf[:w.pos]
	for {
		i := bytes.IndexByte(from, 0xff)
		if i < 0 {
			return append(dst, from...)
		}
		dst = append(append(dst, from[:i+1]...), 0)
		from = from[i+1:]
	}
}

// block writes the Huffman codes of a block: the difference of its first
// coefficient to before, then the runs of zeros and what ends them. mask says in
// zigzag order which coefficients are not zero.
func (w *bitWriter) block(coef *[blockSize]int16, before int32, mask uint64, t *codeWords, portable bool) {
	diff := int32(coef[0]) - before
	size := bits.Len32(uint32(max(diff, -diff)))
	w.put(t.dc[size&15], uint32(diff+diff>>31)&(1<<size-1))
	last := 63 - bits.LeadingZeros64(mask|1)
	if portable || !w.fastRuns(coef, mask&^1, t) {
		w.runs(coef, mask&^1, t)
	}
	if last < blockSize-1 {
		w.put(t.ac[0], 0)
	}
}

// runs writes the coefficients of mask, each with the run of zeros before it.
func (w *bitWriter) runs(coef *[blockSize]int16, mask uint64, t *codeWords) {
	at := 0
	buf, pos, acc, n := w.buf, w.pos, w.acc, w.n
	for ; mask != 0; mask &= mask - 1 {
		k := bits.TrailingZeros64(mask)
		v := int32(coef[natural[k&63]&63])
		run := k - at - 1
		at = k
		for run > 15 {
			zeros := t.ac[0xf0]
			length := uint(zeros & 31)
			acc = acc<<length | uint64(zeros>>5)
			if n += length; n >= 32 {
				n -= 32
				binary.BigEndian.PutUint32(buf[pos:], uint32(acc>>(n&63)))
				pos += 4
			}
			run -= 16
		}
		size := bits.Len32(uint32(max(v, -v)))
		word := t.ac[(run<<4|size)&255]
		length := uint(word & 31)
		acc = acc<<length | uint64(word>>5) | uint64(uint32(v+v>>31)&(1<<(size&31)-1))
		if n += length; n >= 32 {
			n -= 32
			binary.BigEndian.PutUint32(buf[pos:], uint32(acc>>(n&63)))
			pos += 4
		}
	}
	w.pos, w.acc, w.n = pos, acc, n
}
