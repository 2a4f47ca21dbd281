package jpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// MaxPixels bounds the area of a picture that is decoded.
	MaxPixels = 1 << 28

	// MaxStored bounds pictures of several scans, whose coefficients are kept
	// until the last one: 2 bytes for each of every component.
	MaxStored = 1 << 26

	// maxPerByte is the most pixels that a byte can hold: a block of 64 takes one
	// bit at least, in the first scan of a progressive file.
	maxPerByte = 64 * 8
)

// Markers of T.81 table B.1, without the byte 0xff before them.
const (
	markSOF0  = 0xc0 // baseline
	markSOF1  = 0xc1 // extended sequential
	markSOF2  = 0xc2 // progressive
	markDHT   = 0xc4
	markRST0  = 0xd0
	markRST7  = 0xd7
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markDQT   = 0xdb
	markDRI   = 0xdd
	markAPP0  = 0xe0
	markAPP1  = 0xe1
	markAPP14 = 0xee
)

var errEarly = errors.New("ends early")

// Header is what a file says of its picture before the first scan.
type Header struct {
	Width, Height int
	Progressive   bool
	EXIF          []byte // TIFF structure, a part of the file; nil without one
}

// ReadHeader reads the segments before the first scan. Sizes are those that
// Decode accepts.
func ReadHeader(data []byte) (Header, error) {
	var h Header
	s, err := newSegments(data)
	for err == nil {
		var mark byte
		var body []byte
		if mark, body, err = s.next(); err != nil {
			break
		}
		switch {
		case mark == markEOI:
			return h, errors.New("no picture before the end marker")
		case mark == markSOS:
			if h.Width == 0 {
				return h, errors.New("a scan before the frame header")
			}
			return h, h.check(len(data))
		case mark == markAPP1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")):
			h.EXIF = body[6:]
		case isFrame(mark):
			err = h.frame(mark, body)
		}
	}
	return h, err
}

// isFrame reports whether a marker begins a frame, of whatever kind.
func isFrame(mark byte) bool {
	const dht, jpg, dac = 0xc4, 0xc8, 0xcc
	return mark >= 0xc0 && mark <= 0xcf && mark != dht && mark != jpg && mark != dac
}

// frame reads the beginning of a frame header (T.81 B.2.2).
func (h *Header) frame(mark byte, body []byte) error {
	switch {
	case mark > markSOF2:
		return fmt.Errorf("frame type %#x, %s (want baseline or progressive)", mark, frameName(mark))
	case h.Width != 0:
		return errors.New("two frame headers")
	case len(body) < 6:
		return errors.New("a short frame header")
	case body[0] != 8:
		return fmt.Errorf("%d bits a sample (want 8)", body[0])
	}
	h.Progressive = mark == markSOF2
	h.Height, h.Width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	if h.Width < 1 || h.Height < 1 {
		return fmt.Errorf("%dx%d pixels (want one at least)", h.Width, h.Height)
	}
	if h.area() > MaxPixels {
		return fmt.Errorf("%dx%d pixels (want %d in all at most)", h.Width, h.Height, MaxPixels)
	}
	return nil
}

func (h *Header) area() int64 { return int64(h.Width) * int64(h.Height) }

func frameName(mark byte) string {
	switch {
	case mark >= 0xc9:
		return "arithmetic coding"
	case mark == 0xc3:
		return "lossless"
	}
	return "hierarchical"
}

// check holds the size against the length of the file.
func (h *Header) check(length int) error {
	if h.area() > maxPerByte*int64(length) {
		return fmt.Errorf("%dx%d pixels in %d bytes", h.Width, h.Height, length)
	}
	if h.Progressive && h.area() > MaxStored {
		return fmt.Errorf("%dx%d progressive pixels (want %d in all at most)", h.Width, h.Height, MaxStored)
	}
	return nil
}

// segments walks the markers of a file.
type segments struct {
	data []byte
	at   int
}

func newSegments(data []byte) (segments, error) {
	if len(data) < 2 || data[0] != 0xff || data[1] != markSOI {
		return segments{}, errors.New("no start marker")
	}
	return segments{data, 2}, nil
}

// next returns the next marker and the body of its segment, which is empty for
// the end marker. Stray bytes before the marker, and restart markers, are
// stepped over, as libjpeg does.
func (s *segments) next() (mark byte, body []byte, err error) {
	for {
		i := bytes.IndexByte(s.data[s.at:], 0xff)
		if i < 0 {
			return 0, nil, errEarly
		}
		s.at += i
		for s.at < len(s.data) && s.data[s.at] == 0xff { // fill bytes
			s.at++
		}
		if s.at >= len(s.data) {
			return 0, nil, errEarly
		}
		mark = s.data[s.at]
		s.at++
		if mark == markEOI {
			return mark, nil, nil
		}
		if mark != 0 && (mark < markRST0 || mark > markRST7) {
			break
		}
	}
	if s.at+2 > len(s.data) {
		return 0, nil, errEarly
	}
	size := int(binary.BigEndian.Uint16(s.data[s.at:]))
	if size < 2 || size > len(s.data)-s.at {
		return 0, nil, errEarly
	}
	body = s.data[s.at+2 : s.at+size]
	s.at += size
	return mark, body, nil
}
