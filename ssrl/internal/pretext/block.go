package pretext

import (
	"math"
	"math/rand/v2"
	"slices"

	"ssrl/internal/rgbd"
)

// Thresholds of the position task, on depth relative to the frame's least and
// greatest reading (upstream's Position.py).
const (
	blockSide      = 15
	minBlockValid  = (blockSide*blockSide*9 + 9) / 10 // 90 %, rounded up
	maxBlockSpread = .15
	nearDepth      = .25 // blocks at one depth: extremes at most so far apart
	nearMedians    = .1  // and medians, since the answer ignores depth
	farDepth       = .25 // blocks at two depths: extremes at least so far apart
)

const (
	blockDraws = 1 << 13 // centres looked at
	maxBlocks  = 128     // kept: 8,128 pairs
)

// block is an even square of depth.
type block struct {
	centre      Point
	least, most float64 // relative
	median      float32 // in the frame's unit
	relative    float64 // of the median
}

// drawBlocks draws blocks whose markers lie whole in the picture, within 45 %
// of its size from its middle. Looking at random centres costs far less than
// sliding a window over megapixels, and the number of draws bounds the time.
func (w *Workspace) drawBlocks(rng *rand.Rand, d *rgbd.Depth) error {
	w.blocks = w.blocks[:0]
	low, high := extremes(d.Metres)
	if !(high > low) {
		return unsuitable("position", "no two readings differ")
	}
	margin := max(blockSide/2, rgbd.MarkerRadius(d.Width, d.Height))
	x0, y0 := max(margin, (d.Width+19)/20), max(margin, (d.Height+19)/20)
	x1, y1 := d.Width-x0, d.Height-y0
	if x1 <= x0 || y1 <= y0 {
		return unsuitable("position", "too small for two markers (%dx%d)", d.Width, d.Height)
	}
	var buffer [blockSide * blockSide]float32
	for range blockDraws {
		centre := Point{x0 + rng.IntN(x1-x0), y0 + rng.IntN(y1-y0)}
		if b, ok := newBlock(d, centre, low, high, buffer[:0]); ok {
			if w.blocks = append(w.blocks, b); len(w.blocks) == maxBlocks {
				break
			}
		}
	}
	return nil
}

// extremes returns the least and greatest reading; low > high when there is none.
func extremes(values []float32) (low, high float64) {
	least, most := greatestKey, leastKey
	for _, v := range values {
		if k := sortable(v); k-leastKey <= greatestKey-leastKey {
			least, most = min(least, k), max(most, k)
		}
	}
	return float64(unsortable(least)), float64(unsortable(most))
}

// newBlock measures the block around centre; ok is false when it lacks readings
// or is not even.
func newBlock(d *rgbd.Depth, centre Point, low, high float64, readings []float32) (b block, ok bool) {
	const half = blockSide / 2
	least, most := float32(math.Inf(1)), float32(math.Inf(-1))
	for y := centre[1] - half; y <= centre[1]+half; y++ {
		for _, v := range d.Metres[y*d.Width+centre[0]-half:][:blockSide] {
			if finite(v) {
				readings = append(readings, v)
				least, most = min(least, v), max(most, v)
			}
		}
		if (float64(most)-float64(least))/(high-low) > maxBlockSpread {
			return b, false
		}
	}
	if len(readings) < minBlockValid {
		return b, false
	}
	relative := func(v float32) float64 { return (float64(v) - low) / (high - low) }
	slices.Sort(readings)
	n := len(readings)
	median := float32((float64(readings[(n-1)/2]) + float64(readings[n/2])) / 2)
	return block{centre, relative(least), relative(most), median, relative(median)}, true
}

// pairsOf lists in the memory of pairs those of blocks that carry a question of the kind.
func pairsOf(pairs [][2]uint16, kind string, blocks []block, width, height int) [][2]uint16 {
	pairs = pairs[:0]
	for i, a := range blocks {
		for j, b := range blocks[:i] {
			if suits(kind, a, b, width, height) && apart(width, height, a.centre, b.centre, blockSide) {
				pairs = append(pairs, [2]uint16{uint16(j), uint16(i)})
			}
		}
	}
	return pairs
}

// suits reports whether the blocks are placed as the kind wants.
func suits(kind string, a, b block, width, height int) bool {
	dx, dy := a.centre[0]-b.centre[0], a.centre[1]-b.centre[1]
	dx, dy = max(dx, -dx), max(dy, -dy)
	short := min(width, height)
	if kind == Near {
		// Upstream's 30 pixels, less in small pictures.
		level := dy < min(30, height/8) && dx*10 >= width
		return level && a.most-b.least <= nearDepth && b.most-a.least <= nearDepth &&
			max(a.relative-b.relative, b.relative-a.relative) <= nearMedians
	}
	gap := max(a.least, b.least) - min(a.most, b.most)
	if gap < farDepth || 64*(dx*dx+dy*dy) < short*short {
		return false
	}
	if kind == FarDepth {
		return dx*20 <= width
	}
	return dx*10 >= width
}
