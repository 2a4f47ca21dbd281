package rgbd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"

	"golang.org/x/image/vp8"
	"golang.org/x/image/vp8l"
)

// maxPerWebPByte is more pixels than a byte of lossy WebP can hold: a block of
// 256 takes two bits at least for how it is predicted.
const maxPerWebPByte = 1024

// webpFile is the container of a still picture (RFC 9649 §2). Alpha is not
// looked at: the colour below it stays.
type webpFile struct {
	width, height int
	lossy         bool
	picture       []byte // the VP8 or VP8L chunk
	orientation   int    // EXIF, 1 to 8
}

func parseWebP(data []byte) (*webpFile, error) {
	early := errors.New("ends early")
	size := int64(binary.LittleEndian.Uint32(data[4:]))
	if size < 4 || size > int64(len(data)-8) {
		return nil, early
	}
	f := &webpFile{orientation: 1}
	canvas := image.Point{}
	for rest := data[12 : 8+size]; len(rest) > 0; {
		if len(rest) < 8 {
			return nil, early
		}
		name, n := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		if n > int64(len(rest)) {
			return nil, early
		}
		body := rest[:n]
		rest = rest[min(n+n&1, int64(len(rest))):] // padded to an even length
		switch name {
		case "VP8X":
			if len(body) < 10 {
				return nil, early
			}
			const animated = 2
			if body[0]&animated != 0 {
				return nil, errors.New("an animation (want a still picture)")
			}
			canvas = image.Pt(1+int(u24(body[4:])), 1+int(u24(body[7:])))
		case "VP8 ", "VP8L":
			if f.picture != nil {
				return nil, errors.New("two pictures (want one)")
			}
			f.picture, f.lossy = body, name == "VP8 "
		case "EXIF":
			f.orientation = exifOrientation(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
		}
	}
	if f.picture == nil {
		return nil, errors.New("no picture (want a VP8 or VP8L chunk)")
	}
	if err := f.size(len(data)); err != nil {
		return nil, err
	}
	if got := image.Pt(f.width, f.height); canvas != (image.Point{}) && got != canvas {
		return nil, fmt.Errorf("a picture of %dx%d pixels on a canvas of %dx%d (want the same)", f.width, f.height, canvas.X, canvas.Y)
	}
	return f, nil
}

func u24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }

// size reads the frame header: RFC 6386 §9.1 of a lossy picture, RFC 9649 §3.4
// of a lossless one.
func (f *webpFile) size(length int) error {
	b := f.picture
	if f.lossy {
		if len(b) < 10 {
			return errors.New("ends early")
		}
		if b[0]&1 != 0 || string(b[3:6]) != "\x9d\x01\x2a" {
			return errors.New("no key frame in its VP8 chunk")
		}
		const bits = 1<<14 - 1 // the others ask for a larger display
		f.width, f.height = int(binary.LittleEndian.Uint16(b[6:]))&bits, int(binary.LittleEndian.Uint16(b[8:]))&bits
		if err := checkSize(f.width, f.height); err != nil {
			return err
		}
		return checkPacked(f.width, f.height, maxPerWebPByte, length)
	}
	if len(b) < 5 {
		return errors.New("ends early")
	}
	if b[0] != 0x2f {
		return errors.New("no signature in its VP8L chunk")
	}
	h := binary.LittleEndian.Uint32(b[1:])
	f.width, f.height = 1+int(h&(1<<14-1)), 1+int(h>>14&(1<<14-1))
	if err := checkSize(f.width, f.height); err != nil {
		return err
	}
	return checkPacked(f.width, f.height, maxPerWebPByte, length)
}

// decodeStored decodes without regard to the orientation.
func (f *webpFile) decodeStored() (m *RGB, err error) {
	defer refusePanic(&err)
	if !f.lossy {
		im, err := vp8l.Decode(bytes.NewReader(f.picture))
		if err != nil {
			return nil, err
		}
		return own(im), nil
	}
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(f.picture), len(f.picture))
	if _, err := d.DecodeFrameHeader(); err != nil {
		return nil, err
	}
	im, err := d.DecodeFrame()
	if err != nil {
		return nil, err
	}
	return fromLimitedYCbCr(im, f.width, f.height), nil
}

// fromLimitedYCbCr converts planes of 4:2:0 the way libwebp does
// (src/dsp/upsampling.c, src/dsp/yuv.h of version 1.3): chroma is mixed of the
// four nearest samples, 9:3:3:1, and luma goes from 16 to 235. The image package
// takes such planes for full range, which is up to 29 of 255 off.
func fromLimitedYCbCr(im *image.YCbCr, width, height int) *RGB {
	out := NewRGB(width, height)
	cols, rows := (width+1)/2, (height+1)/2
	u, v := make([]int32, 2*cols), make([]int32, 2*cols)
	for y := range height {
		near, far := y/2, min(y/2+1, rows-1)
		if y&1 == 0 {
			far = max(near-1, 0)
		}
		mixRow(u, im.Cb[near*im.CStride:][:cols], im.Cb[far*im.CStride:][:cols])
		mixRow(v, im.Cr[near*im.CStride:][:cols], im.Cr[far*im.CStride:][:cols])
		limitedRow(out.Pix[3*y*width:][:3*width], im.Y[y*im.YStride:][:width], u, v)
	}
	return out
}

// mixRow doubles the width of a row of chroma: each sample is mixed with its
// neighbours beside, above or below, and across, rounded in two steps.
func mixRow(dst []int32, near, far []byte) {
	last := len(near) - 1
	for i := range near {
		own, other := int32(near[i]), int32(far[i])
		for side, j := range [2]int{max(i-1, 0), min(i+1, last)} {
			beside, across := int32(near[j]), int32(far[j])
			dst[2*i+side] = ((own+3*beside+3*other+across+8)>>3 + own) >> 1
		}
	}
}

// limitedRow converts on fixed point: 14 fraction bits, of which 8 are dropped
// from each product and 6 from the sum.
func limitedRow(dst, luma []byte, u, v []int32) {
	u, v = u[:len(luma)], v[:len(luma)]
	light := func(sum int32) byte { return clamp(sum >> 6) }
	for x, l := range luma {
		y, cb, cr := int32(l)*19077>>8, u[x], v[x]
		d := dst[3*x : 3*x+3 : 3*x+3]
		d[0] = light(y + cr*26149>>8 - 14234)
		d[1] = light(y - cb*6419>>8 - cr*13320>>8 + 8708)
		d[2] = light(y + cb*33050>>8 - 17685)
	}
}
