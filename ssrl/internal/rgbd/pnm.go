package rgbd

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// pnmHeader is the header of a PBM, PGM or PPM, as bytes or as text (netpbm's
// pbm(5), pgm(5), ppm(5)).
type pnmHeader struct {
	width, height int
	max           int // sample value of white; 1 of a PBM
	channels      int
	bitmap        bool // a PBM: 1 is black
	text          bool // numbers written out
	body          []byte
}

// sampleBytes is 1, or 2 (big-endian) when white needs it.
func (h pnmHeader) sampleBytes() int {
	if h.max > 255 {
		return 2
	}
	return 1
}

// parsePNM reads the header and holds its size against the length of the file.
func parsePNM(data []byte) (pnmHeader, error) {
	kind := data[1] - '0'
	h := pnmHeader{max: 1, channels: 1, bitmap: kind == 1 || kind == 4, text: kind <= 3}
	if kind == 3 || kind == 6 {
		h.channels = 3
	}
	fields := []*int{&h.width, &h.height, &h.max}
	if h.bitmap {
		fields = fields[:2]
	}
	rest := data[2:]
	for _, field := range fields {
		word, after, err := pnmWord(rest)
		if err != nil {
			return h, err
		}
		if *field, err = strconv.Atoi(word); err != nil || *field < 0 {
			return h, fmt.Errorf("%q in the header (want a number)", word)
		}
		rest = after
	}
	if err := checkSize(h.width, h.height); err != nil {
		return h, err
	}
	if h.max < 1 || h.max > 65535 {
		return h, fmt.Errorf("white is %d (want 1 to 65535)", h.max)
	}
	want := int64(h.width) * int64(h.height) * int64(h.channels)
	switch {
	case h.text && h.bitmap: // a digit each
	case h.text:
		want = 2*want - 1 // a digit each and a space between
	case h.bitmap:
		want = int64(h.width+7) / 8 * int64(h.height)
	default:
		want *= int64(h.sampleBytes())
	}
	if int64(len(rest)) < want {
		return h, fmt.Errorf("%d bytes of pixels (want %d)", len(rest), want)
	}
	if h.body = rest; !h.text {
		h.body = rest[:want]
	}
	return h, nil
}

// pnmWord returns the next word of a header and what follows the one white
// space after it. A comment runs from # to the end of its line.
func pnmWord(b []byte) (word string, rest []byte, err error) {
	for len(b) > 0 && (isSpace(b[0]) || b[0] == '#') {
		if b[0] == '#' {
			end := bytes.IndexByte(b, '\n')
			if end < 0 {
				return "", nil, errors.New("ends early")
			}
			b = b[end:]
		}
		b = b[1:]
	}
	n := 0
	for n < len(b) && !isSpace(b[n]) {
		if n++; n > 32 {
			return "", nil, fmt.Errorf("%q in the header (want a number)", b[:n])
		}
	}
	if n == len(b) {
		return "", nil, errors.New("ends early")
	}
	return string(b[:n]), b[n+1:], nil
}

func isSpace(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r'
}

// raster returns the samples as a PGM or PPM of bytes has them.
func (h pnmHeader) raster() ([]byte, error) {
	n := h.width * h.height * h.channels
	switch {
	case h.text:
		return h.numbers(n)
	case h.bitmap:
		out, stride := make([]byte, n), (h.width+7)/8
		for i := range out {
			x, y := i%h.width, i/h.width
			out[i] = ^h.body[y*stride+x/8] >> (7 - x%8) & 1
		}
		return out, nil
	}
	return h.body, nil
}

// numbers reads n samples that are written out; the digits of a bitmap may touch.
func (h pnmHeader) numbers(n int) ([]byte, error) {
	out, b := make([]byte, 0, n*h.sampleBytes()), h.body
	for range n {
		for len(b) > 0 && (isSpace(b[0]) || b[0] == '#') {
			if b[0] == '#' {
				b = b[max(bytes.IndexByte(b, '\n'), 0):]
			}
			b = b[1:]
		}
		v, digits, word := 0, 0, b
		for len(b) > 0 && b[0] >= '0' && b[0] <= '9' && v <= h.max {
			v, b = 10*v+int(b[0]-'0'), b[1:]
			if digits++; h.bitmap {
				break
			}
		}
		switch {
		case digits == 0 && len(b) == 0:
			return nil, errors.New("ends early")
		case digits == 0 || v > h.max:
			return nil, fmt.Errorf("%.8q among the pixels (want numbers up to %d)", word, h.max)
		case h.bitmap:
			v = 1 - v
		}
		if h.sampleBytes() == 2 {
			out = append(out, byte(v>>8))
		}
		out = append(out, byte(v))
	}
	return out, nil
}

func decodePNM(data []byte) (*RGB, error) {
	h, err := parsePNM(data)
	if err != nil {
		return nil, err
	}
	samples, err := h.raster()
	if err != nil {
		return nil, err
	}
	// White is 255 whatever its value, to the nearest.
	to8 := make([]byte, h.max+1)
	for v := range to8 {
		to8[v] = byte((v*255 + h.max/2) / h.max)
	}
	out, size, i := NewRGB(h.width, h.height), h.sampleBytes(), 0
	sample := func() byte {
		v := int(samples[i])
		if size == 2 {
			v = v<<8 | int(samples[i+1])
		}
		i += size
		return to8[min(v, h.max)]
	}
	for p := 0; p < len(out.Pix); p += 3 {
		if h.channels == 3 {
			out.Pix[p], out.Pix[p+1], out.Pix[p+2] = sample(), sample(), sample()
			continue
		}
		v := sample()
		out.Pix[p], out.Pix[p+1], out.Pix[p+2] = v, v, v
	}
	return out, nil
}
