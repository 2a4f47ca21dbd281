package scene

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A second way to the depth of a pixel. It knows the description alone: points
// of the pixel's ray are tested for lying inside a body or outside the room, and
// the first such depth is found by bisection between steps of three millimetres. No
// formula is shared with the ray caster.
type marcher struct{ d Description }

// inside reports whether a point of the room's frame is solid.
func (m marcher) inside(p [3]float64) bool {
	for k := range 3 {
		if p[k] < float64(m.d.Room.Min[k]) || p[k] > float64(m.d.Room.Max[k]) {
			return true
		}
	}
	for _, o := range m.d.Bodies {
		q := [3]float64{p[0] - float64(o.Position[0]), p[1] - float64(o.Position[1]), p[2] - float64(o.Position[2])}
		hx, hz := float64(o.Heading[0]), float64(o.Heading[1])
		along, aside := q[0]*hx+q[2]*hz, q[2]*hx-q[0]*hz
		rx, ry, rz := float64(o.Size[0])/2, float64(o.Size[1])/2, float64(o.Size[2])/2
		var in bool
		switch o.Kind {
		case "box":
			in = math.Abs(along) < rx && math.Abs(q[1]) < ry && math.Abs(aside) < rz
		case "sphere":
			in = math.Hypot(math.Hypot(q[0], q[1]), q[2]) < rx
		case "cylinder":
			in = math.Hypot(q[0], q[2]) < rx && math.Abs(q[1]) < ry
		}
		if in {
			return true
		}
	}
	return false
}

