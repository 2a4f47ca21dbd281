// Package exif reads what a camera noted in a picture: EXIF tags of JPEG, PNG
// and TIFF files (EXIF 2.32, TIFF 6.0).
//
// Limits: the tags of Tags only. Tags that lie outside the file or are of
// another type are left out. A position on Earth is noticed, not read.
package exif

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Tags are what is known of a picture; the zero value is nothing.
type Tags struct {
	Orientation int     `json:"orientation,omitempty"` // 1 to 8; 1 is upright
	Make        string  `json:"make,omitempty"`
	Model       string  `json:"model,omitempty"`
	Software    string  `json:"software,omitempty"`
	Time        string  `json:"time,omitempty"`         // as it is written: 2024:05:31 17:02:11
	FocalLength float64 `json:"focal_length,omitempty"` // millimetres
	Focal35     int     `json:"focal_35mm,omitempty"`   // millimetres on a frame of 36 x 24 mm
	GPS         bool    `json:"gps,omitempty"`          // it says where it was taken
}

const (
	maxEntries = 1000 // of a directory
	maxText    = 200  // bytes of a text that is kept
)

// Read returns the tags of a JPEG, PNG or TIFF file.
func Read(file []byte) Tags {
	var t Tags
	if tiff := find(file); len(tiff) >= 8 {
		b := block{data: tiff, order: binary.LittleEndian}
		if tiff[0] == 'M' {
			b.order = binary.BigEndian
		}
		b.directory(int64(b.order.Uint32(tiff[4:])), &t, true)
	}
	return t
}

// find returns the TIFF structure in a file.
func find(file []byte) []byte {
	switch {
	case isTIFF(file):
		return file
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		return inJPEG(file)
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		return inPNG(file)
	}
	return nil
}

func isTIFF(data []byte) bool {
	return bytes.HasPrefix(data, []byte("II*\x00")) || bytes.HasPrefix(data, []byte("MM\x00*"))
}

// inJPEG looks into the segments before the first scan.
func inJPEG(file []byte) []byte {
	const app1, scan, end = 0xe1, 0xda, 0xd9
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker := file[at+1]
		if marker == 0xff { // a fill byte
			at++
			continue
		}
		size := int(binary.BigEndian.Uint16(file[at+2:]))
		if marker == scan || marker == end || size < 2 || size > len(file)-at-2 {
			return nil
		}
		body := file[at+4 : at+2+size]
		if tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok && marker == app1 && isTIFF(tiff) {
			return tiff
		}
		at += 2 + size
	}
	return nil
}

// inPNG looks into the eXIf chunk (PNG 3rd edition, 11.3.3.5).
func inPNG(file []byte) []byte {
	for at := 8; at+12 <= len(file); {
		size := int64(binary.BigEndian.Uint32(file[at:]))
		if size > int64(len(file)-at-12) {
			return nil
		}
		if string(file[at+4:at+8]) == "eXIf" {
			if body := file[at+8:][:size]; isTIFF(body) {
				return body
			}
			return nil
		}
		at += 12 + int(size)
	}
	return nil
}

// block is a TIFF structure.
type block struct {
	data  []byte
	order binary.ByteOrder
}

// Tags of the first directory, and of the one for EXIF that it points to.
const (
	tagMake        = 0x010f
	tagModel       = 0x0110
	tagOrientation = 0x0112
	tagSoftware    = 0x0131
	tagExif        = 0x8769
	tagGPS         = 0x8825
	tagTime        = 0x9003 // when it was taken
	tagFocal       = 0x920a
	tagFocal35     = 0xa405
)

func (b block) directory(at int64, t *Tags, first bool) {
	if at < 0 || at+2 > int64(len(b.data)) {
		return
	}
	entries := b.data[at+2:]
	n := min(int(b.order.Uint16(b.data[at:])), maxEntries, len(entries)/12)
	for i := range n {
		e := entries[12*i:][:12]
		switch b.order.Uint16(e) {
		case tagMake:
			t.Make = b.text(e)
		case tagModel:
			t.Model = b.text(e)
		case tagSoftware:
			t.Software = b.text(e)
		case tagTime:
			t.Time = b.text(e)
		case tagOrientation:
			if v := b.short(e); v >= 1 && v <= 8 {
				t.Orientation = v
			}
		case tagFocal35:
			t.Focal35 = b.short(e)
		case tagFocal:
			t.FocalLength = b.ratio(e)
		case tagGPS:
			t.GPS = true
		case tagExif:
			if first {
				b.directory(int64(b.order.Uint32(e[8:])), t, false)
			}
		}
	}
}

// Types of values.
const (
	typeASCII    = 2
	typeShort    = 3
	typeRational = 5
)

func (b block) short(e []byte) int {
	if b.order.Uint16(e[2:]) != typeShort || b.order.Uint32(e[4:]) != 1 {
		return 0
	}
	return int(b.order.Uint16(e[8:]))
}

func (b block) ratio(e []byte) float64 {
	at := int64(b.order.Uint32(e[8:]))
	if b.order.Uint16(e[2:]) != typeRational || b.order.Uint32(e[4:]) != 1 || at+8 > int64(len(b.data)) {
		return 0
	}
	over, under := b.order.Uint32(b.data[at:]), b.order.Uint32(b.data[at+4:])
	if under == 0 {
		return 0
	}
	return float64(over) / float64(under)
}

func (b block) text(e []byte) string {
	size := int64(b.order.Uint32(e[4:]))
	if b.order.Uint16(e[2:]) != typeASCII || size < 1 {
		return ""
	}
	value := e[8:12]
	if size > 4 {
		at := int64(b.order.Uint32(e[8:]))
		if at+size > int64(len(b.data)) {
			return ""
		}
		value = b.data[at:]
	}
	text, _, _ := bytes.Cut(value[:min(size, maxText)], []byte{0})
	return strings.TrimSpace(strings.ToValidUTF8(string(text), "?"))
}
