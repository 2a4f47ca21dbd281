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
