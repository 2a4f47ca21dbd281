package zlib

import (
	"errors"
	"fmt"
)

// fixedCodes are those of RFC 1951 §3.2.6. The last two of both alphabets stand
// for nothing.
func (z *Inflater) fixedCodes() error {
	if z.fixed {
		return nil
	}
	for s := range z.lens {
		switch {
		case s < 144:
			z.lens[s] = 8
		case s < 256:
			z.lens[s] = 9
		case s < 280:
			z.lens[s] = 7
		case s < 288:
			z.lens[s] = 8
		default:
			z.lens[s] = 5
		}
	}
	z.fixed = true
	return z.tables(288, len(z.lens))
}

// tables builds both tables: lens[:n] are of the codes of literals and lengths,
// lens[n:end] of distances.
func (z *Inflater) tables(n, end int) error {
	if err := build(z.literal[:], litBits, z.lens[:n], literalEntry); err != nil {
		return err
	}
	short := uint8(maxBits)
	for _, l := range z.lens[:256] {
		if l > 0 {
			short = min(short, l)
		}
	}
	if 2*short <= litBits {
		join(&z.literal, int(short))
	}
	return build(z.far[:], distBits, z.lens[n:end], distanceEntry)
}

// dynamicCodes reads the codes of a block (RFC 1951 §3.2.7).
func (z *Inflater) dynamicCodes() error {
	z.fixed = false
	v, err := z.take(14)
	if err != nil {
		return err
	}
	literals, distances, n := int(v&31)+257, int(v>>5&31)+1, int(v>>10)+4
	if literals > litCodes || distances > distCodes {
		return fmt.Errorf("zlib: %d and %d codes (want %d and %d at most)", literals, distances, litCodes, distCodes)
	}
	const width = 7 // bits of the longest code of a code length
	var lens [19]uint8
	for _, s := range codeOrder[:n] {
		v, err := z.take(3)
		if err != nil {
			return err
		}
		lens[s] = uint8(v)
	}
	table := z.far[:1<<width] // free until the codes are known
	if err := build(table, width, lens[:], func(s int) uint32 { return uint32(s) << 16 }); err != nil {
		return err
	}
	end := literals + distances
	for i := 0; i < end; {
		if err := z.feed(); err != nil {
			return err
		}
		e := table[z.bits&(1<<width-1)]
		if e == special {
			return errCode
		}
		if _, err := z.take(uint(e & dropMask)); err != nil {
			return err
		}
		s := uint8(e >> 16)
		if s < 16 {
			z.lens[i] = s
			i++
			continue
		}
		was, repeat := uint8(0), runs[s-16]
		if s == 16 {
			if i == 0 {
				return errors.New("zlib: a length repeated before the first")
			}
			was = z.lens[i-1]
		}
		more, err := z.take(repeat.bits)
		if err != nil {
			return err
		}
		n := repeat.least + int(more)
		if n > end-i {
			return fmt.Errorf("zlib: more than %d lengths of codes", end)
		}
		for range n {
			z.lens[i] = was
			i++
		}
	}
	return z.tables(literals, end)
}

// runs are the code lengths 16 to 18: the last length, or zero, several times.
var runs = [3]struct {
	bits  uint
	least int
}{{2, 3}, {3, 3}, {7, 11}}
