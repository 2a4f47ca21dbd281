package zlib

import "io"

// slow unpacks symbol by symbol until buf is full, the block ends, or there is
// enough of the packed bytes and of buf for the fast loop.
func (z *Inflater) slow(buf []byte, at int) (int, error) {
	for {
		if err := z.feed(); err != nil {
			return at, err
		}
		e, n := z.literal[z.bits&(1<<litBits-1)], uint(0)
		if e&literalMask == 0 && e&second == second {
			n = litBits
			e = z.literal[follow(e, z.bits>>n)]
		}
		switch {
		case e&literalMask != 0:
			// Of several the first alone: the others may be behind the end.
			s := byte(e >> 8)
			n = uint(z.lens[s])
			if n > z.count {
				return at, io.ErrUnexpectedEOF
			}
			if at == len(buf) {
				return at, nil
			}
			buf[at] = s
			at++
			z.bits >>= n
			z.count -= n
		case e&special != 0:
			return at, z.end(e, n)
		default:
			if n+uint(e&dropMask) > z.count {
				return at, io.ErrUnexpectedEOF
			}
			if at == len(buf) {
				return at, nil
			}
			length, d, err := z.pair(e, n, at)
			if err != nil {
				return at, err
			}
			z.left, z.dist = length, d
			if at = z.match(buf, at); z.left > 0 {
				z.stage = inMatch
				return at, nil
			}
		}
		if len(z.in) >= inMargin && len(buf)-at >= outMargin {
			return at, nil
		}
	}
}

// follow returns the index of the entry that e, which refers to a second table,
// and the bits after its own lead to.
func follow(e uint32, bits uint64) uint32 {
	return e>>16 + uint32(bits)&(1<<(e>>8&15)-1)
}

// value returns the length or distance of e and the bits that it begins.
func value(e uint32, bits uint64) int {
	return int(e>>16 + uint32(bits&(1<<(e&dropMask)-1)>>(e>>8&15)))
}

// end takes the end of a block, n bits and those of e.
func (z *Inflater) end(e uint32, n uint) error {
	n += uint(e & dropMask)
	switch {
	case z.count < n:
		return io.ErrUnexpectedEOF
	case e&blockEnd == blockEnd:
	case z.count < n+maxBits: // the zeros behind the end are no code
		return io.ErrUnexpectedEOF
	default:
		return errCode
	}
	z.bits >>= n
	z.count -= n
	z.stage = atBlock
	return nil
}

// pair takes a length and a distance, n bits and those of e at first, with at
// bytes that a match can be of.
func (z *Inflater) pair(e uint32, n uint, at int) (length, dist int, err error) {
	bits := z.bits >> n
	length = value(e, bits)
	bits >>= e & dropMask
	n += uint(e & dropMask)
	e = z.far[bits&(1<<distBits-1)]
	if e&second == second {
		bits >>= distBits
		n += distBits
		e = z.far[follow(e, bits)]
	}
	if e&special != 0 {
		return 0, 0, z.end(special, n)
	}
	if n += uint(e & dropMask); n > z.count {
		return 0, 0, io.ErrUnexpectedEOF
	}
	if dist = value(e, bits); dist > at {
		return 0, 0, errDistance(dist, at)
	}
	z.bits >>= n
	z.count -= n
	return length, dist, nil
}
