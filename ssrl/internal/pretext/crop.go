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
//
// The side of the hole is half the shorter side of the picture, rounded down.
type Crop struct {
	Brief bool // ask in a few words
}

// CropMeta tells how a Crop sample was made.
type CropMeta struct {
	Hole    Box           `json:"hole"`
	Options [4]CropOption `json:"options"` // A to D
}

// CropOption is one option: the square Box of the source, brought to the size
// of the hole; Kind says which and how.
type CropOption struct {
	Kind string `json:"kind"`
	Box  Box    `json:"box"`
}

// Name returns "crop".
func (Crop) Name() string { return "crop" }

// Make implements Task.
func (t Crop) Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error) {
	if err := checkImage("crop", f); err != nil {
		return nil, err
	}
	m := f.Image
	side := min(m.Width, m.Height) / 2
	if side < minHole {
		return nil, unsuitable("crop", "a hole of %d pixels (want %d)", side, minHole)
	}
	var why error
	for range cropTries {
		c := drawCut(rng, m, side)
		if why = c.check(m); why == nil {
			return c.sample(m, t.Brief), nil
		}
	}
	return nil, why
}

// cut is a hole with its four options.
type cut struct {
	hole     image.Rectangle
	options  [4]CropOption
	pictures [4]*rgbd.RGB
	truth    int // index of the true option
}

// drawCut draws the hole, the place of the truth and three of the five wrong
// options, each independent of the others.
func drawCut(rng *rand.Rand, m *rgbd.RGB, side int) cut {
	corner := image.Pt(rng.IntN(m.Width-side+1), rng.IntN(m.Height-side+1))
	c := cut{hole: image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}, truth: rng.IntN(4)}
	wrong := []CropOption{
		{KindClockwise, boxOf(c.hole)},
		{KindAnticlockwise, boxOf(c.hole)},
		{KindInterior, boxOf(interior(c.hole))},
		{KindExterior, boxOf(exterior(m, c.hole, side/narrowExteriorPart))},
		{KindExterior, boxOf(exterior(m, c.hole, side/wideExteriorPart))},
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

func boxOf(r image.Rectangle) Box { return Box{r.Min.X, r.Min.Y, r.Dx(), r.Dy()} }

func (b Box) rectangle() image.Rectangle { return image.Rect(b[0], b[1], b[0]+b[2], b[1]+b[3]) }

// check makes the pictures of the options and refuses a cut that has no single
// answer.
func (c *cut) check(m *rgbd.RGB) error {
	truth := m.Crop(c.hole.Min.X, c.hole.Min.Y, c.hole.Dx(), c.hole.Dy())
	if mean, _ := brightness(truth); mean < minHoleBrightness {
		return unsuitable("crop", "the missing part is nearly black (mean level %.0f, want %g)", mean, minHoleBrightness)
	}
	if mean := rimBrightness(m, c.hole); mean < minHoleBrightness {
		return unsuitable("crop", "what surrounds the hole is nearly black (mean level %.0f, want %g)", mean, minHoleBrightness)
	}
	for i, o := range c.options {
		c.pictures[i] = o.picture(m, truth)
		for j := range i {
			if d := meanDifference(c.pictures[i], c.pictures[j]); d < minOptionDifference {
				return unsuitable("crop", "options %s and %s look alike (mean difference %.1f, want %g)",
					c.options[j].Kind, o.Kind, d, minOptionDifference)
			}
		}
	}
	best, samples := rimDifference(m, c.hole, truth)
	for i, o := range c.options {
		if sum, _ := rimDifference(m, c.hole, c.pictures[i]); i != c.truth && !clearlyWorse(sum, best, samples) {
			return unsuitable("crop", "option %s continues the picture about as well as the truth", o.Kind)
		}
	}
	return nil
}

// picture returns what the option shows; truth is the missing part.
func (o CropOption) picture(m, truth *rgbd.RGB) *rgbd.RGB {
	switch o.Kind {
	case KindTruth:
		return truth
	case KindClockwise:
		return truth.Rotate90(true)
	case KindAnticlockwise:
		return truth.Rotate90(false)
	}
	out := rgbd.NewRGB(truth.Width, truth.Height)
	new(rgbd.Resizer).Bilinear(out, m, o.Box.rectangle())
	return out
}

func (c *cut) sample(m *rgbd.RGB, brief bool) *Sample {
	shown := m.Clone()
	rgbd.FillRect(shown, c.hole, rgbd.Colour{})
	return &Sample{
		Task:    "crop",
		Problem: cropProblem(brief),
		Answer:  letters[c.truth : c.truth+1],
		Images:  append([]*rgbd.RGB{shown}, c.pictures[:]...),
		Meta:    CropMeta{Hole: boxOf(c.hole), Options: c.options},
	}
}

// rims returns the lines of m just outside the hole and the matching lines of
// patch just inside it, for each side of the hole that is inside m.
func rims(m *rgbd.RGB, hole image.Rectangle, patch *rgbd.RGB) (outside, inside [][]byte) {
	add := func(out, in []byte) { outside, inside = append(outside, out), append(inside, in) }
	x0, y0, x1, y1 := hole.Min.X, hole.Min.Y, hole.Max.X, hole.Max.Y
	if y0 > 0 {
		add(rowOf(m, x0, x1, y0-1), rowOf(patch, 0, patch.Width, 0))
	}
	if y1 < m.Height {
		add(rowOf(m, x0, x1, y1), rowOf(patch, 0, patch.Width, patch.Height-1))
	}
	if x0 > 0 {
		add(columnOf(m, x0-1, y0, y1), columnOf(patch, 0, 0, patch.Height))
	}
	if x1 < m.Width {
		add(columnOf(m, x1, y0, y1), columnOf(patch, patch.Width-1, 0, patch.Height))
	}
	return outside, inside
}

// rimDifference adds up the differences across the sides of the hole when it is
// filled with patch.
func rimDifference(m *rgbd.RGB, hole image.Rectangle, patch *rgbd.RGB) (sum, samples int) {
	outside, inside := rims(m, hole, patch)
	for i, line := range outside {
		s, n := difference(line, inside[i], 0, len(line)/3)
		sum, samples = sum+s, samples+n
	}
	return sum, samples
}

// rimBrightness is the mean level of the lines just outside the hole.
func rimBrightness(m *rgbd.RGB, hole image.Rectangle) float64 {
	black := rgbd.NewRGB(hole.Dx(), hole.Dy())
	sum, samples := rimDifference(m, hole, black)
	return float64(sum) / float64(samples)
}
