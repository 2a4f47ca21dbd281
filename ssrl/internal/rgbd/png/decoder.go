package png

import (
	"errors"
	"fmt"
	"io"

	"ssrl/internal/rgbd/zlib"
)

// Decoder decodes one file after the other. The zero value is ready. One call at
// a time.
type Decoder struct {
	Header
	chunks  chunks
	palette [256][3]byte

	stream zlib.Inflater
	idat   func() ([]byte, error) // d.nextIDAT, made once
	window []byte                 // of what is unpacked: [done:] are rows to come
	done   int
	end    int   // of what is unpacked
	left   int64 // bytes that the picture unpacks to and that are not in window
	ended  bool  // so did the stream

	rows [2][]byte // unfiltered, the last and the next by turns
	line []byte    // of an interlaced picture, before its pixels are spread

	portable bool // no assembly
}

// windowStep is what is unpacked at once, with the bytes that matches reach back
// to: 256 KiB, a part of the second cache.
const windowStep = 256<<10 - zlib.Window

// Decode returns the pixels of a file, 3 bytes RGB each, row by row from the top
// without padding. They lie in dst when it has room. Alpha is dropped: the colour
// below it stays. 16-bit samples keep their high byte, smaller ones are spread
// over 0 to 255. On an error dst may have been written.
func (d *Decoder) Decode(dst, data []byte) ([]byte, Header, error) {
	h, err := ReadHeader(data)
	if err != nil {
		return nil, Header{}, err
	}
	return d.decode(dst, data, h, 3)
}

// DecodeGrey16 returns the samples of a file of 16-bit grey, big-endian, as
// Decode does pixels. Files of any other kind are refused.
func (d *Decoder) DecodeGrey16(dst, data []byte) ([]byte, Header, error) {
	h, err := ReadHeader(data)
	switch {
	case err != nil:
	case h.Colour == Palette:
		err = errors.New("a palette (want grey)")
	case h.Colour != Grey:
		err = fmt.Errorf("%d channels (want 1)", h.Colour.channels())
	case h.Bits != 16:
		err = fmt.Errorf("%d bits a pixel (want 16)", h.Bits)
	}
	if err != nil {
		return nil, Header{}, err
	}
	return d.decode(dst, data, h, 2)
}

// decode decodes to size bytes a pixel: 2 for the samples of 16-bit grey, or 3.
func (d *Decoder) decode(dst, data []byte, h Header, size int) ([]byte, Header, error) {
	d.Header = h
	err := d.begin(data)
	if err == nil {
		dst = room(dst, size*h.Width*h.Height)
		err = d.pixels(dst, size)
	}
	if err == nil {
		err = d.finish()
	}
	d.chunks = chunks{}
	d.stream.Reset(nil, nil)
	if err != nil {
		return nil, Header{}, err
	}
	return dst, h, nil
}

// room returns n bytes, of b if it has so many.
func room(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

func (d *Decoder) pixels(dst []byte, size int) error {
	if d.idat == nil {
		d.idat = d.nextIDAT
	}
	d.stream.Reset(nil, d.idat)
	d.left, d.done, d.end, d.ended = d.rawSize(), 0, 0, false
	row := d.rowBytes(d.Width)
	d.window = room(d.window, int(min(d.left, int64(max(windowStep, 2*(1+row))+zlib.Window))))
	direct := !d.Interlaced && (size == 2 || d.Colour == RGB && d.Bits == 8)
	for i := range d.rows {
		if !direct || i == 0 { // one of zeros, above the first
			d.rows[i] = room(d.rows[i], row)
		}
	}
	if d.Interlaced {
		d.line = room(d.line, size*d.Width)
	}
	for _, p := range d.passes() {
		w, h := p.size(d.Header)
		if w == 0 {
			continue
		}
		if err := d.pass(dst, size, p, w, h, direct); err != nil {
			return err
		}
	}
	return nil
}

// pass decodes w x h pixels that dst has at the places of p. If direct, rows are
// pixels as they are.
func (d *Decoder) pass(dst []byte, size int, p pass, w, h int, direct bool) error {
	n := d.rowBytes(w)
	above := d.rows[0][:n]
	clear(above)
	for y := range h {
		raw, err := d.next(1 + n)
		if err != nil {
			return err
		}
		row := d.rows[(y+1)&1]
		if direct {
			row = dst[y*n:]
		}
		row = row[:n]
		if err := d.unfilter(row, above, raw); err != nil {
			return err
		}
		above = row
		switch {
		case direct:
		case !d.Interlaced:
			d.convert(dst[size*w*y:][:size*w], row, size)
		default:
			d.convert(d.line[:size*w], row, size)
			spread(dst[size*((p.y0+y*p.dy)*d.Width+p.x0):], d.line[:size*w], size, p.dx)
		}
	}
	return nil
}

// spread writes pixels of size bytes step pixels apart.
func spread(dst, line []byte, size, step int) {
	for i, j := 0, 0; i < len(line); i, j = i+size, j+size*step {
		copy(dst[j:j+size], line[i:i+size])
	}
}

// next returns n unpacked bytes, valid until the next call.
func (d *Decoder) next(n int) ([]byte, error) {
	for d.end-d.done < n {
		if d.ended {
			return nil, fmt.Errorf("pixels of %d bytes (want %d for %dx%d pixels)", d.rawSize()-d.left, d.rawSize(), d.Width, d.Height)
		}
		if err := d.unpack(); err != nil {
			return nil, err
		}
	}
	d.done += n
	return d.window[d.done-n : d.done], nil
}

// unpack fills the window.
func (d *Decoder) unpack() error {
	if d.end == len(d.window) {
		keep := min(d.done, d.end-zlib.Window)
		d.end = copy(d.window, d.window[keep:d.end])
		d.done -= keep
	}
	to := int(min(int64(len(d.window)), int64(d.end)+d.left))
	end, err := d.stream.Fill(d.window[:to], d.end)
	d.left -= int64(end - d.end)
	d.end = end
	switch {
	case err == io.EOF:
		d.ended = true
	case err == io.ErrUnexpectedEOF:
		return errEarly
	case err != nil:
		return err
	case d.left == 0:
		return fmt.Errorf("pixels of more than %d bytes (want so many for %dx%d pixels)", d.rawSize(), d.Width, d.Height)
	}
	return nil
}

// nextIDAT returns what of the pixels the next chunk holds, nothing if it is
// another.
func (d *Decoder) nextIDAT() ([]byte, error) {
	for d.chunks.pixels() {
		if _, body, err := d.chunks.next(); err != nil || len(body) > 0 {
			return body, err
		}
	}
	return nil, nil
}
