package pretext

import (
	"image"
	"math/rand/v2"

	"ssrl/internal/rgbd"
)

const (
	// minHole is the shortest side of a hole that shows more than a colour.
	minHole = 14
	// minOptionDifference is the mean difference, in levels, between any two of
	// the four options.
	minOptionDifference = 6.0
	// minHoleBrightness is the mean level of the missing part and of its
	// surroundings below which the black hole would hide in the picture.
	minHoleBrightness = 24.0
	// cropTries bounds the holes drawn before a frame is given up.
	cropTries = 24
)

// Kinds of options of a Crop sample.
const (
	KindTruth          = "truth"
	KindClockwise      = "rotate+90"
	KindAnticlockwise  = "rotate-90"
	KindInterior       = "interior"
	KindExterior       = "exterior"
	letters            = "ABCD"
	interiorPart       = 4 // of the side cut off at each side
	narrowExteriorPart = 4 // of the side added at each side
	wideExteriorPart   = 2
)

// Crop asks which of four pictures is the part missing from the first. It
// differs from upstream's Crop.py on purpose:
//
//  1. An exterior option that would leave the frame is moved inside instead of
//     being cut off and squashed, which gave it away.
//  2. A hole is redrawn when it or its surroundings are nearly black, when two
//     options look alike, or when a wrong option continues the picture around
//     the hole about as well as the truth.
//  3. Options are reduced without skipping pixels; OpenCV's bilinear skips.
//
// The side of the hole is half the shorter side of the picture, rounded down.
type Crop struct {
	Brief  bool // ask in a few words
	Parity bool // ask as upstream does, whatever the picture: see 1 to 3
}

// CropMeta tells how a Crop sample was made.
type CropMeta struct {
	Hole    Box           `json:"hole"`
	Options [4]CropOption `json:"options"` // A to D
}

// CropOption is one option: the square Box of the source, brought to the size
// of the hole; Kind says which and how. With Parity an exterior Box may be cut
// off at the sides of the frame.
type CropOption struct {
	Kind string `json:"kind"`
	Box  Box    `json:"box"`
}

// Name returns "crop".
func (Crop) Name() string { return "crop" }

// Check implements Task.
func (Crop) Check() error { return nil }

// Make implements Task.
func (t Crop) Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error) { return fresh(t, rng, f) }

// MakeInto implements Task.
func (t Crop) MakeInto(dst *Sample, w *Workspace, rng *rand.Rand, f *rgbd.Frame) error {
	if err := checkImage("crop", f); err != nil {
		return err
	}
	m := f.Image
	side := min(m.Width, m.Height) / 2
	if least := t.leastHole(); side < least {
		return unsuitable("crop", "a hole of %d pixels (want %d)", side, least)
	}
	dst.pictures(5)
	for i := range 4 {
		dst.picture(1+i, side, side)
	}
	var why refusal
	for range cropTries {
		c := drawCut(rng, m, side, t.Parity)
		copy(c.pictures[:], dst.Images[1:])
		if t.Parity {
			for i, o := range c.options {
				if o.resampled() {
					c.draw(w, m, i)
				}
			}
		} else if why = c.check(w, m); why.what != fine {
			continue
		}
		c.finish(dst, w, m)
		dst.Task = "crop"
		dst.Problem = w.problem(question{task: dst.Task, brief: t.Brief, parity: t.Parity})
		return nil
	}
	return why.error()
}

// leastHole is the shortest side of a hole.
func (t Crop) leastHole() int {
	if t.Parity {
		return 4 // of which the interior is two pixels wide
	}
	return minHole
}

// cut is a hole with its four options.
type cut struct {
	hole     image.Rectangle
	options  [4]CropOption
	pictures [4]*rgbd.RGB
	truth    int // index of the true option
	parity   bool
}

