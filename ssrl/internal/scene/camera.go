package scene

import (
	"math"
	"slices"

	"ssrl/internal/rgbd"
)

// pose is where the camera stands and looks.
type pose struct {
	at                 vec
	right, up, forward vec // orthonormal
	spread             float64
}

// looking returns a pose turned right by yaw, down by pitch and rolled, each
// given by the tangent of half the angle. spread is the tangent of half the
// field of view along the picture's longer side.
func looking(at vec, yaw, pitch, roll, spread float64) pose {
	cy, sy := angle(yaw)
	cp, sp := angle(pitch)
	cr, sr := angle(roll)
	r := vec{cy, 0, -sy}
	f := vec{float64(sy * cp), -sp, float64(cy * cp)}
	u := vec{float64(sy * sp), cp, float64(cy * sp)}
	return pose{at, r.mul(cr).add(u.mul(sr)), u.mul(cr).sub(r.mul(sr)), f, spread}
}

// camera draws one picture of a world.
type camera struct {
	*world
	width, height int
	step          float64   // width of a pixel at 1 m
	view          caster    // from the eye
	lights        []caster  // from each lamp, to what throws shadows
	tiles         [][]int32 // bodies that may show in each tile, row by row
	across        int       // tiles in a row
}

// caster is a point that rays start from: the eye or a lamp.
type caster struct {
	from    vec
	bodies  []body
	origins []origin // of each body
}

// origin is the caster's point as a body sees it.
type origin struct {
	at     vec     // in the body's frame
	centre vec     // of the body from the point, in the room
	beyond float64 // square of its distance less that of the body's radius
}

func newCaster(from vec, bodies []body) caster {
	c := caster{from, bodies, make([]origin, len(bodies))}
	for i := range bodies {
		b := &bodies[i]
		off, r := b.at.sub(from), b.radius()
		c.origins[i] = origin{b.local(off.mul(-1)), off, off.dot(off) - float64(r*r)}
	}
	return c
}

// blocked reports whether a body stands between the caster and a point, which
// lies at d from it.
func (c *caster) blocked(d vec) bool {
	const before = 1 - 1e-4 // not the surface itself
	a := d.dot(d)
	for i := range c.origins {
		o := &c.origins[i]
		along := o.centre.dot(d)
		if along <= 0 || float64(along*along) < float64(a*o.beyond) || o.beyond > a {
			continue
		}
		b := &c.bodies[i]
		if b.hit(o.at, b.local(d)) < before {
			return true
		}
	}
	return false
}

const tileSide = 4 // pixels

func newCamera(w *world, width, height int) *camera {
	c := &camera{world: w, width: width, height: height}
	c.step = float64(2*w.eye.spread) / float64(max(width, height))
	c.view = newCaster(w.eye.at, w.bodies)
	solid := slices.DeleteFunc(slices.Clone(w.bodies), func(b body) bool { return b.flat })
	for _, l := range w.lamps {
		c.lights = append(c.lights, newCaster(l.at, solid))
	}
	c.across = (width + tileSide - 1) / tileSide
	down := (height + tileSide - 1) / tileSide
	c.tiles = make([][]int32, c.across*down)
	for i := range w.bodies {
		x0, y0, x1, y1 := c.extent(i)
		for y := max(y0/tileSide, 0); y <= min(y1/tileSide, down-1); y++ {
			for x := max(x0/tileSide, 0); x <= min(x1/tileSide, c.across-1); x++ {
				t := &c.tiles[y*c.across+x]
				*t = append(*t, int32(i))
			}
		}
	}
	return c
}

// extent bounds the pixels in which body i may show; x1 < x0 if in none.
func (c *camera) extent(i int) (x0, y0, x1, y1 int) {
	b := &c.bodies[i]
	if b.kind == sphere {
		b = &body{half: vec{b.half.x, b.half.x, b.half.x}, cos: 1}
	} else if b.kind == cylinder {
		b = &body{half: vec{b.half.x, b.half.y, b.half.x}, cos: b.cos, sin: b.sin}
	}
	inf := math.Inf(1)
	x, y, xx, yy := inf, inf, -inf, -inf
	for corner := range 8 {
		sign := func(bit int) float64 { return float64(corner>>bit&1*2 - 1) }
		off := vec{float64(sign(0) * b.half.x), float64(sign(1) * b.half.y), float64(sign(2) * b.half.z)}
		p := c.view.origins[i].centre.add(off.turned(b.cos, b.sin))
		z := p.dot(c.eye.forward)
		if z < 0.05 { // beside or behind the eye
			return 0, 0, c.width - 1, c.height - 1
		}
		right, down := p.dot(c.eye.right)/z, -p.dot(c.eye.up)/z
		x, y, xx, yy = min(x, right), min(y, down), max(xx, right), max(yy, down)
	}
	const slack = 1 // rays start inside a pixel, and rounding
	pixel := func(at float64, size int) int {
		return int(math.Floor(min(max(float64(at/c.step)+float64(size)/2, -tileSide), float64(size+tileSide))))
	}
	return pixel(x, c.width) - slack, pixel(y, c.height) - slack, pixel(xx, c.width) + slack, pixel(yy, c.height) + slack
}

