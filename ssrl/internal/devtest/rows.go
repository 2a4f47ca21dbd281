package devtest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/tensor"
)

// rowShapes are rows and columns for operations on rows.
var rowShapes = [][2]int{{1, 1}, {1, 7}, {5, 1}, {3, 16}, {9, 37}, {70, 130}, {2, 1100}}

func sqrt(n int) float64 { return math.Sqrt(float64(n)) }

// Bounds on results of about 1: a few float32 roundings (6e-8) each. Gradients
// of weights sum up to 70 rows.
const (
	normBound       = 1e-6
	normBackBound   = 4e-6
	ropeBound       = 3e-7
	swigluBound     = 1e-6
	geluBound       = 3e-7
	logProbBound    = 1e-6
	logProbBack     = 1e-6
	sumSquaresBound = 1e-12
)

func testRMSNorm(t *testing.T, dev tensor.Device) {
	s := newSource(10)
	const eps = 1e-3
	layouts(t, dev, func(b *bed) {
		for _, size := range rowShapes {
			rows, cols := size[0], size[1]
			x, w := s.normal(rows, cols, 1), s.normal(1, cols, 1)
			clear(x.row(rows - 1)) // eps alone holds this row up
			ref := func() mat {
				y := zeros(rows, cols)
				for i := range rows {
					sum := 0.0
					for _, v := range x.row(i) {
						sum += v * v
					}
					for j, v := range x.row(i) {
						y.set(i, j, v/math.Sqrt(sum/float64(cols)+float64(float32(eps)))*w.v[j])
					}
				}
				return y
			}
			tx, tw, y, rstd := b.put(x), b.put(w), b.filled(rows, cols), b.filled(1, rows)
			dev.RMSNorm(y, rstd, tx, tw, eps)
			near(t, ref(), b.get(y), normBound, "%dx%d", rows, cols)

			dy := s.normal(rows, cols, 1)
			startX, startW := s.normal(rows, cols, 1), s.normal(1, cols, 1)
			dx, dw, tdy := b.put(startX), b.put(startW), b.put(dy)
			dev.RMSNormBack(dx, dw, tdy, tx, tw, rstd)
			// The row of zeros has a gradient of 1/sqrt(eps) = 32 times dy w.
			gradient(t, differences(s, x, dy, ref), b.get(dx), startX, normBackBound, "dx of %dx%d", rows, cols)
			gradient(t, differences(s, w, dy, ref), b.get(dw), startW, normBackBound, "dw of %dx%d", rows, cols)
			was := b.get(dx)
			dev.RMSNormBack(nil, dw, tdy, tx, tw, rstd)
			dev.RMSNormBack(nil, nil, tdy, tx, tw, rstd)
			equal(t, was, b.get(dx), "dx not asked for")
			dev.RMSNorm(y.Slice(0, 0), rstd.Columns(0, 0), tx.Slice(0, 0), tw, eps)
		}
	})
}

func testRope(t *testing.T, dev tensor.Device) {
	s := newSource(11)
	layouts(t, dev, func(b *bed) {
		for _, c := range []struct{ rows, heads, d int }{{1, 1, 2}, {3, 2, 6}, {7, 5, 16}, {33, 3, 64}, {5, 4, 20}} {
			cols := c.heads * c.d
			x, angle := s.normal(c.rows, cols, 1), s.normal(c.rows, c.d/2, 2)
			cos, sin := zeros(c.rows, c.d/2), zeros(c.rows, c.d/2)
			for i, a := range angle.v {
				cos.v[i], sin.v[i] = float64(float32(math.Cos(a))), float64(float32(math.Sin(a)))
			}
			ref := func() mat {
				y := zeros(c.rows, cols)
				for i := range c.rows {
					for j := range cols {
						h, p := j/c.d*c.d, j%c.d
						q := p % (c.d / 2)
						u, v := x.at(i, h+q), x.at(i, h+q+c.d/2)
						if p < c.d/2 {
							y.set(i, j, u*cos.at(i, q)-v*sin.at(i, q))
						} else {
							y.set(i, j, v*cos.at(i, q)+u*sin.at(i, q))
						}
					}
				}
				return y
			}
			tx, tc, ts, y := b.put(x), b.put(cos), b.put(sin), b.filled(c.rows, cols)
			dev.Rope(y, tx, tc, ts)
			near(t, ref(), b.get(y), ropeBound, "%+v", c)
			was := b.get(y)
			dev.Rope(tx, tx, tc, ts)
			equal(t, was, b.get(tx), "in place")

			dy, start := s.normal(c.rows, cols, 1), s.normal(c.rows, cols, 1)
			dx, tdy := b.put(start), b.put(dy)
			dev.RopeBack(dx, tdy, tc, ts)
			gradient(t, differences(s, x, dy, ref), b.get(dx), start, 1e-6, "dx of %+v", c)
			dev.RopeBack(nil, tdy, tc, ts)
		}
	})
}

