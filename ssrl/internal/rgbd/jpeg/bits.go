package jpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// slack is how far a block can read beyond the end of its segment: 64 codes of
// 16 bits with 15 more each, and the words that a refill looks ahead.
const slack = 64*31/8 + 24

var (
	errCode  = errors.New("bits that are no Huffman code")
	errShort = errors.New("a scan that ends early")
)

// bitReader reads the bits of one entropy-coded segment without its stuffing.
type bitReader struct {
	buf []byte // the segment and slack zeros
	end int    // of the segment
	pos int    // next byte of buf to be taken into acc
	acc uint64 // next bits, the first one highest; those below the top n are valid too or zero
	n   uint   // bits of acc that pos has gone beyond
}

// load copies the segment that begins at data[at:], up to the next marker, and
// returns where that is. A byte 0xff of the segment is written with a zero after
// it (T.81 B.1.1.5).
func (r *bitReader) load(data []byte, at int) (marker int, err error) {
	out := r.buf[:0]
	for {
		i := bytes.IndexByte(data[at:], 0xff)
		if i < 0 {
			return 0, errEarly
		}
		next := at + i + 1
		for next < len(data) && data[next] == 0xff {
			next++
		}
		if next >= len(data) {
			return 0, errEarly
		}
		out = append(out, data[at:at+i]...)
		if data[next] != 0 {
			marker = at + i
			break
		}
		out = append(out, 0xff)
		at = next + 1
	}
	r.end = len(out)
	r.buf = append(out, make([]byte, slack)...)
	r.pos, r.acc, r.n = 0, 0, 0
	return marker, nil
}

// over reports whether more bits were taken than the segment has.
func (r *bitReader) over() bool { return r.pos*8-int(r.n) > r.end*8 }

// refill makes n at least 56. The reader is not far beyond its end.
func (r *bitReader) refill() {
	r.acc |= binary.BigEndian.Uint64(r.buf[r.pos:]) >> r.n
	r.pos += int((63 - r.n) >> 3)
	r.n |= 56
}

func (r *bitReader) skip(n uint) {
	r.acc <<= n & 63
	r.n -= n
}

// take returns the next n bits, 1 to 16.
func (r *bitReader) take(n uint) uint32 {
	if r.n < n {
		r.refill()
	}
	v := uint32(r.acc >> ((64 - n) & 63))
	r.skip(n)
	return v
}

// symbol decodes one symbol. At least 15 bits remain to be taken without refill.
func (r *bitReader) symbol(h *huffman) (uint8, error) {
	if r.n < 32 {
		r.refill()
	}
	e := h.look[r.acc>>(64-fastBits)]
	if e == 0 {
		if e = h.long(r.acc); e == 0 {
			return 0, errCode
		}
	}
	r.skip(uint(e & 31))
	return uint8(e >> 8), nil
}

// signed reads a coefficient of size bits, 1 to 15 (T.81 F.2.2.1, EXTEND).
func (r *bitReader) signed(size uint) int32 {
	v := int32(r.take(size))
	if v < 1<<(size-1) {
		v -= 1<<size - 1
	}
	return v
}

// baseline decodes a block of a sequential scan into b, which is zero, without
// its DC prediction, and returns whether it has coefficients beside DC.
func (r *bitReader) baseline(b *[blockSize]int16, dc, ac *huffman) (diff int32, flat bool, err error) {
	if r.n < 32 {
		r.refill()
	}
	if e := dc.value[r.acc>>(64-fastBits)]; e != 0 {
		r.skip(uint(e & 31))
		diff = e >> 16
	} else {
		size, err := r.symbol(dc)
		if err != nil {
			return 0, false, err
		}
		if size > 0 {
			diff = r.signed(uint(size))
		}
	}
	buf, pos, acc, n := r.buf, r.pos, r.acc, r.n
	k := 1
	for k < blockSize {
		if n < 32 {
			acc |= binary.BigEndian.Uint64(buf[pos:]) >> (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		at := acc >> (64 - fastBits)
		e := ac.value[at]
		if e != 0 {
			acc <<= uint(e) & 63
			n -= uint(e) & 63
			k += int(e>>8) & 31
			b[natural[(k-1)&127]&63] = int16(e >> 16)
			continue
		}
		c := ac.look[at]
		if c == 0 {
			if c = ac.long(acc); c == 0 {
				return 0, false, errCode
			}
		}
		acc <<= uint(c) & 31
		n -= uint(c) & 31
		run, size := int(c>>12), uint(c>>8)&15
		if size == 0 {
			if run == 0 { // the rest is zero
				break
			}
			if run < 15 { // of progressive scans
				return 0, false, errCode
			}
			k += 16
			continue
		}
		v := int32(acc >> ((64 - size) & 63))
		acc <<= size
		n -= size
		if v < 1<<(size-1) {
			v -= 1<<size - 1
		}
		k += run + 1
		b[natural[(k-1)&127]&63] = int16(v)
	}
	r.pos, r.acc, r.n = pos, acc, n
	if k > blockSize {
		return 0, false, errRun
	}
	return diff, k == 1, nil
}

var errRun = errors.New("a run beyond the end of a block")
