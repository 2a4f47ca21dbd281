package patch

import (
	"fmt"
	"math"

	"ssrl/internal/rgbd"
)

// Resize is Pillow 12's Image.resize without a filter argument: bicubic, but
// nearest for palettes and single bits, with premultiplied alpha where there
// is alpha, and in 16 bits for 16-bit grey. Equal sizes return p itself.
func (p *Picture) Resize(width, height int) *Picture {
	if width < 1 || height < 1 {
		panic(fmt.Sprintf("patch: resize to %dx%d", width, height))
	}
	if width == p.Width && height == p.Height {
		return p
	}
	out := &Picture{Mode: p.Mode, Width: width, Height: height, Colours: p.Colours}
	switch p.Mode {
	case Grey16:
		out.Deep = resample16(p.Deep, p.Width, p.Height, width, height)
	case Palette, Bilevel:
		out.Pix = nearestPixels(p.Pix, p.Width, p.Height, width, height)
	case Alpha, GreyAlpha:
		n := p.Mode.bands()
		out.Pix = resample(premultiply(p.Pix, n), p.Width, p.Height, width, height, n, Pillow)
		unmultiply(out.Pix, n)
	default:
		out.Pix = resample(p.Pix, p.Width, p.Height, width, height, p.Mode.bands(), Pillow)
	}
	return out
}

// RGB is Pillow's convert("RGB"): alpha is dropped, colours behind it show as
// they are; 16-bit grey is clipped at 255, so most of it turns white.
func (p *Picture) RGB() *rgbd.RGB {
	m := &rgbd.RGB{Width: p.Width, Height: p.Height}
	if p.Mode == Colour {
		m.Pix = p.Pix
		return m
	}
	m.Pix = make([]byte, 3*p.Width*p.Height)
	n := p.Mode.bands()
	for i := range p.Width * p.Height {
		dst := m.Pix[3*i : 3*i+3]
		switch p.Mode {
		case Grey16:
			v := byte(min(p.Deep[i], 255))
			dst[0], dst[1], dst[2] = v, v, v
		case Palette:
			copy(dst, p.Colours[p.Pix[i]][:])
		case Alpha:
			copy(dst, p.Pix[n*i:])
		default:
			dst[0], dst[1], dst[2] = p.Pix[n*i], p.Pix[n*i], p.Pix[n*i]
		}
	}
	return m
}

// onWhite is qwen_vl_utils' conversion: RGBA is pasted on white, every other
// mode is converted as it is.
func (p *Picture) onWhite() *rgbd.RGB {
	m := p.RGB()
	if p.Mode != Alpha {
		return m
	}
	for i := range p.Width * p.Height {
		a := uint32(p.Pix[4*i+3])
		for c := range 3 {
			m.Pix[3*i+c] = byte(over255(255*(255-a) + uint32(m.Pix[3*i+c])*a))
		}
	}
	return m
}

// over255 divides by 255 and rounds, as Pillow's DIV255 does.
func over255(v uint32) uint32 {
	v += 128
	return (v>>8 + v) >> 8
}

// premultiply returns a copy with every band scaled by the last one.
func premultiply(pix []byte, bands int) []byte {
	out := make([]byte, len(pix))
	for i := 0; i < len(pix); i += bands {
		a := uint32(pix[i+bands-1])
		for c := i; c < i+bands-1; c++ {
			out[c] = byte(over255(uint32(pix[c]) * a))
		}
		out[i+bands-1] = byte(a)
	}
	return out
}

// unmultiply undoes premultiply in place, rounding down. Pixels without alpha
// keep their bands.
func unmultiply(pix []byte, bands int) {
	for i := 0; i < len(pix); i += bands {
		a := int(pix[i+bands-1])
		if a == 0 || a == 255 {
			continue
		}
		for c := i; c < i+bands-1; c++ {
			pix[c] = byte(min(255*int(pix[c])/a, 255))
		}
	}
}

// nearestPixels takes the pixel under the centre of each new one. Centres are
// summed up step by step, as Pillow's ImagingScaleAffine does, so that rounding
// agrees.
func nearestPixels(src []byte, w, h, width, height int) []byte {
	columns, rows := nearestIndex(w, width), nearestIndex(h, height)
	dst := make([]byte, width*height)
	for y, from := range rows {
		row, out := src[from*w:][:w], dst[y*width:][:width]
		for x := range out {
			out[x] = row[columns[x]]
		}
	}
	return dst
}

func nearestIndex(in, out int) []int {
	index := make([]int, out)
	step := float64(in) / float64(out)
	at := float64(step * 0.5)
	for i := range index {
		index[i] = min(int(at), in-1)
		at += step
	}
	return index
}

// resample16 resizes 16-bit samples: float64 weights, each pass rounded and
// clipped to 16 bits.
func resample16(src []uint16, w, h, width, height int) []uint16 {
	if width != w {
		win := newWindow(w, width, Pillow)
		dst := make([]uint16, width*h)
		for y := range h {
			win.line16(dst[y*width:], 1, width, src[y*w:], 1)
		}
		src = dst
	}
	if height != h {
		win := newWindow(h, height, Pillow)
		dst := make([]uint16, width*height)
		for x := range width {
			win.line16(dst[x:], width, height, src[x:], width)
		}
		src = dst
	}
	return src
}

// line16 resizes one row or column; samples are that many places apart.
func (win *window) line16(dst []uint16, dstStep, n int, src []uint16, srcStep int) {
	for i := range n {
		sum := 0.0
		for j, k := range win.weights[win.start[i]:win.start[i+1]] {
			sum += float64(float64(src[(win.first[i]+j)*srcStep]) * k)
		}
		dst[i*dstStep] = clip16(sum)
	}
}

// clip16 rounds halves up and clips each byte of the result alone,
// as Resample.c does: a sum above 65535 keeps its low byte under 255.
func clip16(sum float64) uint16 {
	v := int(math.Floor(sum + 0.5))
	if v < 0 {
		return 0
	}
	return uint16(min(v>>8, 255)<<8 | v&255)
}
