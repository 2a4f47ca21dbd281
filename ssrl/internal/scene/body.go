package scene

import "math"

// kind is the shape of a body.
type kind int

const (
	box kind = iota
	sphere
	cylinder // upright
)

// body is one thing in the room. It is a box of half extents half, a sphere of
// radius half.x, or a cylinder of radius half.x and half height half.y; turned
// about the upright axis.
type body struct {
	kind     kind
	name     string // what it stands for: "crate", "rug"
	at       vec    // centre
	half     vec
	cos, sin float64
	skin     skin
	gloss    float64 // strength of the highlight, 0 to 1
	flat     bool    // lies on a wall or the floor and throws no shadow
}

// near is the least distance along a ray that counts, in units of its
// direction; it keeps a surface from hiding itself.
const near = 1e-6

// local brings a direction from the room into the body's frame.
func (b *body) local(d vec) vec { return d.turned(b.cos, -b.sin) }

// radius is that of a sphere around the body.
func (b *body) radius() float64 {
	if b.kind == sphere {
		return b.half.x
	}
	r := float64(b.half.x*b.half.x) + float64(b.half.y*b.half.y)
	if b.kind == box {
		r += float64(b.half.z * b.half.z)
	}
	return math.Sqrt(r)
}

// hit returns the distance from o along d to where the ray enters the body, in
// units of d, both in the body's frame with its centre as origin; +Inf when it
// does not enter ahead of o.
func (b *body) hit(o, d vec) float64 {
	switch b.kind {
	case sphere:
		return hitSphere(o, d, b.half.x)
	case cylinder:
		return hitCylinder(o, d, b.half.x, b.half.y)
	}
	return hitBox(o, d, b.half)
}

func hitSphere(o, d vec, r float64) float64 {
	a, h := d.dot(d), o.dot(d)
	q := float64(h*h) - float64(a*(o.dot(o)-float64(r*r)))
	if q < 0 {
		return math.Inf(1)
	}
	if t := (-h - math.Sqrt(q)) / a; t > near {
		return t
	}
	return math.Inf(1)
}

func hitBox(o, d, half vec) float64 {
	in, out := slab(o.x, d.x, half.x)
	i, u := slab(o.y, d.y, half.y)
	in, out = max(in, i), min(out, u)
	i, u = slab(o.z, d.z, half.z)
	in, out = max(in, i), min(out, u)
	if in <= out && in > near {
		return in
	}
	return math.Inf(1)
}

// slab returns when a coordinate that starts at o and moves by d is within
// half of 0. A ray along the slab is in it always or never.
func slab(o, d, half float64) (in, out float64) {
	if d == 0 {
		if math.Abs(o) > half {
			return math.Inf(1), math.Inf(-1)
		}
		return math.Inf(-1), math.Inf(1)
	}
	in, out = (-half-o)/d, (half-o)/d
	if in > out {
		return out, in
	}
	return in, out
}

func hitCylinder(o, d vec, r, half float64) float64 {
	a := float64(d.x*d.x) + float64(d.z*d.z)
	h := float64(o.x*d.x) + float64(o.z*d.z)
	c := float64(o.x*o.x) + float64(o.z*o.z) - float64(r*r)
	in, out := math.Inf(-1), math.Inf(1)
	if a > 0 {
		q := float64(h*h) - float64(a*c)
		if q < 0 {
			return math.Inf(1)
		}
		root := math.Sqrt(q)
		in, out = (-h-root)/a, (-h+root)/a
	} else if c > 0 {
		return math.Inf(1)
	}
	i, u := slab(o.y, d.y, half)
	in, out = max(in, i), min(out, u)
	if in <= out && in > near {
		return in
	}
	return math.Inf(1)
}

// spot is a point of a surface and how its skin lies there.
type spot struct {
	face   int // tells the faces of a body apart
	normal vec
	u, v   float64 // place on the skin, metres
	du, dv vec     // directions in the room in which u and v grow, unit length
}

// surface describes the point p of the body, given in its frame.
func (b *body) surface(p vec) spot {
	var s spot
	switch b.kind {
	case sphere:
		n := p.mul(1 / b.half.x)
		around := diamond(n.x, n.z)
		// The height stretched so that rings are about evenly wide.
		up := n.y + float64(0.45*float64(n.y*float64(n.y*n.y)))
		s = spot{0, n, float64(around * b.half.x), float64(up * b.half.x), vec{1, 0, 0}, vec{0, 1, 0}}
		if flat := math.Sqrt(float64(n.x*n.x) + float64(n.z*n.z)); flat > near {
			s.du = vec{-n.z / flat, 0, n.x / flat}
			s.dv = vec{float64(-n.y*n.x) / flat, flat, float64(-n.y*n.z) / flat}
		}
	case cylinder:
		s = b.cylinderSurface(p)
	default:
		s = b.boxSurface(p)
	}
	s.normal = s.normal.turned(b.cos, b.sin)
	s.du = s.du.turned(b.cos, b.sin)
	s.dv = s.dv.turned(b.cos, b.sin)
	return s
}

func (b *body) cylinderSurface(p vec) spot {
	cap := b.half.y - math.Abs(p.y)
	side := b.half.x - math.Sqrt(float64(p.x*p.x)+float64(p.z*p.z))
	if cap < side {
		return spot{1, vec{0, math.Copysign(1, p.y), 0}, p.x, p.z, vec{1, 0, 0}, vec{0, 0, 1}}
	}
	n := vec{p.x, 0, p.z}.unit()
	return spot{0, n, float64(diamond(n.x, n.z) * b.half.x), p.y, vec{-n.z, 0, n.x}, vec{0, 1, 0}}
}

func (b *body) boxSurface(p vec) spot {
	x, y, z := b.half.x-math.Abs(p.x), b.half.y-math.Abs(p.y), b.half.z-math.Abs(p.z)
	switch {
	case y <= x && y <= z:
		return spot{2, vec{0, math.Copysign(1, p.y), 0}, p.x, p.z, vec{1, 0, 0}, vec{0, 0, 1}}
	case x <= z:
		side := math.Copysign(1, p.x)
		return spot{1 + int(side), vec{side, 0, 0}, p.z + float64(3*side), p.y, vec{0, 0, 1}, vec{0, 1, 0}}
	}
	side := math.Copysign(1, p.z)
	return spot{4 + int(side), vec{0, 0, side}, p.x + float64(5*side), p.y, vec{1, 0, 0}, vec{0, 1, 0}}
}

// diamond stands for the angle of (x, z) around the upright axis: it grows with
// it, from 0 to 2 pi, and needs no arc tangent. It runs uneven by a third.
func diamond(x, z float64) float64 {
	const quarter = math.Pi / 2
	sum := math.Abs(x) + math.Abs(z)
	if sum == 0 {
		return 0
	}
	f := z / sum
	switch {
	case x < 0:
		f = 2 - f
	case z < 0:
		f = 4 + f
	}
	return float64(f * quarter)
}
