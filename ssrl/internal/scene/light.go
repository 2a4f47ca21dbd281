package scene

import "math"

// lamp is a point that gives light. The light falls off with the square of the
// distance, flattened near the lamp.
type lamp struct {
	at     vec
	colour vec // what reaches a surface that faces a lamp very near
}

// look is how a spot is seen.
type look struct {
	skin    *skin
	view    vec     // towards the spot
	du, dv  float64 // footprint of the pixel on the skin, metres
	gloss   float64
	ambient float64 // share of the room's light that gets there
}

// shade returns the light, linear, that the spot at p sends to the eye.
func (c *camera) shade(p vec, s spot, l look) vec {
	skin := l.skin.at(s.u, s.v, l.du, l.dv)
	// What comes from all sides: most from above and, off a bright floor, below.
	sky := float64((0.42 + float64(0.1*math.Abs(s.normal.y)) + float64(0.06*s.normal.x)) * l.ambient)
	light := vec{sky, sky, float64(sky * 1.05)}
	var shine vec
	for i := range c.lamps {
		lamp := &c.lamps[i]
		d := p.sub(lamp.at)
		far := d.dot(d)
		facing := -s.normal.dot(d)
		if facing <= 0 || c.lights[i].blocked(d) {
			continue
		}
		root := math.Sqrt(far)
		fall := lamp.colour.mul(1 / (1 + float64(0.16*far)))
		light = light.add(fall.mul(facing / root))
		if l.gloss > 0 {
			// Blinn's highlight with exponent 32.
			h := d.mul(1 / root).add(l.view.unit()).unit()
			k := max(-s.normal.dot(h), 0)
			for range 5 {
				k = float64(k * k)
			}
			shine = shine.add(fall.mul(float64(k * l.gloss)))
		}
	}
	return skin.times(light).add(shine)
}

// shown turns linear light into what is displayed: Reinhard's curve with white
// at 2.5, then gamma 2.
func (v vec) shown() [3]byte { return [3]byte{level(v.x), level(v.y), level(v.z)} }

func level(x float64) byte {
	const white = 2.5
	x = max(x, 0)
	x = float64(x*(1+float64(x*(1/(white*white))))) / (1 + x)
	return byte(int32(float64(math.Sqrt(min(x, 1))*255) + 0.5))
}
