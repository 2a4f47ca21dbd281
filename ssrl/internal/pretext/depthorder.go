package pretext

import (
	"math/rand/v2"

	"ssrl/internal/rgbd"
)

// Thresholds of the depth task on depth relative to the frame's range (paper
// section 3.2): r_max of a region's own spread, d_min between regions.
const (
	maxRegionSpread = .15
	minRegionGap    = .05
	lowPercentile   = .5
	highPercentile  = 99.5
)

// depthTries bounds the triples of candidates drawn per size of region.
const depthTries = 4096

// regionSizes are the sides of regions, tried from the largest. The paper's is
// 25; upstream falls to 11. The smallest is for pictures below smallPicture.
var regionSizes = [...]int{25, 17, 11, 7}

const (
	smallPicture     = 112
	smallestOrdinary = 11
	regionsAcross    = 5 // at least so many regions fit along the shorter side
)

// bands are where the centre of the near, middle and far region lies.
var bands = [3][2]float64{{0, .3}, {.35, .65}, {.7, 1}}

// DepthOrder asks to sort three marked regions by depth. It differs from
// upstream's Depth.py on purpose:
//
//  1. The paper's limits hold for whole regions and for every size of them:
//     a spread below .15 and a gap above .05 between neighbours in depth.
//  2. Every pixel of a region has a reading; regions are disjoint, markers lie
//     whole inside the picture and two diameters apart.
//  3. Markers are drawn on the picture's own pixels.
type DepthOrder struct {
	Brief    bool // ask in a few words
	Coloured bool // marker 1 is red, 2 green, 3 blue
	Parity   bool // ask as upstream does, without 1 and 2
}

// DepthMeta tells how a DepthOrder sample was made.
type DepthMeta struct {
	Regions [3]DepthRegion `json:"regions"` // by label
}

// DepthRegion is one marked region: a square of odd side around its marker.
type DepthRegion struct {
	Label    int        `json:"label"` // 1 to 3
	Center   Point      `json:"center"`
	Size     int        `json:"size"`
	Depth    [2]float32 `json:"depth"`    // least and greatest, metres unless the frame's depth is Relative
	Relative [2]float64 `json:"relative"` // the same; 0 and 1 are the frame's percentiles .5 and 99.5
}

// Name returns "depth".
func (DepthOrder) Name() string { return "depth" }

// Check implements Task.
func (DepthOrder) Check() error { return nil }

// Make implements Task.
func (t DepthOrder) Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error) { return fresh(t, rng, f) }

// MakeInto implements Task.
func (t DepthOrder) MakeInto(dst *Sample, w *Workspace, rng *rand.Rand, f *rgbd.Frame) error {
	if err := checkDepth("depth", f); err != nil {
		return err
	}
	low, high, err := depthRange(w, f.Depth)
	if err != nil {
		return err
	}
	w.found = candidates{d: f.Depth, low: low, high: high, slide: &w.slide, in: w.found.in}
	draw := w.found.drawRegions
	if t.Parity {
		draw = w.found.drawUpstream
	}
	regions, err := draw(rng)
	w.found.d = nil
	if err != nil {
		return err
	}
	w.orders[0] = perm(rng, w.orders[0], 3)
	ranks := w.orders[0] // label i+1 goes to the region of rank ranks[i]
	meta := metaOf[DepthMeta](dst)
	shown := dst.copied(f.Image)
	for i, rank := range ranks {
		r := regions[rank]
		r.Label = i + 1
		meta.Regions[i] = r
		mark(shown, r.Label, r.Center, t.Coloured)
	}
	dst.Task = "depth"
	dst.Problem = w.problem(question{task: dst.Task, brief: t.Brief, parity: t.Parity})
	w.orders[1] = nearestFirst(w.orders[1], ranks)
	dst.Answer = w.text(appendJoined(w.words[:0], w.orders[1]))
	return nil
}

// nearestFirst returns in dst the labels in the order of rank. ranks[i] is the
// rank (from 0) of the region labelled i+1.
func nearestFirst(dst, ranks []int) []int {
	dst = restoring(dst, ranks)
	for i := range dst {
		dst[i]++
	}
	return dst
}

// depthRange returns the percentiles between which depth is relative.
func depthRange(w *Workspace, d *rgbd.Depth) (low, high float64, err error) {
	p, ok := w.ranks.percentiles(d.Metres, lowPercentile, highPercentile)
	if !ok {
		return 0, 0, unsuitable("depth", "no pixel has a reading")
	}
	if !(p[1] > p[0]) {
		return 0, 0, unsuitable("depth", "all readings are alike (%g)", p[0])
	}
	return p[0], p[1], nil
}

// maxCentres bounds the centres that are looked at in large pictures: they lie
// on a lattice that starts anywhere.
const maxCentres = 1 << 16

// candidates are even regions of one size, by band.
type candidates struct {
	d         *rgbd.Depth
	low, high float64
	size      int
	spread    float64 // the limit of a region's own
	in        [3][]candidate
	slide     *slide
}

// candidate is the centre of a region and what it spans.
type candidate struct {
	centre          int32 // index of the pixel
	least, greatest float32
}

