package rgbd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
)

// pngHeader is the IHDR chunk.
type pngHeader struct {
	width, height int
	bits          int // a sample
	channels      int // a pixel; 1 for a palette
	palette       bool
}

// parsePNG reads the header and holds its size against the length of the file.
func parsePNG(data []byte) (pngHeader, error) {
	const size = len(magicPNG) + 4 + 4 + 13 // signature, length, name, IHDR
	if len(data) < size {
		return pngHeader{}, errors.New("ends early")
	}
	b := data[len(magicPNG):]
	if binary.BigEndian.Uint32(b) != 13 || string(b[4:8]) != "IHDR" {
		return pngHeader{}, errors.New("no header chunk")
	}
	b = b[8:]
	w, h := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if w > 1<<31-1 || h > 1<<31-1 {
		return pngHeader{}, fmt.Errorf("%dx%d pixels (want sides up to %d)", w, h, maxSide)
	}
	p := pngHeader{width: int(w), height: int(h), bits: int(b[8])}
	switch kind := b[9]; kind {
	case 0, 3:
		p.channels, p.palette = 1, kind == 3
	case 2:
		p.channels = 3
	case 4:
		p.channels = 2
	case 6:
		p.channels = 4
	default:
		return p, fmt.Errorf("colour type %d (want 0, 2, 3, 4 or 6)", kind)
	}
	if err := checkSize(p.width, p.height); err != nil {
		return p, err
	}
	raw := (int64(p.width)*int64(p.bits*p.channels) + 7) / 8 * int64(p.height)
	if raw > maxDeflate*int64(len(data)) {
		return p, fmt.Errorf("%dx%d pixels in %d bytes", p.width, p.height, len(data))
	}
	return p, nil
}

func decodePNG(data []byte) (*RGB, error) {
	if _, err := parsePNG(data); err != nil {
		return nil, err
	}
	im, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return orient(own(im), pngOrientation(data)), nil
}

// own turns a decoded image, which nobody else holds, into an RGB. Where it can
// it packs the pixels in place, so that a large picture is not held twice.
func own(im image.Image) *RGB {
	var pix []byte
	switch im := im.(type) {
	case *image.NRGBA:
		pix = im.Pix
	case *image.RGBA: // opaque: the decoders keep alpha in NRGBA
		pix = im.Pix
	}
	b := im.Bounds()
	if pix == nil || len(pix) != 4*b.Dx()*b.Dy() {
		return FromImage(im)
	}
	for i, j := 0, 0; j < len(pix); i, j = i+3, j+4 {
		pix[i], pix[i+1], pix[i+2] = pix[j], pix[j+1], pix[j+2]
	}
	return &RGB{b.Dx(), b.Dy(), pix[:len(pix)/4*3]}
}

// pngOrientation returns the orientation of the eXIf chunk, 1 without one.
func pngOrientation(data []byte) int {
	for at := len(magicPNG); at+12 <= len(data); {
		size := int64(binary.BigEndian.Uint32(data[at:]))
		if size > int64(len(data)-at-12) {
			break
		}
		if string(data[at+4:at+8]) == "eXIf" {
			return exifOrientation(data[at+8:][:size])
		}
		at += 12 + int(size)
	}
	return 1
}

// decodePNG16 returns the samples of a 16-bit grey PNG, big-endian, row by row.
func decodePNG16(data []byte) (width, height int, samples []byte, err error) {
	h, err := parsePNG(data)
	switch {
	case err != nil:
		return 0, 0, nil, err
	case h.palette:
		return 0, 0, nil, errors.New("a palette (want grey)")
	case h.channels > 1:
		return 0, 0, nil, fmt.Errorf("%d channels (want 1)", h.channels)
	case h.bits != 16:
		return 0, 0, nil, fmt.Errorf("%d bits a pixel (want 16)", h.bits)
	}
	im, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return 0, 0, nil, err
	}
	switch im := im.(type) {
	case *image.Gray16:
		samples = im.Pix
	case *image.NRGBA64: // a value is declared transparent; red is the sample
		samples = im.Pix[:len(im.Pix)/4]
		for i := 0; i < len(samples); i += 2 {
			samples[i], samples[i+1] = im.Pix[4*i], im.Pix[4*i+1]
		}
	default:
		return 0, 0, nil, fmt.Errorf("decoded as %T (want 16-bit grey)", im)
	}
	return h.width, h.height, samples, nil
}