// depth is where the ray of pixel (x, y) first meets something solid.
func (m marcher) depth(x, y int) float64 {
	c := m.d.Camera
	ray := [3]float64{(float64(x) - c.Cx) / c.Fx, (float64(y) - c.Cy) / c.Fy, 1}
	at := func(z float64) (p [3]float64) {
		for k := range 3 {
			p[k] = float64(c.Position[k])
			for axis := range 3 {
				p[k] += z * ray[axis] * float64(c.Rotation[axis][k])
			}
		}
		return p
	}
	const step = 3e-3
	z := 0.0
	for !m.inside(at(z + step)) {
		z += step
	}
	lo, hi := z, z+step
	for range 40 {
		if mid := (lo + hi) / 2; m.inside(at(mid)) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// marchBound covers the description's rounding to a micrometre and the rays
// that slip past an edge thinner than a step.
const marchBound = 2e-4

func TestDepthEqualsThatOfTheDescription(t *testing.T) {
	for index := range 5 {
		f := Render(21, index, 48, 40)
		m := marcher{Describe(21, index, 48, 40)}
		checked, off := 0, 0
		for y := 1; y < 40; y += 4 {
			for x := 1; x < 48; x += 4 {
				checked++
				if want := m.depth(x, y); math.Abs(want-float64(f.Depth.Metres[y*48+x])) > marchBound*want {
					off++
				}
			}
		}
		assert.LessOrEqual(t, off, checked/100, "index %d: pixels of %d", index, checked)
	}
}

// exact is the depth of a sphere and a floor along a ray by 200-bit arithmetic,
// from the equations |p-c| = r and p.y = 0.
func exact(eye, ray, centre vec, r float64) float64 {
	num := func(x float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(x) }
	mul := func(a, b *big.Float) *big.Float { return num(0).Mul(a, b) }
	dot := func(a, b [3]*big.Float) *big.Float {
		s := mul(a[0], b[0])
		s.Add(s, mul(a[1], b[1]))
		return s.Add(s, mul(a[2], b[2]))
	}
	d := [3]*big.Float{num(ray.x), num(ray.y), num(ray.z)}
	o := [3]*big.Float{
		num(0).Sub(num(eye.x), num(centre.x)), num(0).Sub(num(eye.y), num(centre.y)), num(0).Sub(num(eye.z), num(centre.z)),
	}
	a, b := dot(d, d), dot(o, d)
	c := dot(o, o)
	c.Sub(c, mul(num(r), num(r)))
	disc := mul(b, b)
	disc.Sub(disc, mul(a, c))
	if disc.Sign() >= 0 {
		t := num(0).Neg(b)
		t.Sub(t, num(0).Sqrt(disc)).Quo(t, a)
		z, _ := t.Float64()
		return z
	}
	if ray.y >= 0 {
		return math.Inf(1)
	}
	z, _ := num(0).Quo(num(eye.y), num(-ray.y)).Float64()
	return z
}

// exactBound is a few roundings of float64 times the worst conditioning: a ray
// that nearly misses the sphere loses half the digits.
const exactBound = 1e-7

func TestDepthOfASphereOnAFloorIsExact(t *testing.T) {
	w := &world{
		room: room{lo: vec{-50, 0, -50}, hi: vec{50, 50, 50}},
		bodies: []body{
			{kind: sphere, at: vec{0.3, 0.5, 3}, half: vec{0.5, 0, 0}, cos: 0.6, sin: 0.8},
		},
		eye: looking(vec{0.1, 1.4, 0}, 0.05, 0.14, 0.02, 0.6),
	}
	for face := range w.room.skins {
		w.room.skins[face].cell = 1
	}
	w.bodies[0].skin.cell = 1
	const width, height = 64, 48
	c := newCamera(w, width, height)
	_, depth := c.picture()
	ball, ground := 0, 0
	for y := range height {
		for x := range width {
			want := exact(w.eye.at, c.ray(float64(x)+0.5, float64(y)+0.5), w.bodies[0].at, 0.5)
			got := float64(depth.Metres[y*width+x])
			if math.IsInf(want, 1) || want > 40 {
				continue
			}
			// Stored as float32: half a unit in its last place besides.
			require.InDelta(t, want, got, exactBound+want/(1<<24), "pixel (%d, %d)", x, y)
			if want < 3.3 && got < 3.3 {
				ball++
			} else {
				ground++
			}
		}
	}
	assert.Greater(t, ball, 100)
	assert.Greater(t, ground, 500)
}

func TestBodiesAreMissedAndMetAsTheyStand(t *testing.T) {
	inf := math.Inf(1)
	for _, tc := range []struct {
		name string
		b    body
		o, d vec
		want float64
	}{
		{"box ahead", body{kind: box, half: vec{1, 2, 3}}, vec{0, 0, -10}, vec{0, 0, 1}, 7},
		{"box from above", body{kind: box, half: vec{1, 2, 3}}, vec{0.5, 5, 0}, vec{0, -2, 0}, 1.5},
		{"box beside", body{kind: box, half: vec{1, 2, 3}}, vec{1.01, 0, -10}, vec{0, 0, 1}, inf},
		{"box behind", body{kind: box, half: vec{1, 2, 3}}, vec{0, 0, 10}, vec{0, 0, 1}, inf},
		{"box from within", body{kind: box, half: vec{1, 2, 3}}, vec{}, vec{0, 0, 1}, inf},
		{"sphere ahead", body{kind: sphere, half: vec{1, 0, 0}}, vec{0, 0, -10}, vec{0, 0, 2}, 4.5},
		{"sphere missed", body{kind: sphere, half: vec{1, 0, 0}}, vec{1.01, 0, -10}, vec{0, 0, 1}, inf},
		{"sphere behind", body{kind: sphere, half: vec{1, 0, 0}}, vec{0, 0, 10}, vec{0, 0, 1}, inf},
		{"cylinder's side", body{kind: cylinder, half: vec{1, 2, 0}}, vec{0, 1.9, -10}, vec{0, 0, 1}, 9},
		{"cylinder's lid", body{kind: cylinder, half: vec{1, 2, 0}}, vec{0.5, 10, 0}, vec{0, -1, 0}, 8},
		{"cylinder's lid, slanting", body{kind: cylinder, half: vec{1, 2, 0}}, vec{0, 3, 0.5}, vec{0, -1, -0.25}, 1},
		{"above the cylinder", body{kind: cylinder, half: vec{1, 2, 0}}, vec{0, 2.1, -10}, vec{0, 0, 1}, inf},
		{"beside the cylinder, upward", body{kind: cylinder, half: vec{1, 2, 0}}, vec{1.1, -10, 0}, vec{0, 1, 0}, inf},
		{"cylinder behind", body{kind: cylinder, half: vec{1, 2, 0}}, vec{0, 0, 10}, vec{0, 0, 1}, inf},
	} {
		assert.Equal(t, tc.want, tc.b.hit(tc.o, tc.d), tc.name)
	}
}
