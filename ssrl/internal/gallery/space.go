package gallery

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
)

// scale is a strip from near to far with a mark for each region.
type scale struct{ Marks []mark }

// mark is a region on a scale of 0 to 100.
type mark struct {
	From, Wide float64
	Label      string
	Text       string
	Place      int
}

// depth rings the regions and joins them from near to far.
func (d *drawing) depth(m pretext.DepthMeta) bool {
	regions := m.Regions[:]
	for _, r := range regions {
		finite := !math.IsNaN(float64(r.Depth[0])) && r.Depth[0] > 0 && r.Depth[0] <= r.Depth[1] && r.Depth[1] < 1e6
		if !d.holds(r.Center) || r.Size < 1 || float64(r.Size) > max(d.w, d.h) || !finite {
			return false
		}
	}
	slices.SortStableFunc(regions, func(a, b pretext.DepthRegion) int { return int(sign(float64(a.Depth[0]) - float64(b.Depth[0]))) })
	d.Scale = &scale{}
	var told []string
	for i, r := range regions {
		x, y, half := float64(r.Center[0]), float64(r.Center[1]), float64(r.Size)/2
		d.Boxes = append(d.Boxes, box{rect{x + .5 - half, y + .5 - half, 2 * half, 2 * half}, "mark"})
		if i > 0 {
			d.join(regions[i-1].Center, r.Center, "path")
		}
		text := d.between(r.Depth)
		up := y - max(half, 12*d.u) - 15*d.u
		if up < 14*d.u {
			up = y + max(half, 12*d.u) + 15*d.u
		}
		d.chip(x, up, text, "")
		told = append(told, fmt.Sprintf("%d at %s", r.Label, text))
		d.Scale.Marks = append(d.Scale.Marks, mark{Label: decimal(r.Label), Text: text, Place: i})
	}
	d.Scale.spread(regions)
	d.Words = "From near to far: " + strings.Join(told, ", ") + "."
	return true
}

