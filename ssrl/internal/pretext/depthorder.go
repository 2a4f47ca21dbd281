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
	Brief bool // ask in a few words
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

// Make implements Task.
func (t DepthOrder) Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error) {
	if err := checkDepth("depth", f); err != nil {
		return nil, err
	}
	low, high, err := depthRange(f.Depth)
	if err != nil {
		return nil, err
	}
	regions, err := drawRegions(rng, f.Depth, low, high)
	if err != nil {
		return nil, err
	}
	ranks := rng.Perm(3) // label i+1 goes to the region of rank ranks[i]
	shown := f.Image.Clone()
	var meta DepthMeta
	for i, rank := range ranks {
		r := regions[rank]
		r.Label = i + 1
		meta.Regions[i] = r
		rgbd.DrawMarker(shown, r.Label, r.Center[0], r.Center[1])
	}
	return &Sample{
		Task:    "depth",
		Problem: depthProblem(t.Brief),
		Answer:  nearestFirst(ranks),
		Images:  []*rgbd.RGB{shown},
		Meta:    meta,
	}, nil
}

// nearestFirst returns the labels in the order of rank. ranks[i] is the rank
// (from 0) of the region labelled i+1.
func nearestFirst(ranks []int) string {
	labels := restoring(ranks)
	for i := range labels {
		labels[i]++
	}
	return joined(labels)
}

// depthRange returns the percentiles between which depth is relative.
func depthRange(d *rgbd.Depth) (low, high float64, err error) {
	p, ok := percentiles(d.Metres, lowPercentile, highPercentile)
	if !ok {
		return 0, 0, unsuitable("depth", "no pixel has a reading")
	}
	if !(p[1] > p[0]) {
		return 0, 0, unsuitable("depth", "all readings are alike (%g)", p[0])
	}
	return p[0], p[1], nil
}

// drawRegions returns a near, a middle and a far region of the largest size
// that has three.
func drawRegions(rng *rand.Rand, d *rgbd.Depth, low, high float64) (regions [3]DepthRegion, err error) {
	short := min(d.Width, d.Height)
	err = unsuitable("depth", "too small for three regions (%dx%d)", d.Width, d.Height)
	for _, size := range regionSizes {
		if size*regionsAcross > short || size < smallestOrdinary && short >= smallPicture {
			continue
		}
		c := newCandidates(rng, d, low, high, size)
		if regions, ok := c.draw(rng); ok {
			return regions, nil
		}
		err = unsuitable("depth", "no three even regions at separate depths (of %d pixels: %d near, %d middle, %d far candidates)",
			size, len(c.in[0]), len(c.in[1]), len(c.in[2]))
	}
	return regions, err
}

// maxCentres bounds the centres that are looked at in large pictures: they lie
// on a lattice that starts anywhere.
const maxCentres = 1 << 16

// candidates are even regions of one size, by band.
type candidates struct {
	d         *rgbd.Depth
	low, high float64
	size      int
	in        [3][]candidate
}

// candidate is the centre of a region and what it spans.
type candidate struct {
	centre          int32 // index of the pixel
	least, greatest float32
}

func newCandidates(rng *rand.Rand, d *rgbd.Depth, low, high float64, size int) *candidates {
	c := &candidates{d: d, low: low, high: high, size: size}
	w, h := d.Width, d.Height
	margin := max(size/2, rgbd.MarkerRadius(w, h))
	step := 1
	for step*step*maxCentres < w*h {
		step++
	}
	phase := [2]int{rng.IntN(step), rng.IntN(step)}
	var columns []int
	for x := margin + phase[0]; x < w-margin; x += step {
		columns = append(columns, x)
	}
	load := func(y int, row []uint32) {
		for x, v := range d.Metres[y*w:][:w] {
			row[x] = missing
			if float64(v) >= low && float64(v) <= high {
				row[x] = sortable(v)
			}
		}
	}
	extremesAround(w, h, size/2, columns, load, func(y int, least, greatest []uint32) {
		if y < margin+phase[1] || y >= h-margin || (y-margin-phase[1])%step != 0 {
			return
		}
		for i, x := range columns {
			if greatest[i] != missing {
				c.add(int32(y*w+x), unsortable(least[i]), unsortable(greatest[i]))
			}
		}
	})
	return c
}

// add keeps a region that is even and whose centre lies in a band.
func (c *candidates) add(centre int32, least, greatest float32) {
	if !(c.relative(greatest)-c.relative(least) < maxRegionSpread) {
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
