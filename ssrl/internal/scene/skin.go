package scene

import "math"

// pattern is what is painted on a surface.
type pattern int

const (
	checker pattern = iota
	stripes
	bricks
	planks
	tiles
	mosaic
	dots
	clouds
	plaid
	zigzag
)

var patternNames = [...]string{"checker", "stripes", "bricks", "planks", "tiles", "mosaic", "dots", "clouds", "plaid", "zigzag"}

// skin is a procedural texture over a plane in metres. Patterns are averaged
// over the pixel's footprint, so that they fade instead of shimmering far away.
type skin struct {
	pattern pattern
	colours [3]vec  // linear: the ground, the figure, a second figure
	cell    float64 // size of the repeated part, metres
	shift   vec     // of the pattern, metres; z unused
	upright bool    // u and v change places
	salt    uint32  // of everything random in it
	wear    float64 // strength of the blotches laid over the pattern
}

// at returns the colour at (u, v) averaged over a footprint of du by dv, metres.
func (s *skin) at(u, v, du, dv float64) vec {
	if s.upright {
		u, v, du, dv = v, u, dv, du
	}
	scale := 1 / s.cell
	x, y := float64((u+s.shift.x)*scale), float64((v+s.shift.y)*scale)
	w, h := float64(du*scale)+1e-9, float64(dv*scale)+1e-9
	c := s.paint(x, y, w, h)
	// Blotches of some decimetres keep repeated cells from being alike.
	return c.mul(1 + float64(s.wear*(noise(float64(u*1.4), float64(v*1.4), s.salt^0xb10c)-0.5)))
}

// paint returns the pattern's colour at cell coordinates.
func (s *skin) paint(x, y, w, h float64) vec {
	a, b, c := s.colours[0], s.colours[1], s.colours[2]
	i, j := cellOf(x), cellOf(y)
	clear := clamp01(2 - float64(2*max(w, h))) // 0 where cells are as small as pixels
	switch s.pattern {
	case checker:
		k := 0.5 + float64(0.5*float64(wave(x, w)*wave(y, h)))
		return a.mix(b, k).mul(1 + float64(clear*(lot(i, j, s.salt)-0.5)*0.35))
	case stripes:
		k := pulse(x, 0.5, w)
		return a.mix(b.mix(c, float64(clear*lot(i, 0, s.salt))), k)
	case bricks:
		x += float64(0.5 * float64(j&1))
		i = cellOf(x)
		joint := 1 - float64((1-pulse(x, 0.06, w))*(1-pulse(y, 0.12, h)))
		return b.mix(c, mix(0.5, lot(i, j, s.salt), clear)).mix(a, joint)
	case planks:
		x = float64(x*0.2) + float64(lot(0, j, s.salt)*7)
		i = cellOf(x)
		grain := noise(float64(x*5), float64(y*6), s.salt+uint32(j))
		tone := mix(0.5, lot(i, j, s.salt), clear)
		joint := 1 - float64((1-pulse(x, 0.015, float64(w*0.2)))*(1-pulse(y, 0.06, h)))
		return b.mix(c, clamp01(float64(tone*0.75)+float64(grain*0.4)-0.1)).mix(a, float64(joint*0.8))
	case tiles:
		joint := 1 - float64((1-pulse(x, 0.07, w))*(1-pulse(y, 0.07, h)))
		pick := mix(0.4, lot(i, j, s.salt), clear)
		return b.mix(c, float64(pick*pick)).mix(a, joint)
	case mosaic:
		k, l := lot(i, j, s.salt), lot(i, j, s.salt+1)
		cell := a.mix(b, k).mix(c, max(0, float64(2*l)-1))
		return a.mix(b, 0.5).mix(c, 0.25).mix(cell, clear)
	case dots:
		dx, dy := fract(x)-0.5, fract(y)-0.5
		r := 0.22 + float64(0.16*lot(i, j, s.salt))
		k := clamp01((r-math.Sqrt(float64(dx*dx)+float64(dy*dy)))/max(w, h, 0.02) + 0.5)
		return a.mix(b.mix(c, lot(i, j, s.salt+1)), mix(0.3, k, clear))
	case clouds:
		k := noise(x, y, s.salt) + float64(0.5*noise(float64(x*2.1), float64(y*2.1), s.salt+1)) +
			float64(0.3*clear*noise(float64(x*4.3), float64(y*4.3), s.salt+2))
		k = clamp01(float64((k/1.8-0.5)*2.4) + 0.5)
		return a.mix(b, k).mix(c, clamp01(float64((k-0.6)*1.5)))
	case plaid:
		k := float64(0.5*pulse(x, 0.4, w)) + float64(0.5*pulse(y, 0.3, h))
		line := float64(0.7 * max(pulse(x+0.3, 0.08, w), pulse(y+0.55, 0.08, h)))
		return a.mix(b, k).mix(c, line)
	}
	// zigzag
	fold := math.Abs(float64(2*fract(float64(x*0.5))) - 1)
	k := pulse(y+fold, 0.5, h+w)
	return a.mix(b.mix(c, float64(clear*lot(0, cellOf(y+fold), s.salt))), k)
}

func cellOf(x float64) int32 { return int32(math.Floor(x)) }

// pulse is the average over [x-w/2, x+w/2] of a function of period 1 that is 1
// on its first part on and 0 on the rest.
func pulse(x, on, w float64) float64 {
	return (pulseSum(x+float64(0.5*w), on) - pulseSum(x-float64(0.5*w), on)) / w
}

func pulseSum(x, on float64) float64 {
	whole := math.Floor(x)
	return float64(whole*on) + min(x-whole, on)
}

// wave is the same for a function that is 1 on even cells and -1 on odd ones.
func wave(x, w float64) float64 { return float64(2*pulse(float64(x*0.5), 0.5, float64(w*0.5))) - 1 }

// lot is a fixed number in [0, 1) for a cell.
func lot(i, j int32, salt uint32) float64 {
	h := uint32(i)*0x8da6b343 ^ uint32(j)*0xd8163841 ^ salt*0xcb1ab31f
	h ^= h >> 16
	h *= 0x7feb352d
	h ^= h >> 15
	h *= 0x846ca68b
	h ^= h >> 16
	return float64(h) / (1 << 32)
}

// noise is smooth value noise in [0, 1) with a grid of 1.
func noise(x, y float64, salt uint32) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	i, j := int32(fx), int32(fy)
	x, y = ease(x-fx), ease(y-fy)
	top := mix(lot(i, j, salt), lot(i+1, j, salt), x)
	return mix(top, mix(lot(i, j+1, salt), lot(i+1, j+1, salt), x), y)
}

// ease is 3t^2 - 2t^3.
func ease(t float64) float64 { return float64(float64(t*t) * (3 - float64(2*t))) }
