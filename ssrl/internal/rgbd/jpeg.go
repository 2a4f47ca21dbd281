package rgbd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
)

const (
	// maxPerJPEGByte is the most pixels a byte of JPEG can hold: a block of 64
	// takes one bit at least, in the first scan of a progressive file.
	maxPerJPEGByte = 64 * 8

	// maxProgressive bounds progressive pictures, whose coefficients need up to
	// 12 bytes a pixel until the last scan is read.
	maxProgressive = 1 << 26
)

type jpegHeader struct {
	width, height int
	progressive   bool
	orientation   int // EXIF, 1 to 8
}

// parseJPEG reads the segments before the first scan. It steps over stray bytes
// between them as image/jpeg does, so that both see the same size.
func parseJPEG(data []byte) (jpegHeader, error) {
	h := jpegHeader{orientation: 1}
	early := errors.New("ends early")
	for at := len(magicJPEG); ; {
		for at+1 < len(data) && data[at] != 0xff {
			at++
		}
		if at+1 >= len(data) {
			return h, early
		}
		at++
		for at < len(data) && data[at] == 0xff { // fill bytes
			at++
		}
		if at >= len(data) {
			return h, early
		}
		marker := data[at]
		at++
		switch {
		case marker == 0 || marker >= 0xd0 && marker <= 0xd7: // stray, restart: no length
			continue
		case marker == 0xd9:
			return h, errors.New("no picture before the end marker")
		case marker == 0xda:
			if h.width == 0 {
				return h, errors.New("a scan before the frame header")
			}
			return h, h.check(len(data))
		}
		if at+2 > len(data) {
			return h, early
		}
		size := int(binary.BigEndian.Uint16(data[at:]))
		if size < 2 || size > len(data)-at {
			return h, early
		}
		if err := h.segment(marker, data[at+2:at+size]); err != nil {
			return h, err
		}
		at += size
	}
}

// segment reads what the header needs of one segment.
func (h *jpegHeader) segment(marker byte, body []byte) error {
	switch {
	case marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")):
		h.orientation = exifOrientation(body[6:])
	case marker == 0xc0 || marker == 0xc1 || marker == 0xc2:
		if h.width != 0 {
			return errors.New("two frame headers")
		}
		if len(body) < 6 {
			return errors.New("a short frame header")
		}
		if body[0] != 8 {
			return fmt.Errorf("%d bits a sample (want 8)", body[0])
		}
		h.progressive = marker == 0xc2
		h.height, h.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
		return checkSize(h.width, h.height)
	case marker > 0xc2 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
		return fmt.Errorf("frame type %#x (want baseline or progressive)", marker)
	}
	return nil
}

func (h *jpegHeader) check(length int) error {
	pixels := int64(h.width) * int64(h.height)
	if pixels > maxPerJPEGByte*int64(length) {
		return fmt.Errorf("%dx%d pixels in %d bytes", h.width, h.height, length)
	}
	if h.progressive && pixels > maxProgressive {
		return fmt.Errorf("%dx%d progressive pixels (want %d in all at most)", h.width, h.height, maxProgressive)
	}
	return nil
}

func decodeJPEG(data []byte) (*RGB, error) {
	h, err := parseJPEG(data)
	if err != nil {
		return nil, err
	}
	im, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return orient(own(im), h.orientation), nil
}
