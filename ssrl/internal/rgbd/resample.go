package rgbd

import (
	"fmt"
	"image"
)

// weightBits is the precision of resampling weights: 255 weights of this size
// stay below 2^31.
const weightBits = 22

// rounded is half of one level in sums of weighted bytes.
const rounded = 1 << (weightBits - 1)

// Resizer resamples pictures in memory that it keeps. The zero value is ready;
// one goroutine at a time may use it.
type Resizer struct {
	across, down tapTable
	wide         []byte   // box at its new width, stride bytes a row
	row          []byte   // of the source, with room to read beyond it
	sum          []uint32 // of one row
}

// spare is how far assembly reads and writes beyond the bytes of a row.
const spare = 32

// Bilinear fills dst with box of src (inside src, not empty) resampled with a
// triangle filter that widens when it shrinks, so that nothing is skipped.
//
// It differs from Pillow's BILINEAR with a box, whose weights are floating
// point, in that all arithmetic is on integers: the bytes are the same on every
// processor. A flat picture stays exactly flat.
func (r *Resizer) Bilinear(dst, src *RGB, box image.Rectangle) {
	src.mustHold(box)
	if box.Empty() || dst.Width < 1 || dst.Height < 1 {
		panic(fmt.Sprintf("rgbd: resize %v to %dx%d", box, dst.Width, dst.Height))
	}
	r.across.fill(box.Dx(), dst.Width)
	r.down.fill(box.Dy(), dst.Height)
	n, stride := 3*dst.Width, 3*dst.Width+spare
	r.wide = atLeast(r.wide, stride*(box.Dy()+1)) // a row more, which weighs nothing
	r.row = atLeast(r.row, 3*box.Dx()+spare)
	r.sum = atLeast(r.sum, n)
	for y := range box.Dy() {
		row := src.Pix[3*((box.Min.Y+y)*src.Width+box.Min.X):]
		if len(row) < len(r.row) { // assembly would read beyond the picture
			copy(r.row, row[:3*box.Dx()])
			row = r.row
		}
		out := r.wide[y*stride:][:stride]
		for x := r.across.rowFast(out, row); x < dst.Width; x++ {
			t := r.across.at(x)
			var red, green, blue uint32 = rounded, rounded, rounded
			p := row[3*t.first:][:3*len(t.weights)]
			for i, w := range t.weights {
				red += w * uint32(p[3*i])
				green += w * uint32(p[3*i+1])
				blue += w * uint32(p[3*i+2])
			}
			out[3*x], out[3*x+1], out[3*x+2] = byte(red>>weightBits), byte(green>>weightBits), byte(blue>>weightBits)
		}
	}
	for y := range dst.Height {
		t := r.down.at(y)
		row := dst.Pix[n*y:][:n]
		from := r.down.columnsFast(row, r.wide[t.first*stride:], stride, y)
		if from == n {
			continue
		}
		sum := r.sum[from:n]
		for i := range sum {
			sum[i] = rounded
		}
		for i, w := range t.weights {
			in := r.wide[(t.first+i)*stride+from:][:len(sum)]
			for j, v := range in {
				sum[j] += w * uint32(v)
			}
		}
		for j, v := range sum {
			row[from+j] = byte(v >> weightBits)
		}
	}
}

// atLeast returns a slice of n elements, in the memory of s if it has room.
func atLeast[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// taps are the input pixels of one output pixel: weights of first, first+1, ..
// that add up to 1 << weightBits.
type taps struct {
	first   int
	weights []uint32
}

// tapTable holds the taps of every output pixel of a line.
type tapTable struct {
	in, out int
	first   []int32  // input pixel
	start   []int32  // in weights; one entry more
	weights []uint32 // of all
	packed  packedTaps
}

func (t *tapTable) at(o int) taps {
	return taps{int(t.first[o]), t.weights[t.start[o]:t.start[o+1]]}
}

// fill makes the taps of out pixels made from in. Positions are counted in
// 1/(2 out) of an input pixel, where every centre is an integer.
func (t *tapTable) fill(in, out int) {
	if t.in == in && t.out == out {
		return
	}
	t.in, t.out = in, out
	t.first, t.start = atLeast(t.first, out), atLeast(t.start, out+1)
	reach := 2 * max(in, out)
	t.weights = t.weights[:0]
	for o := range out {
		centre := (2*o + 1) * in
		// The centre of pixel j is (2j+1) out; those with |distance| < reach count.
		first := max(0, (centre-reach-out)/(2*out))
		last := min(in-1, (centre+reach-out)/(2*out)+1)
		weight := func(j int) int { return max(0, reach-abs(centre-(2*j+1)*out)) }
		for weight(first) == 0 {
			first++
		}
		for weight(last) == 0 {
			last--
		}
		t.first[o], t.start[o] = int32(first), int32(len(t.weights))
		total := 0
		for j := first; j <= last; j++ {
			total += weight(j)
			t.weights = append(t.weights, uint32(weight(j)))
		}
		normalise(t.weights[t.start[o]:], total)
	}
	t.start[out] = int32(len(t.weights))
	t.pack()
}

// normalise scales weights that add up to total to add up to 1 << weightBits;
// what rounding leaves goes to the largest.
func normalise(weights []uint32, total int) {
	left, largest := 1<<weightBits, 0
	for i, w := range weights {
		weights[i] = uint32((int64(w)<<weightBits + int64(total/2)) / int64(total))
		left -= int(weights[i])
		if weights[i] > weights[largest] {
			largest = i
		}
	}
	weights[largest] = uint32(int(weights[largest]) + left)
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}
