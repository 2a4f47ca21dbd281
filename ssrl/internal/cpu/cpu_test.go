package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/devtest"
	"ssrl/internal/tensor"
)

func TestDevice(t *testing.T) {
	for set := portable; set <= bestISA(); set++ {
		t.Run(set.String(), func(t *testing.T) { devtest.Run(t, newDevice(2, set)) })
	}
}

func TestNewTakesAllProcessors(t *testing.T) {
	assert.Positive(t, New(0).Threads())
	assert.Equal(t, 3, New(3).Threads())
	assert.Contains(t, []string{"portable", "avx2", "avx512"}, New(1).Instructions())
}

// chain is the definition of an element of a product. The sum of an exact product
// and a float32 rounds twice in float64; the second rounding goes wrong once in
// 2^29, and never for these numbers.
func chain(set isa, start float32, k int, a, b func(p int) float32) float32 {
	for p := range k {
		if set == portable {
			start += float32(a(p) * b(p))
		} else {
			start = float32(float64(a(p))*float64(b(p)) + float64(start))
		}
	}
	return start
}

// TestProductsAreChains: every element of every product is the chain that gemm.go
// promises, for random shapes, with and without kept weights.
func TestProductsAreChains(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for set := portable; set <= bestISA(); set++ {
		for i := range 40 {
			d := newDevice(1+i%3, set)
			if i%2 == 0 {
				d.packs.limit = 0
			}
			m, n, k := 1+r.IntN(40), 1+r.IntN(150), 1+r.IntN(70)
			if i%8 == 0 {
				m, n, k = 1+r.IntN(100), 1+r.IntN(700), 200+r.IntN(400)
			}
			x, w, bias, dy := random(d, 1, m, k), random(d, 2, n, k), random(d, 3, 1, n), random(d, 4, m, n)
			dx, dw := random(d, 5, m, k), random(d, 6, n, k)
			startX, startW := append([]float32(nil), in(dx).data...), append([]float32(nil), in(dw).data...)
			y := d.New(m, n)
			d.Linear(y, x, w, bias)
			d.LinearBack(dx, dw, nil, dy, x, w)
			my, mx, mw, mg := in(y), in(x), in(w), in(dy)
			mdx, mdw, mb := in(dx), in(dw), in(bias)
			for range 200 {
				i, j, p := r.IntN(m), r.IntN(n), r.IntN(k)
				where := fmt.Sprintf("%v %dx%dx%d at %d %d %d", set, m, n, k, i, j, p)
				require.Equal(t, chain(set, mb.data[j], k, func(p int) float32 { return mx.row(i)[p] },
					func(p int) float32 { return mw.row(j)[p] }), my.row(i)[j], "y, %s", where)
				require.Equal(t, chain(set, startX[i*k+p], n, func(j int) float32 { return mg.row(i)[j] },
					func(j int) float32 { return mw.row(j)[p] }), mdx.row(i)[p], "dx, %s", where)
				require.Equal(t, chain(set, startW[j*k+p], m, func(i int) float32 { return mg.row(i)[j] },
					func(i int) float32 { return mx.row(i)[p] }), mdw.row(j)[p], "dw, %s", where)
			}
		}
	}
}

// network runs every operation once, at sizes that spread over threads, and
// returns all results.
func network(d *Device) [][]float32 {
	const n, width, heads, kvHeads = 150, 192, 6, 2
	const kv = width / heads * kvHeads
	mark := d.Mark()
	defer d.Release(mark)
	var all [][]float32
	keep := func(ts ...*tensor.Tensor) {
		for _, t := range ts {
			x := make([]float32, t.Len())
			d.Download(x, t)
			all = append(all, x)
		}
	}
	x, w, g := random(d, 1, n, width), random(d, 2, width, width), random(d, 3, n, width)
	b, norm := random(d, 4, 1, width), random(d, 5, 1, width)
	k, v := random(d, 6, n+40, kv), random(d, 7, n+40, kv)
	y, z, stat, stat2 := d.Scratch(n, width), d.Scratch(n, width), d.Scratch(1, n), d.Scratch(1, n)
	dx, dw, db := d.Scratch(n, width), d.Scratch(width, width), d.Scratch(1, width)

	d.Linear(y, x, w, b)
	d.LinearBack(dx, dw, db, g, x, w)
	keep(y, dx, dw, db)
	d.Add(z, y, x)
	d.RMSNorm(y, stat, z, norm, 1e-6)
	d.RMSNormBack(dx, db, g, z, norm, stat)
	keep(z, y, stat, dx, db)
	cos, sin := random(d, 8, n, width/heads/2), random(d, 9, n, width/heads/2)
	d.Rope(z, y, cos, sin)
	d.RopeBack(dx, g, cos, sin)
	keep(z, dx)
	spans := []tensor.Span{{Q: 0, N: 60, PrefixN: 40, K: 40, KN: 60}, {Q: 60, N: 50, PrefixN: 40, K: 100, KN: 50},
		{Q: 110, N: 1, PrefixN: 40, K: 150, KN: 9}, {Q: 111, N: 39, K: 150, KN: 40}}
	lse, dk, dv := d.Scratch(n, heads), d.Scratch(n+40, kv), d.Scratch(n+40, kv)
	for _, causal := range []bool{false, true} {
		d.Attend(y, lse, x, k, v, spans, heads, kvHeads, .2, causal)
		d.AttendBack(dx, dk, dv, g, x, k, v, y, lse, spans, heads, kvHeads, .2, causal)
		keep(y, lse, dx, dk, dv)
	}
	d.SwiGLU(y, x, z)
	d.SwiGLUBack(dx, y, g, x, z)
	keep(y, dx)
	d.GELU(y, x)
	d.GELUBack(dx, g, x)
	keep(y, dx)
	d.GELUTanh(y, x)
	d.GELUTanhBack(dx, g, x)
	keep(y, dx)
	d.LayerNorm(y, stat, stat2, x, norm, b, 1e-6)
	d.LayerNormBack(dx, db, norm, g, x, norm, stat, stat2)
	keep(y, stat, stat2, dx, db, norm)
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i * 7 % width)
	}
	d.Embed(y, w, nil, ids)
	d.EmbedBack(dw, nil, g, ids)
	keep(y, dw)
	for i := range ids {
		ids[i] = int32(i * 7 % n) // 7 has no factor in common with n
	}
	d.Scatter(y, x, ids)
	keep(y)
	d.LogProb(stat, stat2, x, ids, .7)
	d.LogProbBack(dx, stat, x, stat2, ids, .7)
	keep(stat, stat2, dx)
	m, u := d.Scratch(width, width), d.Scratch(width, width)
	d.AdamW(w, m, u, dw, tensor.AdamW{LR: 1e-3, B1: .9, B2: .999, Eps: 1e-8, Step: 1, GradScale: float32(1 / d.SumSquares(dw))})
	keep(w, m, u)
	return all
}

