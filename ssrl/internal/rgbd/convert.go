package rgbd

import (
	"image"
	"image/color"
)

// FromImage converts any image; an *RGB is returned as it is, without a copy.
// Alpha is dropped: the colour below it stays. YCbCr is converted like a JPEG
// by DecodeImage.
func FromImage(im image.Image) *RGB {
	switch im := im.(type) {
	case *RGB:
		return im
	case *View:
		return im.rgb()
	case *image.YCbCr:
		return fromYCbCr(im)
	case *image.NRGBA:
		return fromSamples(im.Rect, im.Pix, im.Stride, 4, func(p []byte) (r, g, b byte) { return p[0], p[1], p[2] })
	case *image.RGBA:
		return fromSamples(im.Rect, im.Pix, im.Stride, 4, straight)
	case *image.Gray:
		return fromSamples(im.Rect, im.Pix, im.Stride, 1, func(p []byte) (r, g, b byte) { return p[0], p[0], p[0] })
	case *image.Gray16:
		return fromSamples(im.Rect, im.Pix, im.Stride, 2, func(p []byte) (r, g, b byte) { return p[0], p[0], p[0] })
	case *image.NRGBA64:
		return fromSamples(im.Rect, im.Pix, im.Stride, 8, func(p []byte) (r, g, b byte) { return p[0], p[2], p[4] })
	case *image.RGBA64:
		return fromSamples(im.Rect, im.Pix, im.Stride, 8, straight64)
	case *image.CMYK:
		return fromSamples(im.Rect, im.Pix, im.Stride, 4, fromCMYK)
	case *image.Paletted:
		palette := make([]Colour, 256) // black beyond the last entry
		for i, c := range im.Palette {
			palette[i&255] = opaque(c)
		}
		return fromSamples(im.Rect, im.Pix, im.Stride, 1, func(p []byte) (r, g, b byte) {
			c := palette[p[0]]
			return c[0], c[1], c[2]
		})
	}
	b := im.Bounds()
	out := NewRGB(b.Dx(), b.Dy())
	i := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := opaque(im.At(x, y))
			i += copy(out.Pix[i:], c[:])
		}
	}
	return out
}

// fromSamples converts rows of size bytes a pixel; pix begins at r.Min.
func fromSamples(r image.Rectangle, pix []byte, stride, size int, rgb func([]byte) (r, g, b byte)) *RGB {
	out := NewRGB(r.Dx(), r.Dy())
	i := 0
	for y := range out.Height {
		row := pix[y*stride:][:size*out.Width]
		for j := 0; j < len(row); j += size {
			d := out.Pix[i : i+3 : i+3]
			d[0], d[1], d[2] = rgb(row[j : j+size : j+size])
			i += 3
		}
	}
	return out
}

// straight undoes the multiplication by alpha.
func straight(p []byte) (r, g, b byte) {
	if p[3] == 255 {
		return p[0], p[1], p[2]
	}
	c := opaque(color.RGBA{p[0], p[1], p[2], p[3]})
	return c[0], c[1], c[2]
}

func straight64(p []byte) (r, g, b byte) {
	if p[6] == 255 && p[7] == 255 {
		return p[0], p[2], p[4]
	}
	word := func(i int) uint16 { return uint16(p[i])<<8 | uint16(p[i+1]) }
	c := opaque(color.RGBA64{word(0), word(2), word(4), word(6)})
	return c[0], c[1], c[2]
}

func opaque(c color.Color) Colour {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return Colour{n.R, n.G, n.B}
}

// fromCMYK rounds as Pillow's Convert.c does, to the nearest.
func fromCMYK(p []byte) (r, g, b byte) {
	white := 255 - uint32(p[3])
	light := func(ink byte) byte {
		v := uint32(ink)*white + 128
		return byte(white - (v+v>>8)>>8)
	}
	return light(p[0]), light(p[1]), light(p[2])
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
