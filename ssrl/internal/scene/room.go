package scene

import "math"

// room is an upright box seen from inside.
type room struct {
	lo, hi vec
	skins  [6]skin // left, right, floor, ceiling, behind, ahead
}

const (
	left = iota
	right
	floor
	ceiling
	behind
	ahead
)

// exit returns the distance from o, inside the room, along d to a wall, in
// units of d, and which wall it is.
func (r *room) exit(o, d vec) (t float64, face int) {
	t = math.Inf(1)
	if d.x != 0 {
		t, face = (r.hi.x-o.x)/d.x, right
		if d.x < 0 {
			t, face = (r.lo.x-o.x)/d.x, left
		}
	}
	if d.y != 0 {
		s, f := (r.hi.y-o.y)/d.y, ceiling
		if d.y < 0 {
			s, f = (r.lo.y-o.y)/d.y, floor
		}
		if s < t {
			t, face = s, f
		}
	}
	if d.z != 0 {
		s, f := (r.hi.z-o.z)/d.z, ahead
		if d.z < 0 {
			s, f = (r.lo.z-o.z)/d.z, behind
		}
		if s < t {
			t, face = s, f
		}
	}
	return t, face
}

// surface describes the point p of a wall.
func (r *room) surface(p vec, face int) spot {
	in := 1.0
	if face&1 == 1 {
		in = -1
	}
	switch face {
	case left, right:
		return spot{face, vec{in, 0, 0}, p.z, p.y, vec{0, 0, 1}, vec{0, 1, 0}}
	case floor, ceiling:
		return spot{face, vec{0, in, 0}, p.x, p.z, vec{1, 0, 0}, vec{0, 0, 1}}
	}
	return spot{face, vec{0, 0, in}, p.x, p.y, vec{1, 0, 0}, vec{0, 1, 0}}
}

// corner is how much of the ambient light reaches the point p of a wall: less
// where walls meet.
func (r *room) corner(p vec, face int) float64 {
	light := 1.0
	if face > right {
		light = float64(light * nook(min(p.x-r.lo.x, r.hi.x-p.x)))
	}
	if face != floor && face != ceiling {
		light = float64(light * nook(min(p.y-r.lo.y, r.hi.y-p.y)))
	}
	if face < behind {
		light = float64(light * nook(r.hi.z-p.z))
	}
	return light
}

// nook is the share of ambient light at a distance, in metres, from a surface
// that stands across.
func nook(distance float64) float64 {
	s := float64(distance * 4)
	return 1 - 0.45/(1+float64(s*s))
}