// drawCut draws the hole, the place of the truth and three of the five wrong
// options, each independent of the others.
func drawCut(rng *rand.Rand, m *rgbd.RGB, side int, parity bool) cut {
	corner := image.Pt(rng.IntN(m.Width-side+1), rng.IntN(m.Height-side+1))
	c := cut{hole: image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}, truth: rng.IntN(4), parity: parity}
	inner, outer := interior, exterior
	if parity {
		inner, outer = upstreamInterior, upstreamExterior
	}
	wrong := [...]CropOption{
		{KindClockwise, boxOf(c.hole)},
		{KindAnticlockwise, boxOf(c.hole)},
		{KindInterior, boxOf(inner(c.hole))},
		{KindExterior, boxOf(outer(m, c.hole, side/narrowExteriorPart))},
		{KindExterior, boxOf(outer(m, c.hole, side/wideExteriorPart))},
	}
	rng.Shuffle(len(wrong), func(i, j int) { wrong[i], wrong[j] = wrong[j], wrong[i] })
	for i, next := 0, 0; i < 4; i++ {
		if i == c.truth {
			c.options[i] = CropOption{KindTruth, boxOf(c.hole)}
			continue
		}
		c.options[i] = wrong[next]
		next++
	}
	return c
}

// interior is the central square of half the side.
func interior(hole image.Rectangle) image.Rectangle {
	margin := hole.Dx() / interiorPart
	corner := hole.Min.Add(image.Pt(margin, margin))
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(hole.Dx()/2, hole.Dx()/2))}
}

// exterior is the square with margin more at each side, moved by as little as
// brings it inside m. It fits since the side of the hole is at most half of m.
func exterior(m *rgbd.RGB, hole image.Rectangle, margin int) image.Rectangle {
	side := hole.Dx() + 2*margin
	corner := image.Pt(
		min(max(0, hole.Min.X-margin), m.Width-side),
		min(max(0, hole.Min.Y-margin), m.Height-side),
	)
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}
}

// upstreamInterior is from a quarter to three quarters of the side, both rounded
// down.
func upstreamInterior(hole image.Rectangle) image.Rectangle {
	side := hole.Dx()
	from, to := side/interiorPart, 3*side/interiorPart
	return image.Rect(hole.Min.X+from, hole.Min.Y+from, hole.Min.X+to, hole.Min.Y+to)
}

// upstreamExterior is the square with margin more at each side, cut off at the
// sides of m.
func upstreamExterior(m *rgbd.RGB, hole image.Rectangle, margin int) image.Rectangle {
	return hole.Inset(-margin).Intersect(m.Bounds())
}

func boxOf(r image.Rectangle) Box { return Box{r.Min.X, r.Min.Y, r.Dx(), r.Dy()} }

func (b Box) rectangle() image.Rectangle { return image.Rect(b[0], b[1], b[0]+b[2], b[1]+b[3]) }

// refusal is why a hole will not do. It becomes an error only when no other will.
type refusal struct {
	what   flaw
	a, b   string // kinds of options
	amount float64
}

type flaw int

const (
	fine flaw = iota
	darkHole
	darkRim
	lookAlike
	fitsToo
)

func (r refusal) error() error {
	switch r.what {
	case darkHole:
		return unsuitable("crop", "the missing part is nearly black (mean level %.0f, want %g)", r.amount, minHoleBrightness)
	case darkRim:
		return unsuitable("crop", "what surrounds the hole is nearly black (mean level %.0f, want %g)", r.amount, minHoleBrightness)
	case lookAlike:
		return unsuitable("crop", "options %s and %s look alike (mean difference %.1f, want %g)", r.a, r.b, r.amount, minOptionDifference)
	case fitsToo:
		return unsuitable("crop", "option %s continues the picture about as well as the truth", r.a)
	}
	return nil
}

// check makes the pictures of the resampled options and refuses a cut that has
// no single answer.
func (c *cut) check(w *Workspace, m *rgbd.RGB) refusal {
	w.used = 0
	hole := part{m, c.hole.Min.X, c.hole.Min.Y, c.hole.Dx(), c.hole.Dy()}
	var thinned [4][]byte
	thinned[c.truth] = hole.thin(w)
	if mean, _ := brightness(thinned[c.truth]); mean < minHoleBrightness {
		return refusal{what: darkHole, amount: mean}
	}
	around := rimOf(w, m, c.hole, -1)
	if mean := around.brightness(); mean < minHoleBrightness {
		return refusal{what: darkRim, amount: mean}
	}
	inside := rimOf(w, m, c.hole, 0)
	best := around.difference(inside)
	for _, resampled := range [2]bool{false, true} { // the cheap ones first
		for i, o := range c.options {
			if i == c.truth || o.resampled() != resampled {
				continue
			}
			own := inside
			switch {
			case resampled:
				c.draw(w, m, i)
				thinned[i] = whole(c.pictures[i]).thin(w)
				own = rimOf(w, c.pictures[i], c.pictures[i].Bounds(), 0)
			default:
				thinned[i] = hole.thinTurned(w, o.Kind == KindClockwise)
				own = inside.turned(w, o.Kind == KindClockwise)
			}
			for j, other := range thinned {
				if j == i || other == nil {
					continue
				}
				if d := meanDifference(thinned[i], other); d < minOptionDifference {
					return refusal{lookAlike, c.options[j].Kind, o.Kind, d}
				}
			}
			if !clearlyWorse(around.difference(own), best, around.samples) {
				return refusal{what: fitsToo, a: o.Kind}
			}
		}
	}
	return refusal{}
}

