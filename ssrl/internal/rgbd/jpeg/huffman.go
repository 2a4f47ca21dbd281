package jpeg

import (
	"errors"
	"fmt"
)

// fastBits is how many bits a table looks at together. Codes that are longer,
// one symbol in a hundred, are searched.
const fastBits = 10

// huffman decodes symbols of one table.
type huffman struct {
	defined bool
	largest uint8 // symbol

	// look holds symbol<<8 | length for every code of up to fastBits bits, by the
	// next bits of the stream; 0 where the code is longer or there is none.
	look [1 << fastBits]uint16

	// value holds, where the bits hold a code and the whole coefficient after it,
	// coefficient<<16 | (run+1)<<8 | length of both; 0 elsewhere. The coefficient
	// of a DC table has no run.
	value [1 << fastBits]int32

	// limit is the first code beyond those of a length, left-justified to 16 bits;
	// a code of that length stands for symbols[code+first].
	limit   [17]uint32
	first   [17]int32
	symbols [256]uint8
}

// set builds the tables of a code (T.81 annex C).
func (h *huffman) set(c *code) error {
	h.defined = false
	total := 0
	for _, n := range c.counts {
		total += int(n)
	}
	if total == 0 || total > 256 || total > len(c.symbols) {
		return fmt.Errorf("a Huffman table of %d symbols (want 1 to 256)", total)
	}
	copy(h.symbols[:], c.symbols[:total])
	clear(h.look[:])
	clear(h.value[:])
	h.largest = 0
	next, at := uint32(0), int32(0)
	for length := 1; length <= 16; length++ {
		h.first[length] = at - int32(next)
		for range c.counts[length-1] {
			if next >= 1<<length {
				return errors.New("a Huffman table of more codes than bits can tell apart")
			}
			h.largest = max(h.largest, h.symbols[at])
			if length <= fastBits {
				h.fill(next, length, h.symbols[at])
			}
			next++
			at++
		}
		h.limit[length] = next << (16 - length)
		next <<= 1
	}
	h.defined = true
	return nil
}

// fill enters a short code at every place that begins with it.
func (h *huffman) fill(bits uint32, length int, symbol uint8) {
	run, size := int32(symbol>>4), int(symbol&15)
	left := fastBits - length
	for rest := range uint32(1) << left {
		i := bits<<left | rest
		h.look[i] = uint16(symbol)<<8 | uint16(length)
		if size > 0 && size <= left {
			v := int32(rest >> (left - size))
			if v < 1<<(size-1) {
				v -= 1<<size - 1
			}
			h.value[i] = v<<16 | (run+1)<<8 | int32(length+size)
		}
	}
}

// long returns the symbol<<8 | length of a code of more than fastBits bits that
// the left-justified bits begin with, 0 when there is none.
func (h *huffman) long(acc uint64) uint16 {
	top := uint32(acc >> 48)
	for length := fastBits + 1; length <= 16; length++ {
		if top < h.limit[length] {
			i := int32(top>>(16-length)) + h.first[length]
			return uint16(h.symbols[i&255])<<8 | uint16(length)
		}
	}
	return 0
}