func testSwiGLU(t *testing.T, dev tensor.Device) {
	s := newSource(12)
	layouts(t, dev, func(b *bed) {
		for _, size := range rowShapes {
			rows, cols := size[0], size[1]
			gate, up := s.normal(rows, cols, 2), s.normal(rows, cols, 1)
			ref := func() mat {
				y := zeros(rows, cols)
				for i, g := range gate.v {
					y.v[i] = g / (1 + math.Exp(-g)) * up.v[i]
				}
				return y
			}
			tg, tu, y := b.put(gate), b.put(up), b.filled(rows, cols)
			dev.SwiGLU(y, tg, tu)
			near(t, ref(), b.get(y), swigluBound, "%dx%d", rows, cols)

			dy, startG, startU := s.normal(rows, cols, 1), s.normal(rows, cols, 1), s.normal(rows, cols, 1)
			dg, du, tdy := b.put(startG), b.put(startU), b.put(dy)
			dev.SwiGLUBack(dg, du, tdy, tg, tu)
			gradient(t, differences(s, gate, dy, ref), b.get(dg), startG, swigluBound, "dgate of %dx%d", rows, cols)
			gradient(t, differences(s, up, dy, ref), b.get(du), startU, swigluBound, "dup of %dx%d", rows, cols)
			was, wasU := b.get(dg), b.get(du)
			dev.SwiGLUBack(nil, nil, tdy, tg, tu)
			equal(t, wasU, b.get(du), "dup not asked for")
			dev.SwiGLUBack(nil, du, tdy, tg, tu)
			equal(t, was, b.get(dg), "dgate not asked for")
			dev.SwiGLUBack(dg, nil, tdy, tg, tu)
		}
		// Far out, silu(g) is g or 0 and its slope 1 or 0.
		gate := mat{1, 6, []float64{1e4, -1e4, 100, -100, 88.5, -88.5}}
		tg, one, y := b.put(gate), b.put(mat{1, 6, []float64{1, 1, 1, 1, 1, 1}}), b.filled(1, 6)
		dev.SwiGLU(y, tg, one)
		near(t, mat{1, 6, []float64{1e4, 0, 100, 0, 88.5, 0}}, b.get(y), swigluBound, "far out")
		dg := b.put(zeros(1, 6))
		dev.SwiGLUBack(dg, nil, one, tg, one)
		near(t, mat{1, 6, []float64{1, 0, 1, 0, 1, 0}}, b.get(dg), swigluBound, "slope far out")
	})
}

func testGELU(t *testing.T, dev tensor.Device) {
	s := newSource(13)
	layouts(t, dev, func(b *bed) {
		for _, size := range rowShapes {
			rows, cols := size[0], size[1]
			x := s.normal(rows, cols, 2)
			ref := func() mat {
				y := zeros(rows, cols)
				for i, v := range x.v {
					y.v[i] = v * math.Erfc(-v/math.Sqrt2) / 2
				}
				return y
			}
			tx, y := b.put(x), b.filled(rows, cols)
			dev.GELU(y, tx)
			near(t, ref(), b.get(y), geluBound, "%dx%d", rows, cols)
			dy, start := s.normal(rows, cols, 1), s.normal(rows, cols, 1)
			dx, tdy := b.put(start), b.put(dy)
			dev.GELUBack(dx, tdy, tx)
			gradient(t, differences(s, x, dy, ref), b.get(dx), start, 2*geluBound, "dx of %dx%d", rows, cols)
			dev.GELUBack(nil, tdy, tx)
		}
		x, y := b.put(mat{1, 4, []float64{1e4, -1e4, 40, -40}}), b.filled(1, 4)
		dev.GELU(y, x)
		near(t, mat{1, 4, []float64{1e4, 0, 40, 0}}, b.get(y), geluBound, "far out")
	})
}

func refLogProb(logits mat, targets []int32, temperature float64) mat {
	lp := zeros(1, logits.rows)
	for i := range logits.rows {
		top, sum := math.Inf(-1), 0.0
		for _, v := range logits.row(i) {
			top = max(top, v)
		}
		for _, v := range logits.row(i) {
			sum += math.Exp((v - top) / temperature)
		}
		lp.v[i] = (logits.at(i, int(targets[i]))-top)/temperature - math.Log(sum)
	}
	return lp
}

