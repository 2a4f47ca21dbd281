package scene

import "math"

// Description is what a frame shows, as an entry of scenes.json. The room's
// frame is right-handed: x right, y down, z ahead, metres, with the origin on
// the floor below where the camera stands, give or take 0.3 m. Numbers are rounded to a micrometre.
type Description struct {
	Name   string   `json:"name"`
	Seed   uint64   `json:"seed"`
	Index  int      `json:"index"`
	Camera Camera   `json:"camera"`
	Room   Room     `json:"room"`
	Lamps  []Lamp   `json:"lamps"`
	Bodies []Object `json:"objects"`
}

// Camera is a pinhole without distortion. Pixel (x, y), centres at whole
// numbers, looks along ((x-cx)/fx, (y-cy)/fy, 1) in its own frame: x right,
// y down, z ahead.
type Camera struct {
	Width    int         `json:"width"`
	Height   int         `json:"height"`
	Fx       float64     `json:"fx"`
	Fy       float64     `json:"fy"`
	Cx       float64     `json:"cx"`
	Cy       float64     `json:"cy"`
	Position Point       `json:"position"`
	Rotation [3][3]Fixed `json:"rotation"` // rows: the camera's x, y and z axes in the room
}

// Room is the box that holds everything.
type Room struct {
	Min   Point           `json:"min"`
	Max   Point           `json:"max"`
	Walls map[string]Skin `json:"walls"`
}

// Lamp is a point of light.
type Lamp struct {
	Position Point `json:"position"`
	Colour   Point `json:"colour"` // linear red, green and blue
}

// Object is one body.
type Object struct {
	Kind     string   `json:"kind"` // box, sphere or cylinder
	Name     string   `json:"name"` // what it stands for
	Position Point    `json:"position"`
	Size     Point    `json:"size"`      // full extents along its own axes
	Heading  [2]Fixed `json:"heading"`   // x and z of its own x axis
	InCamera Point    `json:"in_camera"` // its position in the camera's frame
	Skin
}

// Skin is how a surface looks.
type Skin struct {
	Pattern string    `json:"pattern"`
	Colours [3][3]int `json:"colours"` // 8-bit red, green and blue under full light
}

// Point is x, y and z.
type Point [3]Fixed

// Fixed is a number with at most six decimals.
type Fixed float64

func fixed(x float64) Fixed {
	if x = math.Floor(float64(x*1e6)+0.5) / 1e6; x == 0 {
		x = 0 // no minus zero
	}
	return Fixed(x)
}

// point turns y, up in here, downward.
func point(v vec) Point { return Point{fixed(v.x), fixed(-v.y), fixed(v.z)} }

// Describe says what Render draws for the same arguments.
func Describe(seed uint64, index, width, height int) Description {
	w := furnish(seed, index)
	c := newCamera(w, width, height)
	d := Description{
		Name: Name(index), Seed: seed, Index: index,
		Camera: Camera{
			Width: width, Height: height, Fx: 1 / c.step, Fy: 1 / c.step,
			Cx: (float64(width) - 1) / 2, Cy: (float64(height) - 1) / 2,
			Position: point(w.eye.at),
			Rotation: [3][3]Fixed{point(w.eye.right), point(w.eye.up.mul(-1)), point(w.eye.forward)},
		},
		Room: Room{
			Min: point(vec{w.room.lo.x, w.room.hi.y, w.room.lo.z}), Max: point(vec{w.room.hi.x, w.room.lo.y, w.room.hi.z}),
			Walls: map[string]Skin{},
		},
	}
	for face, name := range [...]string{"left", "right", "floor", "ceiling", "behind", "ahead"} {
		d.Room.Walls[name] = w.room.skins[face].describe()
	}
	for _, l := range w.lamps {
		d.Lamps = append(d.Lamps, Lamp{point(l.at), Point{fixed(l.colour.x), fixed(l.colour.y), fixed(l.colour.z)}})
	}
	for i := range w.bodies {
		d.Bodies = append(d.Bodies, w.describe(&w.bodies[i]))
	}
	return d
}

func (w *world) describe(b *body) Object {
	half := b.half
	switch b.kind {
	case sphere:
		half = vec{half.x, half.x, half.x}
	case cylinder:
		half.z = half.x
	}
	off := b.at.sub(w.eye.at)
	return Object{
		Kind: [...]string{"box", "sphere", "cylinder"}[b.kind], Name: b.name, Position: point(b.at),
		Size:     Point{fixed(float64(2 * half.x)), fixed(float64(2 * half.y)), fixed(float64(2 * half.z))},
		Heading:  [2]Fixed{fixed(b.cos), fixed(-b.sin)},
		InCamera: point(vec{off.dot(w.eye.right), off.dot(w.eye.up), off.dot(w.eye.forward)}),
		Skin:     b.skin.describe(),
	}
}

func (s *skin) describe() Skin {
	return Skin{patternNames[s.pattern], [3][3]int{displayed(s.colours[0]), displayed(s.colours[1]), displayed(s.colours[2])}}
}