// drawRegions returns a near, a middle and a far region of the largest size
// that has three.
func (c *candidates) drawRegions(rng *rand.Rand) (regions [3]DepthRegion, err error) {
	w, h := c.d.Width, c.d.Height
	short := min(w, h)
	tried := false
	for _, size := range regionSizes {
		if size*regionsAcross > short || size < smallestOrdinary && short >= smallPicture {
			continue
		}
		tried = true
		step := 1
		for step*step*maxCentres < w*h {
			step++
		}
		c.size, c.spread = size, maxRegionSpread
		c.find(max(size/2, rgbd.MarkerRadius(w, h)), step, [2]int{rng.IntN(step), rng.IntN(step)})
		if regions, ok := c.draw(rng); ok {
			return regions, nil
		}
	}
	if !tried {
		return regions, unsuitable("depth", "too small for three regions (%dx%d)", w, h)
	}
	return regions, unsuitable("depth", "no three even regions at separate depths (of %d pixels: %d near, %d middle, %d far candidates)",
		c.size, len(c.in[0]), len(c.in[1]), len(c.in[2]))
}

// drawUpstream returns, as upstream's Depth.py does, for each band any region
// whose centre lies in it and that is even, by a wider limit when there is none
// of the first size.
func (c *candidates) drawUpstream(rng *rand.Rand) (regions [3]DepthRegion, err error) {
	var found [3]bool
	for _, pass := range [...]struct {
		size   int
		spread float64
	}{{25, maxRegionSpread}, {11, .2}} {
		if found[0] && found[1] && found[2] {
			break
		}
		c.size, c.spread = pass.size, pass.spread
		c.find(pass.size/2, 1, [2]int{})
		for b, in := range c.in {
			if !found[b] && len(in) > 0 {
				regions[b], found[b] = c.region(in[rng.IntN(len(in))]), true
			}
		}
	}
	for b, ok := range found {
		if !ok {
			return regions, unsuitable("depth", "no even region is %s", [...]string{"near", "in the middle", "far"}[b])
		}
	}
	return regions, nil
}

// find looks at the centres at least margin inside the picture, each step
// pixels, from an offset in x and y on.
func (c *candidates) find(margin, step int, offset [2]int) {
	w, h, s := c.d.Width, c.d.Height, c.slide
	for b := range c.in {
		c.in[b] = c.in[b][:0]
	}
	s.columns = s.columns[:0]
	for x := margin + offset[0]; x < w-margin; x += step {
		s.columns = append(s.columns, x)
	}
	low, high := keysBetween(c.low, c.high)
	load := func(y int, up, down []uint32) { keysInto(up, down, c.d.Metres[y*w:][:w], low, high, missing) }
	s.greatestAround(w, h, c.size/2, s.columns, load, func(y int, up, down []uint32) {
		if y < margin+offset[1] || y >= h-margin || (y-margin-offset[1])%step != 0 {
			return
		}
		for i, x := range s.columns {
			if up[i] != missing {
				c.add(int32(y*w+x), unsortable(^down[i]), unsortable(up[i]))
			}
		}
	})
}

// keysBetween returns the least and the greatest key of a float32 from low to
// high.
func keysBetween(low, high float64) (least, greatest uint32) {
	l, h := float32(low), float32(high)
	least, greatest = sortable(l), sortable(h)
	if float64(l) < low {
		least++
	}
	if float64(h) > high {
		greatest--
	}
	// Zero has two keys, that of -0 first.
	if least == sortable(0) {
		least--
	}
	if greatest == sortable(0)-1 {
		greatest++
	}
	return least, greatest
}

// add keeps a region that is even and whose centre lies in a band.
func (c *candidates) add(centre int32, least, greatest float32) {
	if !(c.relative(greatest)-c.relative(least) < c.spread) {
		return
	}
	at := c.relative(c.d.Metres[centre])
	for b, band := range bands {
		if at >= band[0] && at <= band[1] {
			c.in[b] = append(c.in[b], candidate{centre, least, greatest})
		}
	}
}

func (c *candidates) relative(v float32) float64 {
	return (float64(v) - c.low) / (c.high - c.low)
}

// draw returns three regions that can be told apart, nearest first.
func (c *candidates) draw(rng *rand.Rand) (regions [3]DepthRegion, ok bool) {
	if len(c.in[0]) == 0 || len(c.in[1]) == 0 || len(c.in[2]) == 0 {
		return regions, false
	}
	for range depthTries {
		for b, in := range c.in {
			regions[b] = c.region(in[rng.IntN(len(in))])
		}
		if c.separate(regions) {
			return regions, true
		}
	}
	return regions, false
}

func (c *candidates) region(r candidate) DepthRegion {
	return DepthRegion{
		Center:   Point{int(r.centre) % c.d.Width, int(r.centre) / c.d.Width},
		Size:     c.size,
		Depth:    [2]float32{r.least, r.greatest},
		Relative: [2]float64{c.relative(r.least), c.relative(r.greatest)},
	}
}

// separate reports whether the regions differ in depth and place.
func (c *candidates) separate(r [3]DepthRegion) bool {
	for i, a := range r {
		if i > 0 && !(a.Relative[0]-r[i-1].Relative[1] > minRegionGap) {
			return false
		}
		for _, b := range r[:i] {
			if !apart(c.d.Width, c.d.Height, a.Center, b.Center, c.size) {
				return false
			}
		}
	}
	return true
}

// apart reports whether squares of the given side around a and b are disjoint
// and markers there two diameters apart.
func apart(width, height int, a, b Point, side int) bool {
	dx, dy := a[0]-b[0], a[1]-b[1]
	if max(dx, -dx) < side && max(dy, -dy) < side {
		return false
	}
	distance := 2 * (2*rgbd.MarkerRadius(width, height) + 1)
	return dx*dx+dy*dy >= distance*distance
}
