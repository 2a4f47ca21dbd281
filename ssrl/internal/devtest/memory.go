package devtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/tensor"
)

func testMemory(t *testing.T, dev tensor.Device) {
	require.NotEmpty(t, dev.Name())
	s := newSource(1)
	fresh := dev.New(3, 5)
	equal(t, zeros(3, 5), download(dev, fresh), "new tensor")
	dev.Free(fresh)

	layouts(t, dev, func(b *bed) {
		for _, size := range [][2]int{{1, 1}, {3, 5}, {7, 130}} {
			m := s.normal(size[0], size[1], 1)
			a := b.put(m)
			equal(t, m, b.get(a), "upload and download")
			c := b.filled(m.rows, m.cols)
			dev.Copy(c, a)
			equal(t, m, b.get(c), "copy")
			equal(t, m.rowsOf(m.rows-1, m.rows), b.get(c.Slice(m.rows-1, m.rows)), "rows of a copy")
			dev.Zero(c)
			equal(t, zeros(m.rows, m.cols), b.get(c), "zero")
			equal(t, m, b.get(a), "source of a copy")
		}
	})
}

func testScratch(t *testing.T, dev tensor.Device) {
	s := newSource(2)
	outer := dev.Mark()
	kept := s.normal(5, 7, 1)
	a := dev.Scratch(5, 7)
	upload(dev, a, kept)
	for range 3 { // memory is used again, so it was written to before
		mark := dev.Mark()
		for _, size := range [][2]int{{1, 1}, {33, 65}, {700, 900}, {1300, 1000}, {0, 4}} {
			b := dev.Scratch(size[0], size[1])
			equal(t, zeros(size[0], size[1]), download(dev, b), "scratch tensor")
			upload(dev, b, s.normal(size[0], size[1], 1))
		}
		inner := dev.Mark()
		dev.Release(inner)
		dev.Release(mark)
		require.Equal(t, mark, dev.Mark())
	}
	equal(t, kept, download(dev, a), "scratch tensor that lives on")
	dev.Release(outer)
}

func upload(dev tensor.Device, t *tensor.Tensor, m mat) {
	x := make([]float32, len(m.v))
	for i, v := range m.v {
		x[i] = float32(v)
	}
	dev.Upload(t, x)
}

func testEmbed(t *testing.T, dev tensor.Device) {
	s := newSource(3)
	layouts(t, dev, func(b *bed) {
		for _, cols := range []int{1, 5, 64, 131} {
			table, extra := s.normal(6, cols, 1), s.normal(3, cols, 1)
			ids := []int32{5, ^0, 0, 2, ^2, 2, 2, ^0}
			y, tt, te := b.filled(len(ids), cols), b.put(table), b.put(extra)
			dev.Embed(y, tt, te, ids)
			want := zeros(len(ids), cols)
			for i, id := range ids {
				if id >= 0 {
					copy(want.row(i), table.row(int(id)))
				} else {
					copy(want.row(i), extra.row(int(^id)))
				}
			}
			equal(t, want, b.get(y), "embed")
			dev.Embed(y.Slice(0, 2), tt, nil, []int32{1, 4})
			equal(t, table.rowsOf(1, 2), b.get(y.Slice(0, 1)), "embed without extra")
			dev.Embed(y.Slice(0, 0), tt, nil, nil)

			dy := s.normal(len(ids), cols, 1)
			wantTable, wantExtra := s.normal(6, cols, 1), s.normal(3, cols, 1)
			dt, de, dyt := b.put(wantTable), b.put(wantExtra), b.put(dy)
			dev.EmbedBack(dt, de, dyt, ids)
			dev.EmbedBack(nil, nil, dyt, ids)
			for i, id := range ids {
				to := wantTable
				if id < 0 {
					to, id = wantExtra, ^id
				}
				for j, v := range dy.row(i) { // in the order of the rows, in float32
					to.set(int(id), j, float64(float32(to.at(int(id), j)+v)))
				}
			}
			near(t, wantTable, b.get(dt), embedBound, "gradient of the table")
			near(t, wantExtra, b.get(de), embedBound, "gradient of the extra rows")
			dev.EmbedBack(nil, de, dyt, ids)
			near(t, wantTable, b.get(dt), embedBound, "table without a gradient")
			dev.EmbedBack(dt, nil, dyt.Slice(2, 3), []int32{0})
		}
	})
}

