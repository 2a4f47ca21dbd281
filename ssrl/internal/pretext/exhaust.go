package pretext

import (
	"math/rand/v2"

	"ssrl/internal/rgbd"
)

// Upstream's Position.py looks at every block, sorts them by their distance to
// the middle of the picture and takes the first pair that suits, for at most 15
// seconds. What follows finds the same pair without sorting, and gives up by
// counting.

const (
	upstreamReach = .45 // of the size, from the middle, for centres
	levelPixels   = 30  // near blocks differ in height by less
	sidePixels    = 150 // far blocks so far apart sideways are diagonal

	// maxVisits bounds the blocks looked at in a search, 50 milliseconds of them.
	maxVisits = 1 << 25
)

// span is the least and the greatest depth of a block, relative to the readings
// of the frame as float32 as upstream has it; least is greater than most where
// there is no even block.
type span struct{ least, most float32 }

func (s span) even() bool { return s.least <= s.most }

// exhaustion is a search of all even blocks. Points are in half pixels from the
// middle when their distance to it is taken.
type exhaustion struct {
	width, height  int
	ranges         []span // of the block around each pixel
	x0, y0, x1, y1 int    // centres
	count          int    // even blocks
	greatestLeast  float32
	leastMost      float32
	visits         int
}

// newExhaustion measures every block. Ok is false when no pixel has a reading or
// no block fits.
func newExhaustion(w *Workspace, d *rgbd.Depth) (e exhaustion, ok bool) {
	e = exhaustion{width: d.Width, height: d.Height, leastMost: 1}
	e.x0, e.x1 = upstreamLimits(d.Width)
	e.y0, e.y1 = upstreamLimits(d.Height)
	// Upstream takes only what is above 0 for a reading.
	least, most := sortable(0)+1, greatestKey
	low, high, ok := positiveExtremes(d.Metres)
	if !ok || e.x1 <= e.x0 || e.y1 <= e.y0 {
		return e, false
	}
	w.ranges = atLeast(w.ranges, d.Width*d.Height)
	e.ranges = w.ranges
	relative := func(k uint32) float32 {
		if high == low {
			return 1
		}
		return (unsortable(k) - low) / (high - low)
	}
	load := func(y int, up, down []uint32) { keysInto(up, down, d.Metres[y*d.Width:][:d.Width], least, most, 0) }
	w.slide.greatestAround(d.Width, d.Height, blockSide/2, nil, load, func(y int, up, down []uint32) {
		if y < e.y0 || y >= e.y1 {
			return
		}
		for x := e.x0; x < e.x1; x++ {
			i, at := x-blockSide/2, y*d.Width+x
			e.ranges[at] = span{1, 0}
			if up[i] == 0 {
				continue
			}
			s := span{relative(^down[i]), relative(up[i])}
			if float64(s.most-s.least) <= maxBlockSpread {
				e.ranges[at] = s
				e.count++
				e.greatestLeast, e.leastMost = max(e.greatestLeast, s.least), min(e.leastMost, s.most)
			}
		}
	})
	return e, true
}

// upstreamLimits are the first centre and the one after the last, of size
// pixels.
func upstreamLimits(size int) (from, to int) {
	middle := float64(size) / 2
	from, to = int(middle-upstreamReach*float64(size)), int(middle+upstreamReach*float64(size))
	return max(from, blockSide/2), min(to, size-blockSide/2)
}

func positiveExtremes(values []float32) (low, high float32, ok bool) {
	least, most := greatestKey, uint32(0)
	for _, v := range values {
		if k := sortable(v); k-sortable(0)-1 <= greatestKey-sortable(0)-1 {
			least, most = min(least, k), max(most, k)
		}
	}
	return unsortable(least), unsortable(most), most != 0
}

// rank orders centres by their distance to the middle, then row by row.
func (e *exhaustion) rank(x, y int) uint64 {
	dx, dy := 2*x-e.width, 2*y-e.height
	return uint64(dx*dx+dy*dy)<<32 | uint64(y*e.width+x)
}

// point is the centre of a rank.
func (e *exhaustion) point(rank uint64) Point {
	at := int(rank & (1<<32 - 1))
	return Point{at % e.width, at / e.width}
}

// noRank is after every centre.
const noRank = ^uint64(0)

