package zlib

import (
	"errors"
	"math/bits"
)

// An entry of the tables is found by the next bits of the stream. Its fields:
//
//	bits 0-4    bits to drop: those of the code and of the extra bits
//	bits 6-7    literals, 0 to 3; their bytes are bits 8-31, the first lowest
//	bits 8-11   without literals: bits of the code alone
//	bit 12      without literals: neither a length nor a distance but
//	bit 13      a second table, of 1 << bits 8-11 entries from bits 16-31 on
//	bit 14      the end of the block
//	bits 16-31  length or distance before the extra bits are added
//
// With bit 12 alone it stands for nothing.
const (
	literalMask  = 3 << 6
	literalShift = 6
	dropMask     = 31
	special      = 1 << 12
	second       = special | 1<<13
	blockEnd     = special | 1<<14
)

const (
	litBits  = 11
	distBits = 8
	maxBits  = 15

	// What zlib's enough.c finds for 286 codes behind 11 bits and 30 behind 8:
	// 2342 and 402 entries. Two more are the missing ones of RFC 1951 §3.2.6.
	litSize  = 2400
	distSize = 512

	litCodes  = 286
	distCodes = 30
	maxCodes  = 288 + 32

	maxSymbols = 288 // of one code
)

var (
	lengthBase = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}

	// codeOrder is the order in which the lengths of the codes for code lengths come.
	codeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// entry returns what a symbol's entry holds besides the bits of its code.
type entry func(symbol int) uint32

func literalEntry(s int) uint32 {
	switch {
	case s < 256:
		return uint32(s)<<8 | 1<<literalShift
	case s == 256:
		return blockEnd
	case s < 257+len(lengthBase):
		return uint32(lengthBase[s-257])<<16 | uint32(lengthBits[s-257])
	}
	return special
}

func distanceEntry(s int) uint32 {
	switch {
	case s < 4:
		return uint32(s+1) << 16
	case s < distCodes:
		extra := s/2 - 1
		return uint32(1+(2+s&1)<<extra)<<16 | uint32(extra)
	}
	return special
}

// withBits adds the n bits of a code to an entry.
func withBits(e uint32, n int) uint32 {
	if e&literalMask == 0 {
		e |= uint32(n) << 8
	}
	return e + uint32(n)
}

var (
	errCodes = errors.New("zlib: code lengths that make no code")
	errCode  = errors.New("zlib: a code that stands for nothing")
)

// build fills table for codes of the lengths lens, the first 1 << width entries
// for the first width bits. A code must be whole (RFC 1951 §3.2.7); one of a
// single symbol and bit, or of no symbol, leaves sequences that stand for nothing.
func build(table []uint32, width int, lens []uint8, of entry) error {
	var counts, offsets [maxBits + 2]int
	for _, n := range lens {
		counts[n]++
	}
	used := len(lens) - counts[0]
	counts[0] = 0
	room := 1 // codes that are left
	for n := 1; n <= maxBits; n++ {
		if room = room<<1 - counts[n]; room < 0 {
			return errCodes
		}
		offsets[n+1] = offsets[n] + counts[n]
	}
	if room > 0 && (used > 1 || used != counts[1]) {
		return errCodes
	}
	var sorted [maxSymbols]uint16 // by length, then by symbol
	for s, n := range lens {
		if n != 0 {
			sorted[offsets[n]] = uint16(s)
			offsets[n]++
		}
	}
	if room > 0 {
		for i := range table[:1<<width] {
			table[i] = special
			if used == 1 && i&1 == 0 {
				table[i] = withBits(of(int(sorted[0])), 1)
			}
		}
		return nil
	}

	// Codes come in order, their bits reversed. The table holds 1 << size
	// entries, which repeat when it grows.
	code, i, size := 0, 0, 0
	for n := 1; n <= width; n++ {
		for range counts[n] {
			for ; size < n; size++ {
				copy(table[1<<size:], table[:1<<size])
			}
			table[code] = withBits(of(int(sorted[i])), n)
			code = after(code, n)
			i++
		}
	}
	for ; size < width; size++ {
		copy(table[1<<size:], table[:1<<size])
	}
	seconds(table, width, counts[:], sorted[i:used], code, of)
	return nil
}

// after returns the code of n bits that follows code, or 0. The bits of both are
// in the stream's order, the first lowest.
func after(code, n int) int {
	zeros := uint(code ^ (1<<n - 1))
	if zeros == 0 {
		return 0
	}
	bit := 1 << (bits.Len(zeros) - 1)
	return code&(bit-1) | bit
}

// seconds adds the tables of the symbols whose codes are longer than width. Code
// is the first of those.
func seconds(table []uint32, width int, counts []int, sorted []uint16, code int, of entry) {
	prefix, start, end := -1, 0, 1<<width
	n := width + 1
	for _, s := range sorted {
		for counts[n] == 0 {
			n++
		}
		if p := code & (1<<width - 1); p != prefix {
			// As wide as the codes of this prefix are long: they fill the table.
			prefix, start = p, end
			wide := n - width
			for room := 1<<wide - counts[n]; room > 0; room = room<<1 - counts[width+wide] {
				wide++
			}
			end = start + 1<<wide
			table[prefix] = uint32(start)<<16 | second | uint32(wide)<<8 | uint32(width)
		}
		e := withBits(of(int(s)), n-width)
		for j := start + code>>width; j < end; j += 1 << (n - width) {
			table[j] = e
		}
		counts[n]--
		code = after(code, n)
	}
}

// join puts into an entry of one literal those that follow it, as far as the
// table's index knows their bits. Codes of fewer than short bits there are none.
func join(table *[litSize]uint32, short int) {
	const size = 1 << litBits
	// An entry is made from entries before it, which are of one literal yet.
	for i := size - 1; i >= 0; i-- {
		e := table[i]
		n := int(e & dropMask)
		if e&literalMask == 0 || n+short > litBits {
			continue
		}
		e2 := table[i>>n]
		n2 := n + int(e2&dropMask)
		if e2&literalMask == 0 || n2 > litBits {
			continue
		}
		e = e&^(dropMask|literalMask) | e2&0xff00<<8 | 2<<literalShift | uint32(n2)
		if n2+short <= litBits {
			e3 := table[i>>n2]
			if n3 := n2 + int(e3&dropMask); e3&literalMask != 0 && n3 <= litBits {
				e = e&^(dropMask|literalMask) | e3&0xff00<<16 | 3<<literalShift | uint32(n3)
			}
		}
		table[i] = e
	}
}
