package scene

import "math"

// room draws the walls and a camera that stands at the near end.
func (d dice) room() (room, pose) {
	r := room{
		lo: vec{-d.between(1.6, 3.4), 0, -0.9},
		hi: vec{d.between(1.6, 3.4), d.between(2.4, 3.1), d.between(4.6, 7.4)},
	}
	hue := d.Float64()
	for face := range r.skins {
		of, lo, hi, vivid := wallPatterns, 0.4, 0.9, 0.9
		switch face {
		case floor:
			of, lo, hi, vivid = floorPatterns, 0.4, 0.8, 0.9
		case ceiling:
			of, lo, hi, vivid = ceilingPatterns, 0.5, 1.0, 0.15
		}
		// Steps of the golden section keep neighbours apart.
		r.skins[face] = d.paint(of, lo, hi, hue+float64(0.381966*float64(face)), vivid)
		r.skins[face].calm(d.between(0.45, 0.75))
	}
	at := vec{d.between(-0.3, 0.3), d.between(1.25, 1.65), 0}
	return r, looking(at, d.between(-0.19, 0.19), d.between(0.02, 0.12), d.between(-0.025, 0.025), d.between(0.58, 0.74))
}

// lamps draws a main lamp below the ceiling and a weaker one of another tint.
func (d dice) lamps(r room) []lamp {
	spot := func(z0, z1 float64) vec {
		return vec{mix(r.lo.x, r.hi.x, d.between(0.2, 0.8)), r.hi.y - d.between(0.15, 0.5), mix(r.lo.z, r.hi.z, d.between(z0, z1))}
	}
	warm := d.between(0, 0.16)
	all := []lamp{{spot(0.15, 0.6), vec{1 + warm, 1, 1 - warm}.mul(d.between(2.2, 3))}}
	if d.IntN(3) > 0 {
		warm = d.between(-0.16, 0.16)
		all = append(all, lamp{spot(0.5, 0.9), vec{1 + warm, 1, 1 - warm}.mul(d.between(0.9, 1.5))})
	}
	return all
}

// furniture puts bodies on the floor, from near to far across the view.
func (d dice) furniture(w *world) {
	d.rug(w)
	const nearest = 1.3
	n := 4 + d.IntN(3)
	hue := d.Float64()
	var taken []ring
	for i := range n {
		for range 24 { // tries
			q := (float64(i) + d.Float64()) / float64(n)
			// More of them near, where they are large and well apart in depth.
			depth := nearest + float64(mix(q, float64(q*q), 0.5)*(w.room.hi.z-0.4-nearest))
			side := float64(d.between(-0.95, 0.95) * w.eye.spread * depth)
			at := w.eye.at.add(w.eye.forward.mul(depth)).add(w.eye.right.mul(side))
			at.y = 0
			group := d.group(at, depth, w.room.hi.y, hue+float64(0.381966*float64(i)))
			r := ring{at, reach(group, at)}
			if r.fits(w.room, w.eye.at, taken) {
				taken = append(taken, r)
				w.bodies = append(w.bodies, group...)
				break
			}
		}
	}
}

// ring is ground that is taken.
type ring struct {
	at vec
	r  float64
}

func (g ring) fits(r room, eye vec, taken []ring) bool {
	const gap, clear = 0.05, 0.85 // metres to the walls and each other, to the camera
	if g.at.x-g.r < r.lo.x+gap || g.at.x+g.r > r.hi.x-gap || g.at.z-g.r < r.lo.z+gap || g.at.z+g.r > r.hi.z-gap {
		return false
	}
	apart := func(p vec, by float64) bool {
		x, z := g.at.x-p.x, g.at.z-p.z
		return float64(x*x)+float64(z*z) > float64(by*by)
	}
	if !apart(eye, g.r+clear) {
		return false
	}
	for _, t := range taken {
		if !apart(t.at, g.r+t.r+gap) {
			return false
		}
	}
	return true
}

// reach is the radius on the ground of bodies around a point.
func reach(group []body, at vec) float64 {
	far := 0.0
	for _, b := range group {
		r := b.half.x
		if b.kind == box {
			r = math.Sqrt(float64(b.half.x*b.half.x) + float64(b.half.z*b.half.z))
		}
		x, z := b.at.x-at.x, b.at.z-at.z
		far = max(far, r+math.Sqrt(float64(x*x)+float64(z*z)))
	}
	return far
}

// group draws one piece of furniture, alone or with something on it, that
// stands at a point of the floor. Near ones are tall: the camera looks over
// what lies low before it.
func (d dice) group(at vec, depth, ceiling, hue float64) []body {
	if depth < 2.3 {
		return d.pedestal(at, hue)
	}
	switch d.IntN(8) {
	case 0, 1:
		return d.stack(at, hue)
	case 2:
		return d.table(at, hue)
	case 3:
		return d.pedestal(at, hue)
	case 4:
		return []body{d.upright("pillar", at, d.between(0.12, 0.25), ceiling, cylinder, hue)}
	case 5:
		return []body{d.upright("cabinet", at, d.between(0.4, 0.7), d.between(1, 1.9), box, hue)}
	case 6:
		return []body{d.ball(at, d.between(0.35, 0.6), hue)}
	}
	return []body{d.upright("drum", at, d.between(0.3, 0.5), d.between(0.6, 1.2), cylinder, hue)}
}