// embedBound leaves room for another order of the few rows that share an id.
const embedBound = 1e-6

func testScatter(t *testing.T, dev tensor.Device) {
	s := newSource(4)
	layouts(t, dev, func(b *bed) {
		for _, cols := range []int{1, 7, 96} {
			dst, src := s.normal(9, cols, 1), s.normal(4, cols, 1)
			td, rows := b.put(dst), []int32{8, 0, 3, 4}
			dev.Scatter(td, b.put(src), rows)
			for i, r := range rows {
				copy(dst.row(int(r)), src.row(i))
			}
			equal(t, dst, b.get(td), "scatter")
			dev.Scatter(td, b.put(zeros(0, cols)), nil)
			equal(t, dst, b.get(td), "scatter of nothing")
		}
	})
}

func testBlend(t *testing.T, dev tensor.Device) {
	s := newSource(19)
	layouts(t, dev, func(b *bed) {
		for _, c := range []struct{ cols, rows, n int }{{1, 1, 1}, {7, 5, 4}, {96, 9, 4}, {130, 3, 2}, {5, 0, 4}} {
			table := s.normal(6, c.cols, 1)
			ids, weights := make([]int32, c.rows*c.n), make([]float32, c.rows*c.n)
			for i := range ids {
				ids[i], weights[i] = int32(s.IntN(6)), float32(s.NormFloat64())
			}
			ref := func() mat {
				y := zeros(c.rows, c.cols)
				for k, id := range ids {
					for j, v := range table.row(int(id)) {
						y.v[k/c.n*c.cols+j] += float64(weights[k]) * v
					}
				}
				return y
			}
			tt, y := b.put(table), b.filled(c.rows, c.cols)
			dev.Blend(y, tt, ids, weights)
			near(t, ref(), b.get(y), embedBound, "%+v", c)
			if c.rows == 0 {
				continue
			}
			dy, start := s.normal(c.rows, c.cols, 1), s.normal(6, c.cols, 1)
			dt, tdy := b.put(start), b.put(dy)
			dev.BlendBack(dt, tdy, ids, weights)
			gradient(t, differences(s, table, dy, ref), b.get(dt), start, 4*embedBound, "gradient of %+v", c)
			dev.BlendBack(nil, tdy, ids, weights)
		}
	})
}

func testAddRows(t *testing.T, dev tensor.Device) {
	s := newSource(23)
	layouts(t, dev, func(b *bed) {
		for _, cols := range []int{1, 7, 96} {
			x, d, rows := s.normal(9, cols, 1), s.normal(4, cols, 1), []int32{8, 0, 3, 4}
			want := x.copy()
			for i, r := range rows {
				for j, v := range d.row(i) {
					want.set(int(r), j, float64(float32(want.at(int(r), j)+v)))
				}
			}
			tx, td, y := b.put(x), b.put(d), b.filled(9, cols)
			dev.AddRows(y, tx, td, rows)
			equal(t, want, b.get(y), "add rows")
			dev.AddRows(tx, tx, td, rows)
			equal(t, want, b.get(tx), "in place")
			dev.AddRows(tx, y, b.put(zeros(0, cols)), nil)
			equal(t, want, b.get(tx), "no rows")

			dy, start := s.normal(9, cols, 1), s.normal(4, cols, 1)
			dd, tdy := b.put(start), b.put(dy)
			dev.AddRowsBack(dd, tdy, rows)
			dev.AddRowsBack(nil, tdy, rows)
			for i, r := range rows {
				for j := range cols {
					start.set(i, j, float64(float32(start.at(i, j)+dy.at(int(r), j))))
				}
			}
			equal(t, start, b.get(dd), "gradient")
		}
	})
}
