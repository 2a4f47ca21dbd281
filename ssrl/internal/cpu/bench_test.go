package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"ssrl/internal/tensor"
)

// random returns a tensor of normal deviates.
func random(d *Device, seed uint64, rows, cols int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 2))
	t := d.New(rows, cols)
	m := out(t)
	for i := range m.data {
		m.data[i] = float32(r.NormFloat64())
	}
	return t
}

func gflops(b *testing.B, flop int) {
	b.ReportMetric(float64(flop)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// BenchmarkLinear/instructions/threads/MxNxK.
func BenchmarkLinear(b *testing.B) {
	sizes := [][3]int{{512, 512, 512}, {1024, 1024, 1024}, {256, 128, 128}, {256, 384, 128}}
	for _, m := range []int{1, 8, 64} {
		for _, n := range []int{128, 256, 512, 1024} {
			sizes = append(sizes, [3]int{m, n, n})
		}
	}
	for set := portable; set <= bestISA(); set++ {
		for _, threads := range []int{1, 2} {
			for _, s := range sizes {
				if set == portable && (threads > 1 || s[0] > 512) {
					continue
				}
				b.Run(fmt.Sprintf("%v/%d/%dx%dx%d", set, threads, s[0], s[1], s[2]), func(b *testing.B) {
					d := newDevice(threads, set)
					x, w, y := random(d, 1, s[0], s[2]), random(d, 2, s[1], s[2]), d.New(s[0], s[1])
					b.ReportAllocs()
					for b.Loop() {
						d.Linear(y, x, w, nil)
					}
					gflops(b, 2*s[0]*s[1]*s[2])
				})
			}
		}
	}
}

func BenchmarkLinearBack(b *testing.B) {
	for _, s := range [][3]int{{512, 512, 512}, {256, 384, 128}, {1024, 256, 256}} {
		b.Run(fmt.Sprintf("%dx%dx%d", s[0], s[1], s[2]), func(b *testing.B) {
			d := New(1)
			x, w, dy := random(d, 1, s[0], s[2]), random(d, 2, s[1], s[2]), random(d, 3, s[0], s[1])
			dx, dw, db := d.New(s[0], s[2]), d.New(s[1], s[2]), d.New(1, s[1])
			b.ReportAllocs()
			for b.Loop() {
				d.LinearBack(dx, dw, db, dy, x, w)
			}
			gflops(b, 4*s[0]*s[1]*s[2])
		})
	}
}

// BenchmarkAttend/case: a picture's window-free tower, a text of the nano model, its
// decoding behind a shared prefix, and a longer text with large heads.
func BenchmarkAttend(b *testing.B) {
	decode := make([]tensor.Span, 64)
	for i := range decode {
		decode[i] = tensor.Span{Q: i, N: 1, Prefix: 0, PrefixN: 256, K: 256 + i*64, KN: 64}
	}
	for _, c := range []struct {
		name                string
		queries, keys       int
		heads, kvHeads, dim int
		spans               []tensor.Span
		causal              bool
	}{
		{"tower/512x4x32", 512, 512, 4, 4, 32, []tensor.Span{{N: 512, KN: 512}}, false},
		{"text/512x8x2x32", 512, 512, 8, 2, 32, []tensor.Span{{N: 512, KN: 512}}, true},
		{"decode/64x8x2x32", 64, 256 + 64*64, 8, 2, 32, decode, true},
		{"text/1024x16x2x128", 1024, 1024, 16, 2, 128, []tensor.Span{{N: 1024, KN: 1024}}, true},
	} {
		d := New(1)
		q, k, v := random(d, 1, c.queries, c.heads*c.dim), random(d, 2, c.keys, c.kvHeads*c.dim), random(d, 3, c.keys, c.kvHeads*c.dim)
		o, lse := d.New(c.queries, c.heads*c.dim), d.New(c.queries, c.heads)
		flop := 0
		for _, s := range c.spans {
			flop += 4 * s.N * (s.PrefixN + s.KN) * c.heads * c.dim
		}
		if c.causal && c.spans[0].N > 1 {
			flop /= 2
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.Attend(o, lse, q, k, v, c.spans, c.heads, c.kvHeads, .2, c.causal)
			}
			gflops(b, flop)
		})
		if c.spans[0].N == 1 {
			continue
		}
		dq, dk, dv := d.New(q.Rows, q.Cols), d.New(k.Rows, k.Cols), d.New(k.Rows, k.Cols)
		b.Run("back/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.AttendBack(dq, dk, dv, q, q, k, v, o, lse, c.spans, c.heads, c.kvHeads, .2, c.causal)
			}
			gflops(b, flop*5/2)
		})
	}
}

// BenchmarkRows/op: operations on 512 rows of 256, the head on 64 rows of 1024.
func BenchmarkRows(b *testing.B) {
	d := New(1)
	x, y, z, g := random(d, 1, 512, 256), random(d, 2, 512, 256), random(d, 3, 512, 256), random(d, 4, 512, 256)
	w, stat, stat2, half := random(d, 5, 1, 256), d.New(1, 512), d.New(1, 512), random(d, 6, 512, 16)
	v := d.New(512, 256)
	targets := make([]int32, 512)
	for _, op := range []struct {
		name string
		run  func()
	}{
		{"Add", func() { d.Add(z, x, y) }},
		{"RMSNorm", func() { d.RMSNorm(z, stat, x, w, 1e-6) }},
		{"RMSNormBack", func() { d.RMSNormBack(z, w, g, x, w, stat) }},
		{"Rope", func() { d.Rope(z, x, half, half) }},
		{"SwiGLU", func() { d.SwiGLU(z, x, y) }},
		{"SwiGLUBack", func() { d.SwiGLUBack(z, z, g, x, y) }},
		{"GELU", func() { d.GELU(z, x) }},
		{"GELUBack", func() { d.GELUBack(z, g, x) }},
		{"LogProb", func() { d.LogProb(stat, stat2, x, targets, 1) }},
		{"LogProbBack", func() { d.LogProbBack(z, stat, x, stat2, targets, 1) }},
		{"SumSquares", func() { d.SumSquares(x) }},
		{"AdamW", func() {
			d.AdamW(x, y, v, g, tensor.AdamW{LR: 1e-9, B1: .9, B2: .999, Eps: 1e-8, Step: 1, GradScale: 1})
		}},
	} {
		b.Run(op.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				op.run()
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/512/256, "ns/element")
		})
	}
}
