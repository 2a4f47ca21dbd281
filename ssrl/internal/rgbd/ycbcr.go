package rgbd

import (
	"image"

	"ssrl/internal/rgbd/jpeg"
)

// fromYCbCr converts the way libjpeg-turbo 3 does with its default settings
// (jdsample.c, jdcolor.c): chroma that is half as wide or half as high is
// interpolated by triangles, other ratios are repeated, and the colour
// conversion is on 16-bit fixed point. The standard library repeats all chroma,
// which is up to 28 of 255 off.
func fromYCbCr(m *image.YCbCr) *RGB {
	out := NewRGB(m.Rect.Dx(), m.Rect.Dy())
	if m.Rect.Empty() {
		return out
	}
	cb, cr := newChroma(m, m.Cb), newChroma(m, m.Cr)
	for y := range out.Height {
		luma := m.Y[y*m.YStride:][:out.Width]
		b, r := cb.row(m.Rect.Min.Y+y), cr.row(m.Rect.Min.Y+y)
		jpeg.ToRGB(out.Pix[3*y*out.Width:], luma, b, r)
	}
	return out
}

func clamp(v int32) byte { return byte(max(0, min(255, v))) }

// chroma is one subsampled plane of an image.YCbCr.
type chroma struct {
	plane         []byte
	stride        int
	x0, y0        int // chroma coordinates of plane[0]
	width, height int
	h, v          int // pixels per sample
	skip          int // pixels of the first sample that are left of the image
	sums          []int32
	out           []byte
}

func newChroma(m *image.YCbCr, plane []byte) *chroma {
	c := &chroma{plane: plane, stride: m.CStride, h: 1, v: 1}
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		c.h = 2
	case image.YCbCrSubsampleRatio420:
		c.h, c.v = 2, 2
	case image.YCbCrSubsampleRatio440:
		c.v = 2
	case image.YCbCrSubsampleRatio411:
		c.h = 4
	case image.YCbCrSubsampleRatio410:
		c.h, c.v = 4, 2
	}
	c.x0, c.y0 = m.Rect.Min.X/c.h, m.Rect.Min.Y/c.v
	c.width = (m.Rect.Max.X+c.h-1)/c.h - c.x0
	c.height = (m.Rect.Max.Y+c.v-1)/c.v - c.y0
	c.skip = m.Rect.Min.X - c.x0*c.h
	c.sums = make([]int32, c.width)
	c.out = make([]byte, c.width*c.h)
	return c
}

// row returns a value for each pixel of row y of the image's own coordinates,
// valid until the next call.
func (c *chroma) row(y int) []byte {
	j := y/c.v - c.y0
	near := c.plane[j*c.stride:][:c.width]
	if c.h == 1 && c.v == 1 {
		return near[c.skip:]
	}
	// libjpeg repeats chroma of a picture too narrow for two neighbours.
	narrow := c.width <= 2
	switch {
	case c.h == 2 && c.v == 2 && !narrow:
		c.wideTriangles(near, c.plane[c.neighbour(y, j)*c.stride:])
	case c.h == 2 && c.v == 1 && !narrow:
		c.triangles(near)
	case c.h == 1 && c.v == 2:
		far := c.plane[c.neighbour(y, j)*c.stride:]
		half := int32(1 + y&1)
		for i, s := range near {
			c.out[i] = byte((3*int32(s) + int32(far[i]) + half) >> 2)
		}
	default:
		for i, s := range near {
			for k := range c.h {
				c.out[c.h*i+k] = s
			}
		}
	}
	return c.out[c.skip:]
}

// neighbour returns the second nearest row of samples to pixel row y, whose own
// is j: the one above for an even y. The outermost rows are their own.
func (c *chroma) neighbour(y, j int) int {
	if y&1 == 0 {
		return max(j-1, 0)
	}
	return min(j+1, c.height-1)
}

// triangles doubles the width, 3 parts of the own sample and 1 of the nearer
// neighbour; halves are rounded down on the left and up on the right
// (h2v1_fancy_upsample).
func (c *chroma) triangles(s []byte) {
	last := len(s) - 1
	for i, v := range s {
		own := 3 * int32(v)
		c.out[2*i] = byte((own + int32(s[max(i-1, 0)]) + 1) >> 2)
		c.out[2*i+1] = byte((own + int32(s[min(i+1, last)]) + 2) >> 2)
	}
}

// wideTriangles doubles the width of a row that already mixes 3 parts of near
// and 1 of far (h2v2_fancy_upsample).
func (c *chroma) wideTriangles(near, far []byte) {
	for i, v := range near {
		c.sums[i] = 3*int32(v) + int32(far[i])
	}
	last := len(c.sums) - 1
	before := c.sums[0]
	for i, own := range c.sums {
		after := c.sums[min(i+1, last)]
		c.out[2*i] = byte((3*own + before + 8) >> 4)
		c.out[2*i+1] = byte((3*own + after + 7) >> 4)
		before = own
	}
}
