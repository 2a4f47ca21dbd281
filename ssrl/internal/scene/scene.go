// Package scene makes synthetic RGB-D frames: furnished rooms, seen by a ray
// caster, with exact depth.
//
// A frame depends on (seed, index, width, height) alone, and the room on (seed,
// index). Only additions, multiplications, divisions, square roots and floors
// of float64 are used, and every product is rounded before it is added to, so
// that no compiler may fuse the two: all machines give the same bits.
//
// Limits: rooms are boxes that hold boxes, spheres and upright cylinders lit by
// lamps; nothing is transparent and nothing mirrors. Depth is 0.4 to 12 m, so
// it fits millimetres in 16 bits.
package scene

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"ssrl/internal/rgbd"
	"ssrl/internal/seed"
)

// world is one furnished room with its lamps and the camera in it. Metres;
// x right, y up, z ahead of a camera that looks level and straight.
type world struct {
	room   room
	bodies []body
	lamps  []lamp
	eye    pose
}

// Render draws scene index of a seed. Depth is metres along the optical axis
// at the centre of each pixel and has no gaps. Sizes are at least 1 by 1.
func Render(seed uint64, index, width, height int) *rgbd.Frame {
	if width < 1 || height < 1 || width > rgbd.MaxPixels/height {
		panic(fmt.Sprintf("scene: %dx%d pixels", width, height))
	}
	w := furnish(seed, index)
	c := newCamera(w, width, height)
	colour, depth := c.picture()
	return &rgbd.Frame{Name: Name(index), Image: colour, Depth: depth}
}

// Name is the frame name of scene index.
func Name(index int) string { return fmt.Sprintf("scene-%06d", index) }

// furnish draws the room and everything in it.
func furnish(s uint64, index int) *world {
	d := dice{seed.Rand(s, "scene", strconv.Itoa(index))}
	w := &world{}
	w.room, w.eye = d.room()
	w.lamps = d.lamps(w.room)
	d.furniture(w)
	d.wallpieces(w)
	return w
}

// dice draws what a room is made of.
type dice struct{ *rand.Rand }

// between is uniform in [lo, hi).
func (d dice) between(lo, hi float64) float64 { return lo + float64((hi-lo)*d.Float64()) }

// one draws from a list.
func one[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// turn draws the cosine and sine of an angle whose half has a tangent of at
// most limit: 1 is a quarter turn to either side.
func (d dice) turn(limit float64) (cos, sin float64) { return angle(d.between(-limit, limit)) }

// angle returns cosine and sine by the tangent of half the angle: rational, so
// no library's rounding of sines matters.
func angle(half float64) (cos, sin float64) {
	q := float64(half * half)
	return (1 - q) / (1 + q), float64(2*half) / (1 + q)
}

// fract is x - floor(x).
func fract(x float64) float64 { return x - math.Floor(x) }

func clamp01(x float64) float64 { return min(max(x, 0), 1) }

// mix goes from a at 0 to b at 1.
func mix(a, b, t float64) float64 { return a + float64((b-a)*t) }