// resampled reports whether the option is brought to another size.
func (o CropOption) resampled() bool { return o.Kind == KindInterior || o.Kind == KindExterior }

// draw makes the picture of option i.
func (c *cut) draw(w *Workspace, m *rgbd.RGB, i int) {
	switch o, out := c.options[i], c.pictures[i]; {
	case o.Kind == KindTruth:
		n := 3 * out.Width
		for y := range out.Height {
			copy(out.Pix[n*y:][:n], m.Pix[3*((c.hole.Min.Y+y)*m.Width+c.hole.Min.X):])
		}
	case o.Kind == KindClockwise || o.Kind == KindAnticlockwise:
		quarterTurn(out, m, c.hole.Min, o.Kind == KindClockwise)
	case c.parity:
		linear(out, m, o.Box.rectangle())
	default:
		w.resize.Bilinear(out, m, o.Box.rectangle())
	}
}

// finish fills in what the options leave open.
func (c *cut) finish(dst *Sample, w *Workspace, m *rgbd.RGB) {
	for i, o := range c.options {
		if !o.resampled() {
			c.draw(w, m, i)
		}
	}
	shown := dst.picture(0, m.Width, m.Height)
	copy(shown.Pix, m.Pix)
	rgbd.FillRect(shown, c.hole, rgbd.Colour{})
	dst.Answer = letters[c.truth : c.truth+1]
	*metaOf[CropMeta](dst) = CropMeta{Hole: boxOf(c.hole), Options: c.options}
}

// rim is lines along the sides of a hole: upper, lower, left, right; nil where
// the picture ends.
type rim struct {
	lines   [4][]byte
	samples int // channel values
}

// rimOf reads the lines inset pixels inside the hole: 0 its outermost ones, -1
// those just outside.
func rimOf(w *Workspace, m *rgbd.RGB, hole image.Rectangle, inset int) (r rim) {
	x0, y0, x1, y1 := hole.Min.X, hole.Min.Y, hole.Max.X, hole.Max.Y
	if y := y0 + inset; y >= 0 {
		r.lines[0] = rowOf(m, x0, x1, y)
	}
	if y := y1 - 1 - inset; y < m.Height {
		r.lines[1] = rowOf(m, x0, x1, y)
	}
	if x := x0 + inset; x >= 0 {
		r.lines[2] = columnOf(w, m, x, y0, y1)
	}
	if x := x1 - 1 - inset; x < m.Width {
		r.lines[3] = columnOf(w, m, x, y0, y1)
	}
	for _, l := range r.lines {
		r.samples += len(l)
	}
	return r
}

// turned is the rim of the square, which has four lines, turned by a quarter.
func (r rim) turned(w *Workspace, clockwise bool) rim {
	back := func(l []byte) []byte { return reversed(w.bytes(len(l)), l) }
	upper, lower, left, right := r.lines[0], r.lines[1], r.lines[2], r.lines[3]
	if clockwise { // the left side, from below, becomes the upper one
		return rim{[4][]byte{back(left), back(right), lower, upper}, r.samples}
	}
	return rim{[4][]byte{right, left, back(upper), back(lower)}, r.samples}
}

// difference adds up the differences across the sides of the hole when it is
// filled with what has the other rim.
func (r rim) difference(inside rim) (sum int) {
	for i, l := range r.lines {
		if l != nil {
			sum += distances(l, inside.lines[i])
		}
	}
	return sum
}

// brightness is the mean level of the lines.
func (r rim) brightness() float64 {
	sum := 0
	for _, l := range r.lines {
		for _, v := range l {
			sum += int(v)
		}
	}
	return float64(sum) / float64(r.samples)
}
