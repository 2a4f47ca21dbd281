package scene

import "math"

// wheel spreads hues by how paints and cloths come: much red, ochre and blue,
// little green and purple. A step to the right is a sixteenth of a turn.
var wheel = [17]float64{0.97, 1.0, 1.03, 1.055, 1.08, 1.105, 1.13, 1.16, 1.25, 1.38, 1.46, 1.52, 1.56, 1.60, 1.65, 1.78, 1.97}

// colour returns linear light of a hue in turns of the wheel, saturation and
// displayed value.
func colour(hue, saturation, value float64) vec {
	k := float64(fract(hue) * 16)
	i := int(k)
	hue = mix(wheel[i], wheel[i+1], k-float64(i))
	channel := func(at float64) float64 {
		k := float64(6 * fract(hue+at))
		full := clamp01(min(k, 4-k)) // trapezium: 0 at 0, 1 from 1 to 3, 0 from 4
		v := float64(value * (1 - float64(saturation*(1-full))))
		return float64(v * v)
	}
	return vec{channel(1.0 / 3), channel(0), channel(2.0 / 3)}
}

// Which patterns suit what.
var (
	floorPatterns   = []pattern{planks, planks, tiles, checker, mosaic, bricks, plaid}
	wallPatterns    = []pattern{bricks, bricks, stripes, plaid, clouds, tiles, zigzag, dots, mosaic, planks}
	ceilingPatterns = []pattern{planks, tiles, clouds, stripes}
	bodyPatterns    = []pattern{checker, stripes, bricks, planks, tiles, mosaic, dots, clouds, plaid, zigzag}
	rugPatterns     = []pattern{stripes, dots, plaid, zigzag, mosaic, checker}
)

// paint draws a skin of one of the patterns with cells of lo to hi metres
// around a hue. vivid goes from pastel at 0 to strong at 1.
func (d dice) paint(of []pattern, lo, hi, hue, vivid float64) skin {
	s := skin{
		pattern: one(d, of...), cell: d.between(lo, hi),
		shift: vec{d.between(0, 9), d.between(0, 9), 0},
		salt:  d.Uint32(), wear: d.between(0.5, 0.9),
	}
	light := d.between(0.62, 0.9)
	dark := d.between(0.25, 0.5)
	if d.IntN(2) == 0 {
		light, dark = dark, light
	}
	strong := mix(0.18, 0.62, vivid)
	s.colours = [3]vec{
		colour(hue, float64(strong*d.between(0.6, 1.1)), light),
		colour(hue+d.between(-0.12, 0.12), float64(strong*d.between(0.7, 1.3)), dark),
		colour(hue+d.between(0.25, 0.75), float64(strong*d.between(0.8, 1.4)), d.between(0.4, 0.85)),
	}
	s.upright = s.pattern != bricks && s.pattern != planks && d.IntN(2) == 0
	if s.pattern == planks {
		s.cell = float64(s.cell * 0.6)
		if of[0] == planks { // laid boards run ahead or across
			s.upright = d.IntN(2) == 0
		}
	}
	return s
}

// calm brings the figures of a pattern nearer to its ground.
func (s *skin) calm(by float64) {
	s.colours[1] = s.colours[1].mix(s.colours[0], by)
	s.colours[2] = s.colours[2].mix(s.colours[0], by)
}

// displayed is the colour as 8-bit red, green and blue.
func displayed(v vec) [3]int {
	byteOf := func(x float64) int { return int(math.Floor(float64(math.Sqrt(clamp01(x))*255) + 0.5)) }
	return [3]int{byteOf(v.x), byteOf(v.y), byteOf(v.z)}
}
