package devtest

import (
	"math"
	"testing"

	"ssrl/internal/tensor"
)

func refLayerNorm(x, w, bias mat, eps float64) mat {
	y := zeros(x.rows, x.cols)
	n := float64(x.cols)
	for i := range x.rows {
		mean, square := 0.0, 0.0
		for _, v := range x.row(i) {
			mean += v / n
		}
		for _, v := range x.row(i) {
			square += (v - mean) * (v - mean) / n
		}
		for j, v := range x.row(i) {
			y.set(i, j, (v-mean)/math.Sqrt(square+eps)*w.v[j]+bias.v[j])
		}
	}
	return y
}

func testLayerNorm(t *testing.T, dev tensor.Device) {
	s := newSource(17)
	const eps = 1e-3
	layouts(t, dev, func(b *bed) {
		for _, size := range rowShapes {
			rows, cols := size[0], size[1]
			x, w, bias := s.normal(rows, cols, 1), s.normal(1, cols, 1), s.normal(1, cols, 1)
			for j := range x.row(0) { // the mean must not eat the digits
				x.v[j] = float64(float32(x.v[j] + 3))
			}
			clear(x.row(rows - 1)) // eps alone holds this row up
			ref := func() mat { return refLayerNorm(x, w, bias, float64(float32(eps))) }
			tx, tw, tb, y := b.put(x), b.put(w), b.put(bias), b.filled(rows, cols)
			mean, rstd := b.filled(1, rows), b.filled(1, rows)
			dev.LayerNorm(y, mean, rstd, tx, tw, tb, eps)
			near(t, ref(), b.get(y), 2*normBound, "%dx%d", rows, cols)

			dy := s.normal(rows, cols, 1)
			startX, startW, startB := s.normal(rows, cols, 1), s.normal(1, cols, 1), s.normal(1, cols, 1)
			dx, dw, db, tdy := b.put(startX), b.put(startW), b.put(startB), b.put(dy)
			dev.LayerNormBack(dx, dw, db, tdy, tx, tw, mean, rstd)
			// The row of zeros has a gradient of 1/sqrt(eps) = 32 times dy w.
			gradient(t, differences(s, x, dy, ref), b.get(dx), startX, 2*normBackBound, "dx of %dx%d", rows, cols)
			gradient(t, differences(s, w, dy, ref), b.get(dw), startW, normBackBound, "dw of %dx%d", rows, cols)
			gradient(t, differences(s, bias, dy, ref), b.get(db), startB, normBackBound, "db of %dx%d", rows, cols)
			was := b.get(dx)
			dev.LayerNormBack(nil, dw, nil, tdy, tx, tw, mean, rstd)
			dev.LayerNormBack(nil, nil, db, tdy, tx, tw, mean, rstd)
			dev.LayerNormBack(nil, nil, nil, tdy, tx, tw, mean, rstd)
			equal(t, was, b.get(dx), "dx not asked for")
			dev.LayerNorm(y.Slice(0, 0), mean.Columns(0, 0), rstd.Columns(0, 0), tx.Slice(0, 0), tw, tb, eps)
		}
	})
}

func testGELUTanh(t *testing.T, dev tensor.Device) {
	s := newSource(18)
	layouts(t, dev, func(b *bed) {
		for _, size := range rowShapes {
			rows, cols := size[0], size[1]
			x := s.normal(rows, cols, 2)
			ref := func() mat {
				y := zeros(rows, cols)
				for i, v := range x.v {
					y.v[i] = v / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+.044715*v*v*v)))
				}
				return y
			}
			tx, y := b.put(x), b.filled(rows, cols)
			dev.GELUTanh(y, tx)
			near(t, ref(), b.get(y), swigluBound, "%dx%d", rows, cols)
			dy, start := s.normal(rows, cols, 1), s.normal(rows, cols, 1)
			dx, tdy := b.put(start), b.put(dy)
			dev.GELUTanhBack(dx, tdy, tx)
			gradient(t, differences(s, x, dy, ref), b.get(dx), start, 2*swigluBound, "dx of %dx%d", rows, cols)
			dev.GELUTanhBack(nil, tdy, tx)
		}
		// Far out it is x or 0 and its slope 1 or 0.
		x, y := b.put(mat{1, 6, []float64{1e4, -1e4, 40, -40, 1e20, -1e20}}), b.filled(1, 6)
		dev.GELUTanh(y, x)
		near(t, mat{1, 6, []float64{1e4, 0, 40, 0, 1e20, 0}}, b.get(y), swigluBound, "far out")
		dx, one := b.put(zeros(1, 6)), b.put(mat{1, 6, []float64{1, 1, 1, 1, 1, 1}})
		dev.GELUTanhBack(dx, one, x)
		near(t, mat{1, 6, []float64{1, 0, 1, 0, 1, 0}}, b.get(dx), swigluBound, "slope far out")
	})
}
