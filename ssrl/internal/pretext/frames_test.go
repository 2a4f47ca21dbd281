package pretext_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"ssrl/internal/rgbd"
)

// room is a frame of textured planes seen head on: a wall that recedes to one
// side, a floor that comes nearer, and boards in front at constant depth. Depth
// is exact, 1 to 6 metres, with a few holes.
func room(seed uint64, width, height int) *rgbd.Frame {
	rng := rand.New(rand.NewPCG(seed, 1))
	m := rgbd.NewRGB(width, height)
	d := &rgbd.Depth{Width: width, Height: height, Metres: make([]float32, width*height)}
	horizon := height * (50 + rng.IntN(20)) / 100
	slope := rng.Float64() - .5
	wall, floor := newTexture(rng, width), newTexture(rng, width)
	for y := range height {
		for x := range width {
			depth, t := 5+slope*(float64(x)/float64(width)-.5), wall
			if y >= horizon {
				depth, t = 5-3.5*float64(y-horizon)/float64(height-horizon), floor
			}
			put(m, d, x, y, depth, t)
		}
	}
	for range 3 + rng.IntN(3) {
		w, h := width/6+rng.IntN(width/4), height/6+rng.IntN(height/4)
		x0, y0 := rng.IntN(width-w+1), rng.IntN(height-h+1)
		depth, t := 1.2+3*rng.Float64(), newTexture(rng, width)
		for y := y0; y < y0+h; y++ {
			for x := x0; x < x0+w; x++ {
				put(m, d, x, y, depth, t)
			}
		}
	}
	for range width * height / 4000 {
		d.Metres[rng.IntN(len(d.Metres))] = float32(math.NaN())
	}
	return &rgbd.Frame{Name: fmt.Sprintf("room-%d-%dx%d", seed, width, height), Image: m, Depth: d}
}

func put(m *rgbd.RGB, d *rgbd.Depth, x, y int, depth float64, t texture) {
	i := y*m.Width + x
	d.Metres[i] = float32(depth)
	light := 1.15 - depth/10
	for c := range 3 {
		m.Pix[3*i+c] = byte(min(255, max(0, light*t.at(x, y, c))))
	}
}

// texture is smooth waves of several directions over a base colour, with a
// gradient across the picture.
type texture struct {
	base  [3]float64
	waves [4][5]float64 // kx, ky, phase, strength, colour shift
}

func newTexture(rng *rand.Rand, width int) texture {
	var t texture
	for c := range t.base {
		t.base[c] = 70 + 130*rng.Float64()
	}
	for i := range t.waves {
		k := (1 + 7*rng.Float64()) * 2 * math.Pi / float64(width)
		angle := 2 * math.Pi * rng.Float64()
		t.waves[i] = [5]float64{k * math.Cos(angle), k * math.Sin(angle), 7 * rng.Float64(), 12 + 18*rng.Float64(), rng.Float64()}
	}
	return t
}

func (t texture) at(x, y, c int) float64 {
	v := t.base[c]
	for _, w := range t.waves {
		v += w[3] * wave(w[0]*float64(x)+w[1]*float64(y)+w[2]+w[4]*float64(c))
	}
	return v
}

// wave is a sine made of parabolas, which is much faster.
func wave(x float64) float64 {
	x -= 2 * math.Pi * math.Floor(x/(2*math.Pi))
	if x > math.Pi {
		return -wave(x - math.Pi)
	}
	return 4 / (math.Pi * math.Pi) * x * (math.Pi - x)
}
