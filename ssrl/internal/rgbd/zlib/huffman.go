package zlib

import (
	"math/bits"
	"slices"
)

// code is the bits of a symbol, the first lowest.
type code struct {
	bits uint16
	n    uint8
}

// huffman sets codes for symbols that occur so often, none longer than most
// bits. At least two symbols get one, as some decoders want it.
func huffman(codes []code, often []int, most int) {
	var keys []uint64 // by frequency, then by symbol
	var space [maxSymbols]uint64
	keys = space[:0]
	for s, f := range often {
		if f > 0 {
			keys = append(keys, uint64(f)<<16|uint64(s))
		}
	}
	for s := 0; len(keys) < 2; s++ {
		if often[s] == 0 {
			keys = append(keys, 1<<16|uint64(s))
		}
	}
	slices.Sort(keys)
	counts := lengths(keys, most)

	// The rarest have the longest codes.
	clear(codes)
	i := 0
	for n := most; n > 0; n-- {
		for range counts[n] {
			codes[keys[i]&0xffff].n = uint8(n)
			i++
		}
	}
	// Codes of a length are in the order of symbols (RFC 1951 §3.2.2); their bits
	// are reversed.
	next, started := [maxBits + 1]int{}, 0
	for n := 1; n <= most; n++ {
		started = (started + counts[n-1]) << 1
		next[n] = started
	}
	for s := range codes {
		if n := int(codes[s].n); n > 0 {
			codes[s].bits = reversed(next[n], n)
			next[n]++
		}
	}
}

// lengths returns how many codes of each length Huffman's tree has for sorted
// keys, made no longer than most bits by moving shorter ones down.
func lengths(keys []uint64, most int) (counts [maxBits + 1]int) {
	// Leaves come first in these, then pairs as they are made, both by weight.
	var weights, parents [2 * maxSymbols]int
	n := len(keys)
	for i, k := range keys {
		weights[i] = int(k >> 16)
	}
	leaf, pair := 0, n
	for made := n; made < 2*n-1; made++ {
		for range 2 {
			i := pair
			if leaf < n && (pair == made || weights[leaf] <= weights[pair]) {
				i = leaf
				leaf++
			} else {
				pair++
			}
			weights[made] += weights[i]
			parents[i] = made
		}
	}
	depths := weights // no longer needed
	depths[2*n-2] = 0
	full := 0 // of 1 << most, what the codes take
	for i := 2*n - 3; i >= 0; i-- {
		depths[i] = depths[parents[i]] + 1
		if i < n {
			l := min(depths[i], most)
			counts[l]++
			full += 1 << (most - l)
		}
	}
	for ; full > 1<<most; full-- {
		// One of the longest becomes the twin of a shorter one.
		l := most - 1
		for counts[l] == 0 {
			l--
		}
		counts[most]--
		counts[l]--
		counts[l+1] += 2
	}
	return counts
}

// reversed returns the n bits of v in the other order.
func reversed(v, n int) uint16 { return bits.Reverse16(uint16(v)) >> (16 - n) }