// spread places the marks by depth, from 0 to the farthest reading.
func (s *scale) spread(regions []pretext.DepthRegion) {
	far := float64(slices.MaxFunc(regions, func(a, b pretext.DepthRegion) int { return int(sign(float64(a.Depth[1]) - float64(b.Depth[1]))) }).Depth[1])
	for i, r := range regions {
		from, to := 100*float64(r.Depth[0])/far, 100*float64(r.Depth[1])/far
		s.Marks[i].From, s.Marks[i].Wide = min(from, 98.5), max(to-from, 1.5)
	}
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// between writes a range of depths.
func (d *drawing) between(r [2]float32) string {
	from, to := figure(float64(r[0])), figure(float64(r[1]))
	if from != to {
		from += "–" + to
	}
	return from + d.suffix()
}

func (d *drawing) suffix() string {
	if d.depthUnit == "" {
		return ""
	}
	return " " + d.depthUnit
}

// figure writes a depth with three digits.
func figure(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 0.01:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.2g", x)
}

// join draws a line between two marked points, clear of the marks themselves.
func (d *drawing) join(a, b pretext.Point, class string) {
	x1, y1, x2, y2 := float64(a[0]), float64(a[1]), float64(b[0]), float64(b[1])
	long, gap := math.Hypot(x2-x1, y2-y1), 2*d.u+float64(rgbd.MarkerRadius(int(d.w), int(d.h)))
	if long <= 2*gap+4*d.u {
		return
	}
	dx, dy := (x2-x1)/long, (y2-y1)/long
	d.Lines = append(d.Lines, line{x1 + dx*gap, y1 + dy*gap, x2 - dx*gap, y2 - dy*gap, class})
	tip, side := 9*d.u, 5*d.u
	ex, ey := x2-dx*gap, y2-dy*gap
	d.Wedges = append(d.Wedges, polygon{points(ex, ey, ex-dx*tip-dy*side, ey-dy*tip+dx*side, ex-dx*tip+dy*side, ey-dy*tip-dx*side), "tip"})
}

// points writes the corners of a polygon.
func points(xy ...float64) string {
	var b strings.Builder
	for i := 0; i < len(xy); i += 2 {
		fmt.Fprintf(&b, "%.1f,%.1f ", xy[i], xy[i+1])
	}
	return strings.TrimSpace(b.String())
}

// heading is a camera's direction in the picture: x to the right, y down.
var headings = map[string][2]float64{"left": {-1, 0}, "right": {1, 0}, "toward": {0, 1}, "away": {0, -1}}

var facingWords = map[string]string{
	"left": "faces left", "right": "faces right", "toward": "faces the viewer", "away": "faces away",
}

// plan is the position seen from above: x as in the picture, deeper is up. It is
// 240 x 132, the camera in the middle, and not to scale.
type plan struct {
	Wedge          string
	X, Y           float64 // of the target
	Camera, Target string
	Sides          []bearing
}

// TY is where the target's number stands.
func (p *plan) TY() float64 { return p.Y + 4 }

// bearing is a direction as the camera sees it.
type bearing struct {
	X, Y float64
	Text string
	Said bool // part of the answer
}

const (
	planWide, planHigh = 240, 132
	planX, planY       = planWide / 2, planHigh / 2
)

// position shows where the camera looks and where the target lies.
func (d *drawing) position(m pretext.PositionMeta, answer string) bool {
	to, ok := headings[m.Facing]
	if !ok || !d.holds(m.Camera.Center) || !d.holds(m.Target.Center) || !(m.Camera.Depth > 0) || !(m.Target.Depth > 0) {
		return false
	}
	d.choices = m.Options[:]
	said := cut(strings.TrimSpace(answer), 20)
	for i, o := range m.Options {
		if answer == letter(i) {
			said = o
		}
	}
	x, y := float64(m.Camera.Center[0])+.5, float64(m.Camera.Center[1])+.5
	d.Wedges = append(d.Wedges, polygon{wedge(x, y, to, 64*d.u, 30*d.u, 12*d.u), "look"})
	d.join(m.Camera.Center, m.Target.Center, "dash")
	for _, p := range []pretext.PositionPoint{m.Camera, m.Target} {
		px, py := float64(p.Center[0]), float64(p.Center[1])
		d.Boxes = append(d.Boxes, box{rect{px - 7, py - 7, 15, 15}, "mark"})
	}
	below := func(y float64) float64 {
		if y+40*d.u > d.h {
			return y - 27*d.u
		}
		return y + 27*d.u
	}
	d.chip(float64(m.Target.Center[0]), below(float64(m.Target.Center[1])), cut(said, 24), "")
	d.plan(m, to, said)
	d.Words = fmt.Sprintf("Camera %d, at depth %s%s, %s; %d, at %s%s, lies %s of it.", m.Camera.Label, figure(float64(m.Camera.Depth)), d.suffix(),
		facingWords[m.Facing], m.Target.Label, figure(float64(m.Target.Depth)), d.suffix(), whereabouts(said))
	return true
}

// whereabouts writes an answer inside a sentence: to the left, in front.
func whereabouts(said string) string {
	words := map[string]string{"Left": "to the left", "Right": "to the right", "Front": "in front", "Back": "at the back",
		"Left-Front": "to the left and in front", "Right-Front": "to the right and in front",
		"Left-Back": "to the left and at the back", "Right-Back": "to the right and at the back"}
	if w, ok := words[said]; ok {
		return w
	}
	return said
}

// wedge is a field of view: from near to far along to, half a width at both.
func wedge(x, y float64, to [2]float64, far, wide, near float64) string {
	ax, ay := -to[1], to[0] // across
	at := func(along, across float64) (float64, float64) {
		return x + to[0]*along + ax*across, y + to[1]*along + ay*across
	}
	narrow := wide * near / far
	x1, y1 := at(near, narrow)
	x2, y2 := at(far, wide)
	x3, y3 := at(far, -wide)
	x4, y4 := at(near, -narrow)
	return points(x1, y1, x2, y2, x3, y3, x4, y4)
}

// plan fills d.Plan.
func (d *drawing) plan(m pretext.PositionMeta, to [2]float64, said string) {
	dx := float64(m.Target.Center[0]-m.Camera.Center[0]) / d.w
	dz := float64(m.Target.Depth) - float64(m.Camera.Depth)
	dz /= max(float64(m.Target.Depth), float64(m.Camera.Depth))
	squash := func(v, room float64) float64 { return room * math.Tanh(3*v) } // keeps small differences visible
	p := &plan{Wedge: wedge(planX, planY, to, 30, 17, 7), X: planX + squash(dx, 78), Y: planY - squash(dz, 38),
		Camera: decimal(m.Camera.Label), Target: decimal(m.Target.Label)}
	// Seen from above, right is a quarter turn clockwise from front.
	right := [2]float64{-to[1], to[0]}
	for _, s := range []struct {
		text string
		to   [2]float64
	}{{"Front", to}, {"Back", [2]float64{-to[0], -to[1]}}, {"Right", right}, {"Left", [2]float64{-right[0], -right[1]}}} {
		p.Sides = append(p.Sides, bearing{planX + s.to[0]*98, planY + s.to[1]*56 + 4, s.text, slices.Contains(strings.Split(said, "-"), s.text)})
	}
	d.Plan = p
}
