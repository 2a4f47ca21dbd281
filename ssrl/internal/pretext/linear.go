package pretext

import (
	"image"
	"math"

	"ssrl/internal/rgbd"
)

// linearBits is the precision of OpenCV's weights.
const linearBits = 11

// linear fills dst with box of src resampled as OpenCV's cv2.resize does by
// default: two pixels each way around the centre, whatever the scale, in its
// fixed point (imgproc/src/resize.cpp, resizeLinear with
// INTER_RESIZE_COEF_BITS; where both sides are exactly halved, the mean of four).
func linear(dst, src *rgbd.RGB, box image.Rectangle) {
	if box.Dx() == 2*dst.Width && box.Dy() == 2*dst.Height {
		halve(dst, src, box.Min)
		return
	}
	for y := range dst.Height {
		v := linearTap(y, box.Dy(), dst.Height)
		y0, y1 := max(v.first, 0), min(v.first+1, box.Dy()-1)
		above := src.Pix[3*((box.Min.Y+y0)*src.Width+box.Min.X):]
		below := src.Pix[3*((box.Min.Y+y1)*src.Width+box.Min.X):]
		out := dst.Pix[3*y*dst.Width:]
		for x := range dst.Width {
			u := linearTap(x, box.Dx(), dst.Width)
			// At the left and right side one pixel has all the weight.
			if u.first < 0 {
				u = tap{0, 1 << linearBits, 0}
			} else if u.first >= box.Dx()-1 {
				u = tap{box.Dx() - 1, 1 << linearBits, 0}
			}
			x0, x1 := 3*u.first, 3*min(u.first+1, box.Dx()-1)
			for c := range 3 {
				a := int(above[x0+c])*u.one + int(above[x1+c])*u.other
				b := int(below[x0+c])*u.one + int(below[x1+c])*u.other
				out[3*x+c] = byte((v.one*(a>>4)>>16 + v.other*(b>>4)>>16 + 2) >> 2)
			}
		}
	}
}

// tap is the first of the two input pixels of an output pixel, which may lie one
// outside, and their weights.
type tap struct{ first, one, other int }

func linearTap(o, in, out int) tap {
	scale := 1 / (float64(out) / float64(in))
	at := float32((float64(o)+.5)*scale - .5)
	first := float32(math.Floor(float64(at)))
	weight := func(part float32) int { return int(math.RoundToEven(float64(part * (1 << linearBits)))) }
	part := at - first
	return tap{int(first), weight(1 - part), weight(part)}
}

func halve(dst, src *rgbd.RGB, corner image.Point) {
	stride := 3 * src.Width
	for y := range dst.Height {
		in := src.Pix[(corner.Y+2*y)*stride+3*corner.X:]
		out := dst.Pix[3*y*dst.Width:][:3*dst.Width]
		for i := range out {
			j := i/3*6 + i%3
			out[i] = byte((int(in[j]) + int(in[j+3]) + int(in[stride+j]) + int(in[stride+j+3]) + 2) >> 2)
		}
	}
}