func testLogProb(t *testing.T, dev tensor.Device) {
	s := newSource(14)
	layouts(t, dev, func(b *bed) {
		for _, size := range rowShapes {
			for _, temperature := range []float64{1, .5} {
				rows, cols := size[0], size[1]
				logits, targets := s.normal(rows, cols, 3), make([]int32, rows)
				for i := range targets {
					targets[i] = int32(s.IntN(cols))
				}
				for j := range logits.row(0) { // far from 0, where exp(logit) would overflow
					logits.v[j] = float64(float32(logits.v[j] + 1000))
				}
				ref := func() mat { return refLogProb(logits, targets, temperature) }
				tl, lp, lse := b.put(logits), b.filled(1, rows), b.filled(1, rows)
				dev.LogProb(lp, lse, tl, targets, float32(temperature))
				near(t, ref(), b.get(lp), logProbBound, "%dx%d", rows, cols)

				dlp, start := s.normal(1, rows, 1), s.normal(rows, cols, 1)
				if rows > 1 {
					dlp.v[1] = 0 // a token outside the mask
				}
				dl, tdlp := b.put(start), b.put(dlp)
				dev.LogProbBack(dl, tdlp, tl, lse, targets, float32(temperature))
				want := differences(s, logits, dlp, ref)
				// lse near 1000/temperature is rounded to 6e-5 in float32.
				gradient(t, want.rowsOf(1, rows), b.get(dl).rowsOf(1, rows), start.rowsOf(1, rows), logProbBack, "gradient of %dx%d", rows, cols)
				gradient(t, want.rowsOf(0, 1), b.get(dl).rowsOf(0, 1), start.rowsOf(0, 1), 3e-4, "gradient of a row near 1000")
				dev.LogProbBack(nil, tdlp, tl, lse, targets, float32(temperature))
			}
		}
	})
}

// testRowsAlone: operations on rows give a row the same bits alone.
func testRowsAlone(t *testing.T, dev tensor.Device) {
	s := newSource(15)
	b := &bed{t: t, dev: dev}
	defer b.close()
	const rows, cols = 37, 96
	x, x2, w := b.put(s.normal(rows, cols, 1)), b.put(s.normal(rows, cols, 1)), b.put(s.normal(1, cols, 1))
	cos, sin := b.put(s.normal(rows, 8, 1)), b.put(s.normal(rows, 8, 1))
	targets := make([]int32, rows)
	y, stat, stat2 := b.filled(rows, cols), b.filled(1, rows), b.filled(1, rows)
	ids, weights := make([]int32, 4*rows), make([]float32, 4*rows)
	for i := range ids {
		ids[i], weights[i] = int32(s.IntN(rows)), float32(s.NormFloat64())
	}
	for _, op := range []struct {
		name string
		run  func(from, to int)
	}{
		{"add", func(i, j int) { dev.Add(y.Slice(i, j), x.Slice(i, j), x2.Slice(i, j)) }},
		{"rmsnorm", func(i, j int) { dev.RMSNorm(y.Slice(i, j), stat.Columns(i, j), x.Slice(i, j), w, 1e-6) }},
		{"rope", func(i, j int) { dev.Rope(y.Slice(i, j), x.Slice(i, j), cos.Slice(i, j), sin.Slice(i, j)) }},
		{"swiglu", func(i, j int) { dev.SwiGLU(y.Slice(i, j), x.Slice(i, j), x2.Slice(i, j)) }},
		{"gelu", func(i, j int) { dev.GELU(y.Slice(i, j), x.Slice(i, j)) }},
		{"gelu tanh", func(i, j int) { dev.GELUTanh(y.Slice(i, j), x.Slice(i, j)) }},
		{"layernorm", func(i, j int) {
			dev.LayerNorm(y.Slice(i, j), stat.Columns(i, j), stat2.Columns(i, j), x.Slice(i, j), w, w, 1e-6)
		}},
		{"blend", func(i, j int) { dev.Blend(y.Slice(i, j), x, ids[4*i:4*j], weights[4*i:4*j]) }},
		{"logprob", func(i, j int) {
			dev.LogProb(stat.Columns(i, j), stat2.Columns(i, j), x.Slice(i, j), targets[i:j], .7)
		}},
	} {
		op.run(0, rows)
		want, wantStat, wantStat2 := b.get(y), b.get(stat), b.get(stat2)
		dev.Zero(y)
		for i := 0; i < rows; i += 3 {
			op.run(i, min(rows, i+3))
		}
		if op.name != "logprob" {
			equal(t, want, b.get(y), "%s", op.name)
		}
		equal(t, wantStat, b.get(stat), "%s", op.name)
		equal(t, wantStat2, b.get(stat2), "%s", op.name)
	}
}

func testSumSquares(t *testing.T, dev tensor.Device) {
	s := newSource(16)
	layouts(t, dev, func(b *bed) {
		for _, size := range [][2]int{{1, 1}, {3, 5}, {1, 9000}, {130, 70}, {0, 3}} {
			x := s.normal(size[0], size[1], 1)
			want := 0.0
			for _, v := range x.v {
				want += v * v
			}
			require.InDelta(t, want, dev.SumSquares(b.put(x)), sumSquaresBound*(1+want))
		}
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			x := s.normal(4, 9, 1)
			x.v[31] = v
			got := dev.SumSquares(b.put(x))
			require.True(t, math.IsNaN(got) || math.IsInf(got, 0), "sum of squares with %v is %v", v, got)
		}
		x := s.normal(1, 8, 1e30) // squares beyond float32
		require.False(t, math.IsInf(dev.SumSquares(b.put(x)), 0))
	})
}
