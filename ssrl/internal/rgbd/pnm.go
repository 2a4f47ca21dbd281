package rgbd

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// pnmHeader is the header of a binary PGM or PPM (netpbm's pgm(5), ppm(5)).
type pnmHeader struct {
	width, height int
	max           int // sample value of white
	channels      int
	body          []byte // the samples and nothing after them
}

// sampleBytes is 1, or 2 (big-endian) when white needs it.
func (h pnmHeader) sampleBytes() int {
	if h.max > 255 {
		return 2
	}
	return 1
}

func parsePNM(data []byte) (pnmHeader, error) {
	h := pnmHeader{channels: 1}
	if data[1] == '6' {
		h.channels = 3
	}
	rest := data[2:]
	for _, field := range []*int{&h.width, &h.height, &h.max} {
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
	want := int64(h.width) * int64(h.height) * int64(h.channels*h.sampleBytes())
	if int64(len(rest)) < want {
		return h, fmt.Errorf("%d bytes of pixels (want %d)", len(rest), want)
	}
	h.body = rest[:want]
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

func decodePNM(data []byte) (*RGB, error) {
	h, err := parsePNM(data)
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
		v := int(h.body[i])
		if size == 2 {
			v = v<<8 | int(h.body[i+1])
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
