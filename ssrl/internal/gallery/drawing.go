package gallery

import (
	"encoding/json"
	"strconv"
	"strings"

	"ssrl/internal/pretext"
)

// drawing is the geometry behind an answer, in pixels of the main picture, and
// what it means in words. It shows itself when the answer does.
type drawing struct {
	w, h, u   float64 // size of the picture; a pixel on a screen
	depthUnit string

	Pieces []moved   // patches that move to their places, or turn over
	Fills  []fill    // options that are laid over the picture
	Boxes  []box     // regions
	Lines  []line    // between regions
	Wedges []polygon // where a camera looks
	Chips  []chip    // words on the picture
	Scale  *scale    // depths in order
	Plan   *plan     // a position from above
	Words  string    // one sentence

	kinds   [4]string
	choices []string
}

// moved is a part of the picture that moves by X, Y or is mirrored about its centre.
type moved struct {
	Box      rect
	X, Y     float64
	SX, SY   float64
	Hint     string // where to, for those who run no script
	HX, HY   float64
	Mirrored bool
}

type rect struct{ X, Y, W, H float64 }

type fill struct {
	Box    rect
	Option int // of the pictures beside, from 0
}

// Picture counts the card's pictures, the main one first.
func (f fill) Picture() int { return f.Option + 1 }

type box struct {
	rect
	Class string
}

type line struct {
	X1, Y1, X2, Y2 float64
	Class          string
}

type polygon struct{ Points, Class string }

// chip is a word in a rounded box, centred on X, Y.
type chip struct {
	X, Y, W, H, R, Size, Base float64
	Text, Class               string
}

// draw fills d from a sample's meta and reports whether there is anything to
// show. Meta may come from anybody: what does not fit its picture is refused.
func (d *drawing) draw(s Sample) bool {
	if len(s.Meta) == 0 {
		return false
	}
	switch s.Task {
	case "shuffle":
		var m pretext.ShuffleMeta
		return json.Unmarshal(s.Meta, &m) == nil && d.shuffle(m)
	case "flip":
		var m pretext.FlipMeta
		return json.Unmarshal(s.Meta, &m) == nil && d.flip(m)
	case "crop":
		var m pretext.CropMeta
		return json.Unmarshal(s.Meta, &m) == nil && len(s.Pictures) == 5 && d.crop(m, s.Answer)
	case "depth":
		var m pretext.DepthMeta
		return json.Unmarshal(s.Meta, &m) == nil && d.depth(m)
	case "position":
		var m pretext.PositionMeta
		return json.Unmarshal(s.Meta, &m) == nil && d.position(m, s.Answer)
	}
	return false
}

// within reports whether a box lies in the picture and holds a pixel.
func (d *drawing) within(b pretext.Box) bool {
	most := int(max(d.w, d.h)) // keeps the sums below from overflowing
	for _, v := range b {
		if v < 0 || v > most {
			return false
		}
	}
	return b[2] > 0 && b[3] > 0 && float64(b[0]+b[2]) <= d.w && float64(b[1]+b[3]) <= d.h
}

func (d *drawing) holds(p pretext.Point) bool {
	return p[0] >= 0 && p[1] >= 0 && float64(p[0]) < d.w && float64(p[1]) < d.h
}

func rectOf(b pretext.Box) rect {
	return rect{float64(b[0]), float64(b[1]), float64(b[2]), float64(b[3])}
}

// chip adds a word near x, y, moved as little as brings it inside the picture.
func (d *drawing) chip(x, y float64, text, class string) {
	c := chip{Size: 13 * d.u, H: 20 * d.u, Text: text, Class: class}
	c.W = float64(len([]rune(text)))*7.4*d.u + 14*d.u
	c.R = c.H / 2
	margin := 3 * d.u
	x = min(max(x, c.W/2+margin), d.w-c.W/2-margin)
	y = min(max(y, c.H/2+margin), d.h-c.H/2-margin)
	c.X, c.Y, c.Base = x-c.W/2, y-c.H/2, y+0.36*c.Size
	d.Chips = append(d.Chips, c)
}

// MX is where the text is centred.
func (c chip) MX() float64 { return c.X + c.W/2 }

