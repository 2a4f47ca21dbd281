package png

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"ssrl/internal/rgbd/zlib"
)

// Encoder encodes one picture after the other. The zero value is ready. One call
// at a time.
type Encoder struct {
	stream zlib.Deflater
	raw    []byte // filtered rows, each behind its filter
	zeros  []byte // above the first row
	trial  [2][]byte

	portable bool // no assembly
}

// Encode appends a file of 8-bit RGB to dst: 3 bytes a pixel, row by row from the
// top without padding. The same pixels are the same bytes on every processor.
func (e *Encoder) Encode(dst, pix []byte, width, height int) []byte {
	return e.encode(dst, pix, Header{Width: width, Height: height, Bits: 8, Colour: RGB})
}

// EncodeGrey16 is Encode for samples of 16-bit grey, big-endian.
func (e *Encoder) EncodeGrey16(dst, samples []byte, width, height int) []byte {
	return e.encode(dst, samples, Header{Width: width, Height: height, Bits: 16, Colour: Grey})
}

func (e *Encoder) encode(dst, pix []byte, h Header) []byte {
	n := h.rowBytes(h.Width)
	if h.Width < 1 || h.Height < 1 || len(pix) != n*h.Height {
		panic(fmt.Sprintf("png: %dx%d pixels in %d bytes", h.Width, h.Height, len(pix)))
	}
	e.raw = room(e.raw, (1+n)*h.Height)
	e.zeros = room(e.zeros, n)
	for i := range e.trial {
		e.trial[i] = room(e.trial[i], n)
	}
	size, above := h.Bits*h.Colour.channels()/8, e.zeros
	for y := range h.Height {
		row := pix[y*n:][:n]
		e.filter(e.raw[y*(1+n):][:1+n], row, above, size)
		above = row
	}
	dst = append(dst, signature...)
	dst, at := openChunk(dst, "IHDR")
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.Width))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.Height))
	dst = append(dst, byte(h.Bits), byte(h.Colour), 0, 0, 0)
	dst = closeChunk(dst, at)
	dst, at = openChunk(dst, "IDAT")
	dst = e.stream.Append(dst, e.raw)
	dst = closeChunk(dst, at)
	dst, at = openChunk(dst, "IEND")
	return closeChunk(dst, at)
}

// openChunk begins a chunk, which closeChunk, given its place, ends.
func openChunk(dst []byte, name string) ([]byte, int) {
	return append(append(dst, 0, 0, 0, 0), name...), len(dst)
}

func closeChunk(dst []byte, at int) []byte {
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-8))
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[at+4:]))
}

// filter writes to out the filter whose bytes, as signed numbers, are nearest to
// zero, and those bytes: the heuristic of §12.7. Of equal ones the first is taken.
func (e *Encoder) filter(out, row, above []byte, size int) {
	best, kept := byte(filterNone), row
	least := e.forward(filterUp, e.trial[0], row, e.zeros, size) // of row itself
	for f := byte(filterSub); f <= filterPaeth && least > 0; f++ {
		t := e.trial[0]
		if &t[0] == &kept[0] {
			t = e.trial[1]
		}
		if sum := e.forward(f, t, row, above, size); sum < least {
			best, least, kept = f, sum, t
		}
	}
	out[0] = best
	copy(out[1:], kept)
}
