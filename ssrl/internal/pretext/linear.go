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
		y0, y1, wy := linearTap(y, box.Dy(), dst.Height)
		above := src.Pix[3*((box.Min.Y+y0)*src.Width+box.Min.X):]
		below := src.Pix[3*((box.Min.Y+y1)*src.Width+box.Min.X):]
		out := dst.Pix[3*y*dst.Width:]
		for x := range dst.Width {
			x0, x1, wx := linearTap(x, box.Dx(), dst.Width)
			for c := range 3 {
				a := int(above[3*x0+c])*((1<<linearBits)-wx) + int(above[3*x1+c])*wx
				b := int(below[3*x0+c])*((1<<linearBits)-wx) + int(below[3*x1+c])*wx
				v := ((1<<linearBits)-wy)*(a>>4)>>16 + wy*(b>>4)>>16
				out[3*x+c] = byte((v + 2) >> 2)
			}
		}
	}
}

// linearTap returns the two input pixels of output pixel o and the weight of the
// second.
func linearTap(o, in, out int) (first, second, weight int) {
	scale := 1 / (float64(out) / float64(in))
	at := float32((float64(o)+.5)*scale - .5)
	first = int(at)
	if float32(first) > at {
		first--
	}
	part := at - float32(first)
	if first < 0 {
		first, part = 0, 0
	}
	if first >= in-1 {
		return in - 1, in - 1, 0
	}
	return first, first + 1, int(math.RoundToEven(float64(part * (1 << linearBits))))
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