// upright is a box or cylinder of a radius and height that stands at a point.
func (d dice) upright(name string, at vec, r, height float64, k kind, hue float64) body {
	b := body{kind: k, name: name, at: vec{at.x, at.y + float64(height/2), at.z}, half: vec{r, float64(height / 2), r}}
	if k == box {
		b.half.x, b.half.z = float64(r*d.between(0.7, 1)), float64(r*d.between(0.7, 1))
	}
	b.cos, b.sin = d.turn(1)
	b.skin = d.paint(bodyPatterns, 0.15, 0.35, hue, 0.9)
	b.skin.calm(d.between(0, 0.4))
	b.gloss = max(0, d.between(-0.3, 0.4))
	return b
}

// ball lies on a point.
func (d dice) ball(at vec, r, hue float64) body {
	b := d.upright("ball", at, r, float64(2*r), sphere, hue)
	b.gloss = d.between(0.1, 0.6)
	return b
}

// topping stands on a point and is no wider than r.
func (d dice) topping(at vec, r, hue float64) body {
	switch d.IntN(3) {
	case 0:
		return d.ball(at, r, hue)
	case 1:
		return d.upright("can", at, float64(r*0.8), float64(r*d.between(1.4, 2.4)), cylinder, hue)
	}
	return d.upright("cube", at, r, float64(r*d.between(1, 1.6)), box, hue)
}

func (d dice) pedestal(at vec, hue float64) []body {
	k := one(d, box, cylinder)
	foot := d.upright("pedestal", at, d.between(0.15, 0.26), d.between(0.55, 1), k, hue)
	at.y = float64(2 * foot.half.y)
	return []body{foot, d.topping(at, d.between(0.15, 0.26), hue+0.45)}
}

func (d dice) stack(at vec, hue float64) []body {
	below := d.upright("crate", at, d.between(0.35, 0.6), d.between(0.5, 0.9), box, hue)
	if d.IntN(3) == 0 {
		return []body{below}
	}
	at.y = float64(2 * below.half.y)
	return []body{below, d.topping(at, d.between(0.2, 0.34), hue+0.3)}
}

// table is a slab on four legs with up to two things on it.
func (d dice) table(at vec, hue float64) []body {
	height := d.between(0.65, 0.8)
	slab := d.upright("table", vec{at.x, height - 0.06, at.z}, d.between(0.5, 0.7), 0.06, box, hue)
	all := []body{slab}
	place := func(x, z float64) vec {
		p := vec{float64(x * slab.half.x), 0, float64(z * slab.half.z)}.turned(slab.cos, slab.sin)
		return vec{at.x + p.x, height, at.z + p.z}
	}
	leg := d.upright("leg", vec{}, 0.035, height-0.06, cylinder, hue)
	for _, c := range [4][2]float64{{-0.85, -0.85}, {-0.85, 0.85}, {0.85, -0.85}, {0.85, 0.85}} {
		p := place(c[0], c[1])
		leg.at = vec{p.x, leg.half.y, p.z}
		all = append(all, leg)
	}
	for i := range d.IntN(3) {
		p := place(mix(-0.45, 0.45, float64(i)), d.between(-0.4, 0.4))
		all = append(all, d.topping(p, d.between(0.1, 0.16), hue+0.3+float64(0.25*float64(i))))
	}
	return all
}

// rug lays one flat on the floor, most of the time.
func (d dice) rug(w *world) {
	if d.IntN(4) == 0 {
		return
	}
	depth := d.between(2.2, w.room.hi.z-1.3)
	at := w.eye.at.add(w.eye.forward.mul(depth)).add(w.eye.right.mul(d.between(-0.6, 0.6)))
	at.y = 0
	b := d.upright("rug", at, d.between(0.6, 1.2), 0.012, one(d, box, box, cylinder), d.Float64())
	b.gloss, b.flat = 0, true
	b.skin = d.paint(rugPatterns, 0.25, 0.5, d.Float64(), 0.8)
	b.skin.calm(d.between(0.1, 0.5))
	w.bodies = append(w.bodies, b)
}

// wallpieces hangs pictures, doors and shelves on the three walls in view.
func (d dice) wallpieces(w *world) {
	r := &w.room
	for _, face := range []int{left, right, ahead} {
		from, to := 1.0, r.hi.z-0.3
		if face == ahead {
			from, to = r.lo.x+0.3, r.hi.x-0.3
		}
		for from+float64(0.5) < to {
			wide := d.between(0.35, 0.7)
			from += d.between(0.15, 0.9) + wide
			if from+wide > to {
				break
			}
			w.bodies = append(w.bodies, d.hung(r, face, from, wide))
			from += wide
		}
	}
}

// hung is a flat box on a wall, wide to either side of a place along it.
func (d dice) hung(r *room, face int, along, wide float64) body {
	b := body{kind: box, name: "picture", cos: 1, gloss: d.between(0, 0.2), flat: true}
	high, thick := d.between(0.3, 0.6), 0.02
	y := d.between(1.2, 1.75)
	switch d.IntN(4) {
	case 0:
		b.name, high, y = "door", 0.98, 0.98
	case 1:
		b.flat = false
		b.name, high, thick, y = "shelf", d.between(0.03, 0.3), d.between(0.1, 0.16), d.between(0.7, 1.6)
	}
	b.skin = d.paint(bodyPatterns, 0.2, 0.45, d.Float64(), 0.8)
	b.skin.calm(d.between(0.1, 0.5))
	b.half = vec{wide, high, thick}
	b.at = vec{along, y, r.hi.z - thick}
	if face != ahead {
		b.half = vec{thick, high, wide}
		b.at = vec{r.lo.x + thick, y, along}
		if face == right {
			b.at.x = r.hi.x - thick
		}
	}
	return b
}
