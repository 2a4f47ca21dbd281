package zlib

import (
	"encoding/binary"
	"fmt"
)

const (
	// inMargin is what a turn of the fast loop may load of the packed bytes: two
	// words, the second up to 7 bytes behind the first.
	inMargin = 16

	// outMargin is what a turn may write: four entries of up to three literals,
	// written as words, and the longest match, by 32 bytes.
	outMargin = 4*3 + 1 + 258 + 31
)

// place is where the fast loop is in the stream and why it stopped.
type place struct {
	bits  uint64 // as in Inflater, but above count are bits of in[pos:]
	count uint
	pos   int // bytes of in that were taken
	at    int // bytes of buf that are written
	stop  int // one of the below, or a distance that is too long
}

const (
	atMargin   = 0
	atBlockEnd = -1
	atNoCode   = -2
)

// fast unpacks while there is enough of the packed bytes and of buf.
func (z *Inflater) fast(buf []byte, at int) (int, error) {
	if len(z.in) < inMargin || len(buf)-at < outMargin {
		return at, nil
	}
	p := place{bits: z.bits, count: z.count, at: at}
	z.turns(&p, buf)
	z.in = z.in[p.pos:]
	z.bits, z.count = p.bits&(1<<p.count-1), p.count
	switch p.stop {
	case atMargin:
	case atBlockEnd:
		z.stage = atBlock
	case atNoCode:
		return p.at, errCode
	default:
		return p.at, errDistance(p.stop, p.at)
	}
	return p.at, nil
}

// turnsPortable defines what the loop does. Each turn takes up to four entries
// of literals, or up to three, a length and a distance.
func (z *Inflater) turnsPortable(p *place, buf []byte) {
	bits, count, pos, at := p.bits, p.count, p.pos, p.at
	in, inEnd, outEnd := z.in, len(z.in)-inMargin, len(buf)-outMargin
	stop := atMargin
turns:
	for pos <= inEnd && at <= outEnd {
		// 56 bits at least: four entries of literals have 44 at most, three and
		// a length 53.
		bits |= binary.LittleEndian.Uint64(in[pos:]) << (count & 63)
		pos += int(63-count) >> 3
		count |= 56

		e := z.literal[bits&(1<<litBits-1)]
		for k := 0; e&literalMask != 0; k++ {
			binary.LittleEndian.PutUint32(buf[at:], e>>8)
			at += int(e >> literalShift & 3)
			bits >>= e & dropMask
			count -= uint(e & dropMask)
			if k == 3 {
				continue turns
			}
			e = z.literal[bits&(1<<litBits-1)]
		}
		if e&special != 0 {
			if e&second == second {
				bits >>= litBits
				count -= litBits
				e = z.literal[follow(e, bits)]
			}
			if e&literalMask != 0 {
				buf[at] = byte(e >> 8)
				at++
				bits >>= e & dropMask
				count -= uint(e & dropMask)
				continue
			}
			if e&special != 0 {
				bits >>= e & dropMask
				count -= uint(e & dropMask)
				stop = atNoCode
				if e&blockEnd == blockEnd {
					stop = atBlockEnd
				}
				break
			}
		}
		length := value(e, bits)
		bits >>= e & dropMask
		count -= uint(e & dropMask)

		bits |= binary.LittleEndian.Uint64(in[pos:]) << (count & 63)
		pos += int(63-count) >> 3
		count |= 56
		e = z.far[bits&(1<<distBits-1)]
		if e&special != 0 {
			if e&second == second {
				bits >>= distBits
				count -= distBits
				e = z.far[follow(e, bits)]
			}
			if e&special != 0 {
				stop = atNoCode
				break
			}
		}
		dist := value(e, bits)
		bits >>= e & dropMask
		count -= uint(e & dropMask)
		if dist > at {
			stop = dist
			break
		}
		copyMatch(buf, at, dist, length)
		at += length
	}
	*p = place{bits, count, pos, at, stop}
}

// copyMatch writes length bytes from at on, and up to 7 more, each equal to the
// one dist before it.
func copyMatch(buf []byte, at, dist, length int) {
	end := at + length
	step := min(dist, 8) // a word shows what is dist before the next
	for ; at < end; at += step {
		binary.LittleEndian.PutUint64(buf[at:], binary.LittleEndian.Uint64(buf[at-dist:]))
	}
}

func errDistance(dist, at int) error {
	return fmt.Errorf("zlib: a match %d bytes back (want %d at most)", dist, at)
}