// ray is the direction to a point of the picture, 1 long along the axis, so
// that distances along it are depths. Pixel (0, 0) covers 0 to 1.
func (c *camera) ray(x, y float64) vec {
	right := float64((x - float64(c.width)/2) * c.step)
	up := float64((float64(c.height)/2 - y) * c.step)
	return c.eye.forward.add(c.eye.right.mul(right)).add(c.eye.up.mul(up))
}

const wall = -1 // in place of a body: the room

// find returns the depth of what a ray from pixel (x, y) meets and which body,
// or wall, it is.
func (c *camera) find(x, y int, d vec) (depth float64, who int32, face int) {
	depth, face = c.room.exit(c.eye.at, d)
	who = wall
	for _, i := range c.tiles[y/tileSide*c.across+x/tileSide] {
		b := &c.bodies[i]
		if t := b.hit(c.view.origins[i].at, b.local(d)); t < depth {
			depth, who = t, i
		}
	}
	return depth, who, face
}

// picture draws colour and depth. Depth is that of the pixel's centre; colour
// is too, except at the edge of a surface, where two more rays are averaged in.
func (c *camera) picture() (*rgbd.RGB, *rgbd.Depth) {
	n := c.width * c.height
	colour := rgbd.NewRGB(c.width, c.height)
	depth := &rgbd.Depth{Width: c.width, Height: c.height, Metres: make([]float32, n)}
	surface := make([]int32, n)
	for y := range c.height {
		for x := range c.width {
			i := y*c.width + x
			light, t, id := c.sample(x, y, 0.5, 0.5, 1)
			depth.Metres[i], surface[i] = float32(t), id
			rgb := light.shown()
			copy(colour.Pix[3*i:], rgb[:])
		}
	}
	for y := range c.height {
		for x := range c.width {
			i := y*c.width + x
			s := surface[i]
			if x > 0 && surface[i-1] != s || x+1 < c.width && surface[i+1] != s ||
				y > 0 && surface[i-c.width] != s || y+1 < c.height && surface[i+c.width] != s {
				c.soften(colour.Pix[3*i:3*i+3], x, y)
			}
		}
	}
	return colour, depth
}

// soften averages two more rays into a pixel.
func (c *camera) soften(pixel []byte, x, y int) {
	const third = 1.0 / 3
	a, _, _ := c.sample(x, y, 0.5-third, 0.5+third, third)
	b, _, _ := c.sample(x, y, 0.5+third, 0.5-third, third)
	p, q := a.shown(), b.shown()
	for k := range pixel {
		pixel[k] = byte((int(pixel[k]) + int(p[k]) + int(q[k]) + 1) / 3)
	}
}

// sample returns the light that comes from a point of pixel (x, y), the depth
// there and a number for the surface. size is the part of a pixel's width that
// the ray stands for.
func (c *camera) sample(x, y int, dx, dy, size float64) (light vec, depth float64, id int32) {
	d := c.ray(float64(x)+dx, float64(y)+dy)
	t, who, face := c.find(x, y, d)
	p := c.eye.at.add(d.mul(t))
	var s spot
	look := look{view: d}
	if who == wall {
		s = c.room.surface(p, face)
		look.skin, look.ambient = &c.room.skins[face], c.room.corner(p, face)
	} else {
		b := &c.bodies[who]
		s = b.surface(c.view.origins[who].at.add(b.local(d).mul(t)))
		look.skin, look.gloss, look.ambient = &b.skin, b.gloss, nook(p.y+0.05)
	}
	// How far the spot moves on the surface from one pixel to the next.
	reach := float64(t * c.step * size)
	slope := 1 / min(s.normal.dot(d), -0.02)
	ex := c.eye.right.sub(d.mul(float64(s.normal.dot(c.eye.right) * slope)))
	ey := c.eye.up.sub(d.mul(float64(s.normal.dot(c.eye.up) * slope)))
	look.du = float64(reach * (math.Abs(s.du.dot(ex)) + math.Abs(s.du.dot(ey))))
	look.dv = float64(reach * (math.Abs(s.dv.dot(ex)) + math.Abs(s.dv.dot(ey))))
	return c.shade(p, s, look), t, 8*(who+1) + int32(s.face)
}
