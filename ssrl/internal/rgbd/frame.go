// Package rgbd reads colour images and depth maps and draws on them.
//
// Colour is 8-bit RGB without padding. Depth is metres with NaN for "no
// reading", or a relative scale that says so. Functions may be called at the
// same time on different pictures. Drawing and resampling are on integers: the
// bytes are the same on every processor.
//
// Limits: sizes are read from headers and held against MaxPixels and the length
// of the file before anything is allocated. Colour is PNG, JPEG (baseline and
// progressive), WebP (still pictures), BMP, TIFF (grey, RGB, palette or CMYK of
// integers up to 16 bits; no fax codes, no JPEG inside, no BigTIFF) or PNM;
// depth is 16-bit PNG or PGM, .npy, PFM or the part of HDF5 that MegaDepth uses.
// There is no EXR: no reader of it in Go is kept up. Files are data only. A
// progressive JPEG needs up to 8 bytes a pixel while it is decoded, a lossless
// WebP 4, a TIFF as much as its largest strip unpacked.
package rgbd

import (
	"image"
	"image/color"
)

// MaxPixels bounds the area of a picture or depth map that is decoded.
const MaxPixels = 1 << 28

// Frame is one colour image and, when there is one, its depth.
type Frame struct {
	Name  string // identifies the frame in seeds, samples and errors
	Image *RGB
	Depth *Depth // nil: colour only; otherwise of the same size as Image
}

// Depth is a depth map, row by row from the top.
type Depth struct {
	Width, Height int
	Metres        []float32   // NaN: no reading; in no unit when Relative
	Relative      bool        // the scale is unknown: larger is farther, nothing else holds
	Rescaled      image.Point // size that Resize found; zero: was never called
}

// RGB is an 8-bit colour image. It implements image.Image.
type RGB struct {
	Width, Height int
	Pix           []byte // 3 bytes a pixel; (x, y) starts at 3*(y*Width+x)
}

// NewRGB returns a black image.
func NewRGB(width, height int) *RGB {
	return &RGB{width, height, make([]byte, 3*width*height)}
}

// ColorModel implements image.Image.
func (m *RGB) ColorModel() color.Model { return color.RGBAModel }

// Bounds implements image.Image.
func (m *RGB) Bounds() image.Rectangle { return image.Rect(0, 0, m.Width, m.Height) }

// At implements image.Image.
func (m *RGB) At(x, y int) color.Color {
	if !(image.Point{x, y}).In(m.Bounds()) {
		return color.RGBA{}
	}
	i := 3 * (y*m.Width + x)
	return color.RGBA{m.Pix[i], m.Pix[i+1], m.Pix[i+2], 255}
}