// gridBox returns the place of patch p, row by row.
func gridBox(area pretext.Box, grid [2]int, p int) rect {
	w, h := float64(area[2])/float64(grid[1]), float64(area[3])/float64(grid[0])
	return rect{float64(p%grid[1]) * w, float64(p/grid[1]) * h, w, h}
}

// grid checks what shuffle and flip share: the picture shows exactly area.
func (d *drawing) grid(area pretext.Box, grid [2]int) bool {
	const most = 64 // rows or columns
	return grid[0] >= 1 && grid[1] >= 1 && grid[0] <= most && grid[1] <= most &&
		float64(area[2]) == d.w && float64(area[3]) == d.h
}

// shuffle lets every patch move to where it belongs.
func (d *drawing) shuffle(m pretext.ShuffleMeta) bool {
	n := m.Grid[0] * m.Grid[1]
	if !d.grid(m.Area, m.Grid) || len(m.Order) != n || n > 256 {
		return false
	}
	at := make([]int, n) // label by place in the original
	seen := make([]bool, n)
	for p, to := range m.Order {
		if to < 0 || to >= n || seen[to] {
			return false
		}
		seen[to], at[to] = true, p
		from, goal := gridBox(m.Area, m.Grid, p), gridBox(m.Area, m.Grid, to)
		hint := "stays"
		if to != p {
			hint = "to place " + decimal(to+1)
		}
		d.Pieces = append(d.Pieces, moved{Box: from, X: goal.X - from.X, Y: goal.Y - from.Y, SX: 1, SY: 1, Hint: hint,
			HX: from.X + from.W/2, HY: from.Y + from.H/2})
	}
	d.Words = "Row by row, the places of the original hold " + join(at, ", ") + "."
	if m.Masked != nil && *m.Masked >= 0 && *m.Masked < n {
		d.Words += " Patch " + decimal(*m.Masked) + " is masked."
	}
	return true
}

// flip turns the mirrored patch back.
func (d *drawing) flip(m pretext.FlipMeta) bool {
	n := m.Grid[0] * m.Grid[1]
	if !d.grid(m.Area, m.Grid) || m.Patch < 0 || m.Patch >= n || m.Direction < 0 || m.Direction > 1 {
		return false
	}
	b := gridBox(m.Area, m.Grid, m.Patch)
	p := moved{Box: b, SX: 1, SY: -1, Hint: "upside down", HX: b.X + b.W/2, HY: b.Y + b.H/2, Mirrored: true}
	d.Words = "Patch " + decimal(m.Patch) + " was turned upside down."
	if m.Direction == 1 {
		p.SX, p.SY, p.Hint = -1, 1, "left and right exchanged"
		d.Words = "Patch " + decimal(m.Patch) + " had left and right exchanged."
	}
	d.Pieces = []moved{p}
	d.Boxes = []box{{b, "mark"}}
	return true
}

// kindWords say what crop's options are.
var kindWords = map[string]string{
	"truth": "the missing part", "rotate+90": "turned clockwise", "rotate-90": "turned anticlockwise",
	"interior": "its middle, enlarged", "exterior": "more than the part",
}

// crop fills the hole and shows where the other options were cut.
func (d *drawing) crop(m pretext.CropMeta, answer string) bool {
	if !d.within(m.Hole) {
		return false
	}
	for i, o := range m.Options {
		words, ok := kindWords[o.Kind]
		if !ok || !d.within(o.Box) {
			return false
		}
		d.kinds[i] = words
		if o.Kind == "truth" {
			d.Fills = append(d.Fills, fill{rectOf(o.Box), i})
			d.Words = "Option " + letter(i) + " is the missing part."
		}
	}
	for i, o := range m.Options {
		if o.Kind == "interior" || o.Kind == "exterior" {
			r := rectOf(o.Box)
			d.Boxes = append(d.Boxes, box{r, "other"})
			d.chip(r.X+r.W, r.Y, letter(i), "quiet")
		}
	}
	hole := rectOf(m.Hole)
	d.Boxes = append(d.Boxes, box{hole, "mark"})
	d.chip(hole.X+hole.W/2, hole.Y, strings.TrimSpace(cut(answer, 8)), "")
	return len(d.Fills) == 1
}

// decimal writes a whole number.
func decimal(n int) string { return strconv.Itoa(n) }

func join(numbers []int, between string) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = decimal(n)
	}
	return strings.Join(words, between)
}
