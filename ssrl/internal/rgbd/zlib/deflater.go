package zlib

import (
	"encoding/binary"
	"math/bits"
)

// Deflater packs whole pieces of memory, fast and not as small as can be: one
// candidate for each match, found by its first four bytes, and codes of its own
// for each block. The same bytes come out on every processor. The zero value is
// ready; one call at a time.
type Deflater struct {
	last [1 << hashBits]seen // of each hash
	runs []run

	literals, distances    [maxSymbols]int // how often
	literalCodes, farCodes [maxSymbols]code
	out                    bitWriter
}

const (
	hashBits = 14
	minMatch = 4
	maxMatch = 258

	// blockSize is the bytes of a block, what a stored one can have.
	blockSize = 1<<16 - 1

	// patience is how many bytes without a match make steps one byte longer.
	patience = 32
)

// seen is four bytes and the place behind their first, 0 for none.
type seen struct{ word, behind uint32 }

// run is bytes as they are and the match behind them, if length is not 0.
type run struct{ plain, length, dist uint16 }

// Append packs data into a zlib stream behind dst.
func (d *Deflater) Append(dst, data []byte) []byte {
	clear(d.last[:])
	d.out = bitWriter{b: append(dst, 0x78, 0x01)}
	for at := 0; at == 0 || at < len(data); at += blockSize {
		end := min(at+blockSize, len(data))
		d.match(data, at, end)
		d.block(data[at:end], end == len(data))
	}
	d.out.align()
	b := binary.BigEndian.AppendUint32(d.out.b, adler(1, data))
	d.out = bitWriter{}
	return b
}

// match splits data[at:end] into runs. Matches reach back before at.
func (d *Deflater) match(data []byte, at, end int) {
	d.runs = d.runs[:0]
	plain := at // begin of the bytes without a match
	for at <= end-minMatch-8 {
		word := binary.LittleEndian.Uint32(data[at:])
		slot := &d.last[hash(word)]
		was := *slot
		*slot = seen{word, uint32(at + 1)}
		from := int(was.behind) - 1
		if was.word != word || from < 0 || at-from > Window {
			at += 1 + (at-plain)/patience
			continue
		}
		length := minMatch + same(data[from+minMatch:], data[at+minMatch:min(end, at+maxMatch)])
		for at > plain && from > 0 && length < maxMatch && data[at-1] == data[from-1] {
			at, from, length = at-1, from-1, length+1
		}
		d.runs = append(d.runs, run{uint16(at - plain), uint16(length), uint16(at - from)})
		at += length
		plain = at
		// A match one byte back goes on for runs.
		if at+3 <= end {
			word := binary.LittleEndian.Uint32(data[at-1:])
			d.last[hash(word)] = seen{word, uint32(at)}
		}
	}
	d.runs = append(d.runs, run{plain: uint16(end - plain)})
}

// hash is Fibonacci hashing: the golden ratio of 1 << 32.
func hash(word uint32) uint32 { return word * 2654435761 >> (32 - hashBits) }

// same returns how many bytes a begins with that b, which is shorter, has too.
func same(a, b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

// lengthSymbol returns the symbol of a length, less 257, and its extra bits.
func lengthSymbol(length int) (symbol int, extra uint64, n uint) {
	if length == maxMatch {
		return 28, 0, 0
	}
	return rangeSymbol(length-3, 2)
}

// distanceSymbol is lengthSymbol for distances.
func distanceSymbol(dist int) (symbol int, extra uint64, n uint) { return rangeSymbol(dist-1, 1) }

// rangeSymbol finds v in ranges of which each doubling is 1 << steps (RFC 1951
// §3.2.5).
func rangeSymbol(v int, steps uint) (symbol int, extra uint64, n uint) {
	if v < 2<<steps {
		return v, 0, 0
	}
	n = uint(bits.Len(uint(v))) - 1 - steps
	return int(n)<<steps + v>>n, uint64(v & (1<<n - 1)), n
}
