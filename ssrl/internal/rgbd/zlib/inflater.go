// Package zlib unpacks zlib streams (RFC 1950 and 1951) that lie in memory.
//
// The standard library's reader serves streams that arrive byte by byte. Here
// the packed bytes are there already, so that eight are taken at a time, a table
// entry stands for up to three literals, and matches are copied by words. The
// portable loops define what the assembly of amd64 does.
//
// Limits: preset dictionaries are refused. Memory is the tables, 14 KiB, whatever
// the stream says; output goes to the caller's buffer and never beyond it.
package zlib

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// Window is how far back a match can reach.
const Window = 32 << 10

// Inflater unpacks one stream after the other. The zero value is ready for
// Reset. One call at a time.
type Inflater struct {
	in    []byte                 // packed bytes that are not taken yet
	more  func() ([]byte, error) // the packed bytes after in
	dry   bool                   // more has none
	bits  uint64                 // the next bits of the stream, the first lowest; 0 above count
	count uint                   // valid bits, 63 at most

	stage stage
	final bool   // the block is the last
	fixed bool   // the tables are those of RFC 1951 §3.2.6
	left  int    // bytes of a stored block or of a match still to write
	dist  int    // of that match
	sum   uint32 // Adler-32 of what was unpacked

	lens    [maxCodes]uint8 // of the codes of literals and lengths, then of distances
	literal [litSize]uint32
	far     [distSize]uint32

	portable bool // no assembly
}

type stage uint8

const (
	atHeader stage = iota
	atBlock
	inStored
	inCodes
	inMatch
	atSum
	atEnd
)

// Reset begins a stream at the start of in. More, unless nil, returns the packed
// bytes that follow, none at their end. In is kept until the next Reset.
func (z *Inflater) Reset(in []byte, more func() ([]byte, error)) {
	z.in, z.more, z.dry = in, more, more == nil
	z.bits, z.count = 0, 0
	z.stage, z.final, z.left, z.sum = atHeader, false, 0, 1
}

// Fill unpacks into buf[at:] and returns where it stopped: nil when buf is full
// and bytes are left, io.EOF at the end of a stream whose checksum is right,
// io.ErrUnexpectedEOF where a stream ends early. What lies behind the place that
// is returned may be overwritten. buf[:at] ends with what was unpacked before,
// Window bytes at least unless that is all.
func (z *Inflater) Fill(buf []byte, at int) (int, error) {
	from := at
	var err error
	for err == nil {
		was, had := z.stage, at
		switch z.stage {
		case atHeader:
			err = z.header()
		case atBlock:
			err = z.block()
		case inStored:
			at, err = z.stored(buf, at)
		case inCodes:
			if at, err = z.fast(buf, at); err == nil && z.stage == inCodes {
				at, err = z.slow(buf, at)
			}
		case inMatch:
			at = z.match(buf, at)
		case atSum:
			z.sum, from = adler(z.sum, buf[from:at]), at
			err = z.trailer()
		case atEnd:
			err = io.EOF
		}
		if z.stage == was && at == had && err == nil {
			break // full
		}
	}
	z.sum = adler(z.sum, buf[from:at])
	return at, err
}

// next takes more packed bytes when there are none in hand.
func (z *Inflater) next() error {
	for len(z.in) == 0 && !z.dry {
		var err error
		if z.in, err = z.more(); err != nil {
			return err
		}
		z.dry = len(z.in) == 0
	}
	return nil
}

// feed takes bits until there are 56 at least, or all that are left.
func (z *Inflater) feed() error {
	for z.count < 56 {
		if len(z.in) == 0 {
			if err := z.next(); err != nil {
				return err
			}
			if z.dry {
				return nil
			}
		}
		z.bits |= uint64(z.in[0]) << z.count
		z.in = z.in[1:]
		z.count += 8
	}
	return nil
}

// take returns the next n bits, 32 at most.
func (z *Inflater) take(n uint) (uint32, error) {
	if z.count < n {
		if err := z.feed(); err != nil {
			return 0, err
		}
		if z.count < n {
			return 0, io.ErrUnexpectedEOF
		}
	}
	v := uint32(z.bits & (1<<n - 1))
	z.bits >>= n
	z.count -= n
	return v, nil
}

func (z *Inflater) header() error {
	v, err := z.take(16)
	if err != nil {
		return err
	}
	h := bits.ReverseBytes16(uint16(v))
	deflate := h>>8&15 == 8 && h>>12 <= 7
	if !deflate || h%31 != 0 {
		return errors.New("zlib: invalid header")
	}
	if h>>5&1 != 0 {
		return errors.New("zlib: a preset dictionary (want none)")
	}
	z.stage = atBlock
	return nil
}

// align drops the bits up to the next whole byte.
func (z *Inflater) align() {
	z.bits >>= z.count & 7
	z.count &^= 7
}

func (z *Inflater) trailer() error {
	z.align()
	v, err := z.take(32)
	if err != nil {
		return err
	}
	if want := bits.ReverseBytes32(v); z.sum != want {
		return fmt.Errorf("zlib: checksum %08x (want %08x)", z.sum, want)
	}
	z.stage = atEnd
	return nil
}

// block begins a block, or ends the stream after the last.
func (z *Inflater) block() error {
	if z.final {
		z.stage = atSum
		return nil
	}
	v, err := z.take(3)
	if err != nil {
		return err
	}
	z.final = v&1 != 0
	switch v >> 1 {
	case 0:
		z.align()
		v, err := z.take(32)
		if err != nil {
			return err
		}
		n, not := uint16(v), uint16(v>>16)
		if n != ^not {
			return fmt.Errorf("zlib: a stored block of %d or %d bytes", n, ^not)
		}
		z.left, z.stage = int(n), inStored
		return nil
	case 1:
		z.stage = inCodes
		return z.fixedCodes()
	case 2:
		z.stage = inCodes
		return z.dynamicCodes()
	}
	return errors.New("zlib: a block of type 3 (want 0 to 2)")
}

// stored copies bytes of a stored block, those among the bits first.
func (z *Inflater) stored(buf []byte, at int) (int, error) {
	for ; z.left > 0 && at < len(buf) && z.count > 0; z.left-- {
		buf[at] = byte(z.bits)
		z.bits >>= 8
		z.count -= 8
		at++
	}
	for z.left > 0 && at < len(buf) {
		if err := z.next(); err != nil {
			return at, err
		}
		if len(z.in) == 0 {
			return at, io.ErrUnexpectedEOF
		}
		n := copy(buf[at:], z.in[:min(z.left, len(z.in))])
		z.in = z.in[n:]
		z.left -= n
		at += n
	}
	if z.left == 0 {
		z.stage = atBlock
	}
	return at, nil
}

// match goes on with a match that a buffer had no room for.
func (z *Inflater) match(buf []byte, at int) int {
	n := min(z.left, len(buf)-at)
	for i := at; i < at+n; i++ {
		buf[i] = buf[i-z.dist]
	}
	if z.left -= n; z.left == 0 {
		z.stage = inCodes
	}
	return at + n
}
