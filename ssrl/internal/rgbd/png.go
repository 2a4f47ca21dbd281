package rgbd

import (
	"encoding/binary"

	"ssrl/internal/rgbd/png"
)

func decodePNG(data []byte) (*RGB, error) {
	var d png.Decoder
	pix, h, err := d.Decode(nil, data)
	if err != nil {
		return nil, err
	}
	return orient(&RGB{h.Width, h.Height, pix}, pngOrientation(data)), nil
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
	var d png.Decoder
	samples, h, err := d.DecodeGrey16(nil, data)
	return h.Width, h.Height, samples, err
}