func TestThreadsDoNotMatter(t *testing.T) {
	for set := portable; set <= bestISA(); set++ {
		want := network(newDevice(1, set))
		for _, threads := range []int{2, 3, 7} {
			got := network(newDevice(threads, set))
			for i := range want {
				for j, v := range want[i] {
					if math.Float32bits(v) != math.Float32bits(got[i][j]) {
						require.Failf(t, "not equal", "%v, %d threads: element %d of result %d", set, threads, j, i)
					}
				}
			}
		}
	}
}

// fastBound bounds how far fused products take a result of the network from the
// portable one, as a part of the result's largest element: 192 roundings of 6e-8,
// a few operations deep.
const fastBound = 3e-6

func TestFastEqualsPortable(t *testing.T) {
	want := network(newDevice(1, portable))
	for set := avx2; set <= bestISA(); set++ {
		worst := 0.0
		for i, got := range network(newDevice(2, set)) {
			top := 0.0
			for _, v := range want[i] {
				top = max(top, math.Abs(float64(v)))
			}
			for j := range got {
				worst = max(worst, math.Abs(float64(got[j])-float64(want[i][j]))/top)
			}
		}
		assert.Less(t, worst, fastBound, set.String())
		t.Logf("%v: within %.2g of portable", set, worst)
	}
}

// TestFastKernelsAgree: AVX2 and AVX-512 have the same bits.
func TestFastKernelsAgree(t *testing.T) {
	if bestISA() < avx512 {
		t.Skip("no AVX-512 here")
	}
	assert.Equal(t, network(newDevice(1, avx2)), network(newDevice(1, avx512)))
}

func TestCallsDoNotAllocate(t *testing.T) {
	for _, threads := range []int{1, 2} {
		d := New(threads)
		x, w, y, dx, dw := random(d, 1, 200, 96), random(d, 2, 96, 96), d.New(200, 96), d.New(200, 96), d.New(96, 96)
		lse, stat := d.New(200, 3), d.New(1, 200)
		norm, spans := random(d, 3, 1, 96), []tensor.Span{{N: 200, KN: 200}}
		run := func() {
			mark := d.Mark()
			h := d.Scratch(200, 96)
			d.Linear(h, x, w, nil)
			d.LinearBack(dx, dw, nil, h, x, w)
			d.RMSNorm(y, stat, h, norm, 1e-6)
			d.Attend(y, lse, x, x, x, spans, 3, 3, .2, true)
			d.AttendBack(dx, dx, dx, y, x, x, x, y, lse, spans, 3, 3, .2, true)
			d.SwiGLU(y, x, h)
			d.GELU(y, x)
			d.Add(y, y, x)
			d.SumSquares(y)
			d.Release(mark)
		}
		run()
		assert.LessOrEqual(t, testing.AllocsPerRun(10, run), 0., "%d threads", threads)
	}
}

// TestWeightsArePackedOnce: a copy lasts until a write, and Free drops it.
func TestWeightsArePackedOnce(t *testing.T) {
	d := New(1)
	w, x, y := random(d, 1, 40, 20), random(d, 2, 3, 20), d.New(3, 40)
	d.Linear(y, x, w, nil)
	require.Len(t, d.packs.copies, 1)
	for _, c := range d.packs.copies {
		was := c.version
		d.Linear(y, x, w, nil)
		assert.Equal(t, was, c.version)
		d.Zero(w)
		d.Linear(y, x, w, nil)
		assert.NotEqual(t, was, c.version)
	}
	s := d.Scratch(40, 20)
	d.Linear(y, x, s, nil)
	assert.Len(t, d.packs.copies, 1, "scratch is not kept")
	d.Free(w)
	assert.Empty(t, d.packs.copies)
	assert.Zero(t, d.packs.used)
}

// TestScratchIsUsedAgain: after Release the same memory serves.
func TestScratchIsUsedAgain(t *testing.T) {
	d := New(1)
	var first *tensor.Tensor
	for i := range 5 {
		mark := d.Mark()
		a, b := d.Scratch(1000, 1000), d.Scratch(900, 1000)
		if i == 0 {
			first = a
		}
		assert.Same(t, first, a)
		assert.NotSame(t, a.Mem, b.Mem)
		assert.Len(t, d.arena.blocks, 2)
		d.Release(mark)
	}
	assert.Panics(t, func() { d.Free(d.Scratch(1, 1)) })
}
