package devtest

import (
	"math"
	"testing"

	"ssrl/internal/tensor"
)

// adamBound covers a dozen float32 roundings; m/(sqrt(v)+eps) is about 1 and
// its step at most LR.
const adamBound = 5e-7

func refAdamW(p, m, v, g mat, a tensor.AdamW) {
	for i := range p.v {
		x := g.v[i] * float64(a.GradScale)
		p.v[i] *= 1 - a.LR*a.Decay
		m.v[i] = a.B1*m.v[i] + (1-a.B1)*x
		v.v[i] = a.B2*v.v[i] + (1-a.B2)*x*x
		c1, c2 := 1-math.Pow(a.B1, float64(a.Step)), 1-math.Pow(a.B2, float64(a.Step))
		p.v[i] -= a.LR / c1 * m.v[i] / (math.Sqrt(v.v[i])/math.Sqrt(c2) + a.Eps)
	}
}

func testAdamW(t *testing.T, dev tensor.Device) {
	s := newSource(30)
	layouts(t, dev, func(b *bed) {
		for _, size := range [][2]int{{1, 1}, {3, 5}, {17, 129}, {1, 2000}} {
			p, m, v := s.normal(size[0], size[1], 1), zeros(size[0], size[1]), zeros(size[0], size[1])
			tp, tm, tv := b.put(p), b.put(m), b.put(v)
			for step := 1; step <= 5; step++ {
				g := s.normal(size[0], size[1], 1)
				a := tensor.AdamW{LR: 1e-2, B1: .9, B2: .999, Eps: 1e-8, Decay: 1e-2, Step: step, GradScale: .25}
				dev.AdamW(tp, tm, tv, b.put(g), a)
				refAdamW(p, m, v, g, a)
			}
			near(t, p, b.get(tp), 5*adamBound, "p of %v", size)
			near(t, m, b.get(tm), 5*adamBound, "m of %v", size)
			near(t, v, b.get(tv), 5*adamBound, "v of %v", size)
		}
	})
	testAdamWNumbers(t, dev)
}

// testAdamWNumbers: torch.optim.AdamW's numbers.
func testAdamWNumbers(t *testing.T, dev tensor.Device) {
	for _, c := range []struct {
		name      string
		p, decay  float64
		gradients []float64
		want      []float64
	}{
		{"ordinary", 1, 1e-2, []float64{.1, -.2, .3}, []float64{.989900001000, .993462046039, .989930289190}},
		{"gradients of eps's size", .5, 0, []float64{1e-9, 1e-9}, []float64{.499090909091, .498181818182}},
	} {
		b := &bed{t: t, dev: dev}
		p, m, v := b.put(mat{1, 1, []float64{c.p}}), b.put(zeros(1, 1)), b.put(zeros(1, 1))
		for i, g := range c.gradients {
			dev.AdamW(p, m, v, b.put(mat{1, 1, []float64{g}}),
				tensor.AdamW{LR: 1e-2, B1: .9, B2: .999, Eps: 1e-8, Decay: c.decay, Step: i + 1, GradScale: 1})
			near(t, mat{1, 1, []float64{c.want[i]}}, b.get(p), adamBound, "%s, step %d", c.name, i+1)
		}
		b.close()
	}
}