// pair returns the first two blocks that suit the kind. Ok is false when there
// is none or it was not found in maxVisits.
func (e *exhaustion) pair(near bool) (first, second Point, ok bool) {
	apart := min(e.width, e.height) / 8
	for last := uint64(0); e.visits < maxVisits; {
		i := e.next(last, near)
		if i == noRank {
			break
		}
		first = e.point(i)
		if j := e.partner(first, i, apart, near); j != noRank {
			return first, e.point(j), true
		}
		last = i + 1
	}
	return first, second, false
}

// next returns the first block from a rank on that may have a partner.
func (e *exhaustion) next(from uint64, near bool) uint64 {
	best := noRank
	for y := e.y0; y < e.y1; y++ {
		if dy := 2*y - e.height; uint64(dy*dy)<<32 > best {
			continue
		}
		for x := e.x0; x < e.x1; x++ {
			r := e.rank(x, y)
			if r < from || r >= best {
				continue
			}
			s := e.ranges[y*e.width+x]
			if s.even() && (near || e.greatestLeast-s.most >= farDepth || s.least-e.leastMost >= farDepth) {
				best = r
			}
		}
		e.visits += e.x1 - e.x0
	}
	return best
}

// partner returns the first block after rank i that suits the one at p.
func (e *exhaustion) partner(p Point, i uint64, apart int, near bool) uint64 {
	a, best := e.ranges[p[1]*e.width+p[0]], noRank
	y0, y1 := e.y0, e.y1
	if near {
		y0, y1 = max(y0, p[1]-levelPixels+1), min(y1, p[1]+levelPixels)
	}
	for y := y0; y < y1; y++ {
		dy := y - p[1]
		for x, b := range e.ranges[y*e.width+e.x0 : y*e.width+e.x1] {
			x += e.x0
			dx := x - p[0]
			if near {
				if max(dx, -dx) < apart || !(max(a.most-b.least, b.least-a.most) <= nearDepth && max(b.most-a.least, a.least-b.most) <= nearDepth) {
					continue
				}
			} else if !(max(a.least, b.least)-min(a.most, b.most) >= farDepth) || dx*dx+dy*dy < apart*apart {
				continue
			}
			if r := e.rank(x, y); r > i && r < best && b.even() {
				best = r
			}
		}
		e.visits += e.x1 - e.x0
	}
	return best
}

// upstream asks about the pair that upstream's search finds.
func (t Position) upstream(dst *Sample, w *Workspace, rng *rand.Rand, f *rgbd.Frame) error {
	e, ok := newExhaustion(w, f.Depth)
	if !ok {
		return unsuitable("position", "no block has a reading (%dx%d)", f.Depth.Width, f.Depth.Height)
	}
	searched := [2]bool{}
	for _, kind := range w.kinds {
		near := 0
		if kind == Near {
			near = 1
		}
		if searched[near] {
			continue
		}
		searched[near] = true
		a, b, ok := e.pair(kind == Near)
		if !ok {
			continue
		}
		camera, target := e.block(f.Depth, a), e.block(f.Depth, b)
		if kind != Near {
			kind = FarDepth
			if dx := a[0] - b[0]; max(dx, -dx) > sidePixels {
				kind = FarDiagonal
			}
		}
		if rng.IntN(2) == 1 {
			camera, target = target, camera
		}
		label := 1 + rng.IntN(2)
		t.ask(dst, w, rng, f.Image, kind, label, views[upstreamViews[rng.IntN(len(upstreamViews))]], camera, target)
		return nil
	}
	return unsuitable("position", "no pair of the %d even blocks is %s (%d blocks tried)", e.count, eitherOf(w.kinds), e.visits)
}

// upstreamViews are indices of views: three in ten each but away.
var upstreamViews = [...]int{0, 0, 0, 1, 1, 1, 2, 2, 2, 3}

// block is the block around a centre; upstream compares blocks by their greatest
// reading.
func (e *exhaustion) block(d *rgbd.Depth, p Point) block {
	greatest := float32(0)
	for y := p[1] - blockSide/2; y <= p[1]+blockSide/2; y++ {
		for _, v := range d.Metres[y*d.Width+p[0]-blockSide/2:][:blockSide] {
			if finite(v) && v > greatest {
				greatest = v
			}
		}
	}
	return block{centre: p, median: greatest}
}
