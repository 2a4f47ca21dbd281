package rgbd

import (
	"fmt"
	"image"
)

// weightBits is the precision of resampling weights: 255 weights of this size
// stay below 2^31.
const weightBits = 22

// ResizeBilinear returns box of src (inside src, not empty) resampled to
// width x height with a triangle filter that widens when it shrinks, so that
// nothing is skipped.
//
// It differs from Pillow's BILINEAR with a box, whose weights are floating
// point, in that all arithmetic is on integers: the bytes are the same on every
// processor. A flat picture stays exactly flat.
func ResizeBilinear(src *RGB, box image.Rectangle, width, height int) *RGB {
	src.mustHold(box)
	if box.Empty() || width < 1 || height < 1 {
		panic(fmt.Sprintf("rgbd: resize %v to %dx%d", box, width, height))
	}
	across, down := triangleTaps(box.Dx(), width), triangleTaps(box.Dy(), height)
	wide := NewRGB(width, box.Dy()) // box, already of its new width
	for y := range wide.Height {
		row := src.Pix[3*((box.Min.Y+y)*src.Width+box.Min.X):][:3*box.Dx()]
		out := wide.Pix[3*y*width:][:3*width]
		for x, t := range across {
			var r, g, b uint32 = 1 << (weightBits - 1), 1 << (weightBits - 1), 1 << (weightBits - 1)
			p := row[3*t.first:][:3*len(t.weights)]
			for i, w := range t.weights {
				r += w * uint32(p[3*i])
				g += w * uint32(p[3*i+1])
				b += w * uint32(p[3*i+2])
			}
			out[3*x], out[3*x+1], out[3*x+2] = byte(r>>weightBits), byte(g>>weightBits), byte(b>>weightBits)
		}
	}
	out := NewRGB(width, height)
	sum := make([]uint32, 3*width)
	for y, t := range down {
		for i := range sum {
			sum[i] = 1 << (weightBits - 1)
		}
		for i, w := range t.weights {
			row := wide.Pix[3*(t.first+i)*width:][:len(sum)]
			for j, v := range row {
				sum[j] += w * uint32(v)
			}
		}
		row := out.Pix[3*y*width:][:len(sum)]
		for j, v := range sum {
			row[j] = byte(v >> weightBits)
		}
	}
	return out
}

// taps are the input pixels of one output pixel: weights of first, first+1, ..
// that add up to 1 << weightBits.
type taps struct {
	first   int
	weights []uint32
}

// triangleTaps returns the taps of out pixels made from in. Positions are
// counted in 1/(2 out) of an input pixel, where every centre is an integer.
func triangleTaps(in, out int) []taps {
	reach := 2 * max(in, out)
	all := make([]taps, out)
	most := reach/out + 2
	weights := make([]uint32, 0, most*out)
	for o := range all {
		centre := (2*o + 1) * in
		// The centre of pixel j is (2j+1) out; those with |distance| < reach count.
		first := max(0, (centre-reach-out)/(2*out))
		last := min(in-1, (centre+reach-out)/(2*out)+1)
		from, total := len(weights), 0
		for j := first; j <= last; j++ {
			w := max(0, reach-abs(centre-(2*j+1)*out))
			total += w
			weights = append(weights, uint32(w))
		}
		all[o] = taps{first, normalise(weights[from:], total)}
	}
	return all
}

// normalise scales weights that add up to total to add up to 1 << weightBits;
// what rounding leaves goes to the largest.
func normalise(weights []uint32, total int) []uint32 {
	left, largest := 1<<weightBits, 0
	for i, w := range weights {
		weights[i] = uint32((int64(w)<<weightBits + int64(total/2)) / int64(total))
		left -= int(weights[i])
		if weights[i] > weights[largest] {
			largest = i
		}
	}
	weights[largest] = uint32(int(weights[largest]) + left)
	return weights
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}
