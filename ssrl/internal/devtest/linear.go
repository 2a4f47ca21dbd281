package devtest

import (
	"testing"

	"ssrl/internal/tensor"
)

// linearBound covers a chain of k <= 700 rounded products of normal deviates,
// scaled to a result of about 1: the error grows as sqrt(k) eps.
const linearBound = 4e-6

// linearShapes are m, n, k.
var linearShapes = []struct {
	name    string
	m, n, k int
}{
	{"one", 1, 1, 1},
	{"a row", 1, 33, 7},
	{"a column", 19, 1, 5},
	{"odd", 7, 13, 11},
	{"one more than a tile", 15, 33, 17},
	{"one less than a tile", 13, 31, 16},
	{"several tiles", 37, 101, 70},
	{"longer than a block", 6, 40, 300},
	{"wider than a block", 3, 700, 20},
	{"taller than a block", 150, 20, 9},
	{"larger than a block in all", 70, 530, 530},
}

func refLinear(x, w, b mat) mat {
	y := zeros(x.rows, w.rows)
	for i := range y.rows {
		for j := range y.cols {
			sum := 0.0
			if b.v != nil {
				sum = b.v[j]
			}
			for p, v := range x.row(i) {
				sum += v * w.at(j, p)
			}
			y.set(i, j, sum)
		}
	}
	return y
}

func testLinear(t *testing.T, dev tensor.Device) {
	s := newSource(5)
	for _, c := range linearShapes {
		t.Run(c.name, func(t *testing.T) {
			layouts(t, dev, func(b *bed) {
				scale := 1 / sqrt(c.k)
				x, w, bias := s.normal(c.m, c.k, 1), s.normal(c.n, c.k, scale), s.normal(1, c.n, 1)
				tx, tw, tb, y := b.put(x), b.put(w), b.put(bias), b.filled(c.m, c.n)
				dev.Linear(y, tx, tw, tb)
				near(t, refLinear(x, w, bias), b.get(y), linearBound, "with bias")
				dev.Linear(y, tx, tw, nil)
				near(t, refLinear(x, w, mat{}), b.get(y), linearBound, "without bias")
				dev.Linear(y.Slice(0, 0), tx.Slice(0, 0), tw, tb)
				linearBack(t, b, s, x, w, tx, tw)
			})
		})
	}
}

// linearBack compares with dx = dy w, dw = dy^T x and db = sum(dy), all of
// which are products again.
func linearBack(t *testing.T, b *bed, s source, x, w mat, tx, tw *tensor.Tensor) {
	dy := s.normal(x.rows, w.rows, 1)
	startX, startW, startB := s.normal(x.rows, x.cols, 1), s.normal(w.rows, w.cols, 1), s.normal(1, w.rows, 1)
	dx, dw, db, tdy := b.put(startX), b.put(startW), b.put(startB), b.put(dy)
	b.dev.LinearBack(dx, dw, db, tdy, tx, tw)

	wantX, wantW, wantB := startX.copy(), startW.copy(), startB.copy()
	for i := range dy.rows {
		for j, g := range dy.row(i) {
			wantB.v[j] += g
			for p := range x.cols {
				wantX.v[i*x.cols+p] += g * w.at(j, p)
				wantW.v[j*x.cols+p] += g * x.at(i, p)
			}
		}
	}
	near(t, wantX, b.get(dx), linearBound*sqrt(w.rows)/sqrt(w.cols)+linearBound, "dx")
	near(t, wantW, b.get(dw), linearBound*(1+sqrt(x.rows)), "dw")
	near(t, wantB, b.get(db), linearBound*(1+sqrt(x.rows)), "db")
	hadX, hadW := b.get(dx), b.get(dw)
	b.dev.LinearBack(nil, nil, nil, tdy, tx, tw)
	b.dev.LinearBack(nil, nil, db, tdy, tx, tw)
	equal(t, hadX, b.get(dx), "dx not asked for")
	equal(t, hadW, b.get(dw), "dw not asked for")
}

// testLinearRows: a row's result has the same bits alone and among any number
// of others, whatever surrounds it.
func testLinearRows(t *testing.T, dev tensor.Device) {
	s := newSource(6)
	for _, c := range []struct {
		name string
		n, k int
	}{{"small", 9, 5}, {"a tile", 32, 64}, {"odd", 71, 129}, {"long", 130, 600}} {
		t.Run(c.name, func(t *testing.T) {
			b := &bed{t: t, dev: dev}
			defer b.close()
			const most = 40
			x, w, bias := s.normal(most, c.k, 1), s.normal(c.n, c.k, 1), s.normal(1, c.n, 1)
			dy := s.normal(most, c.n, 1)
			tx, tw, tb, tdy := b.put(x), b.put(w), b.put(bias), b.put(dy)
			all, allX := b.filled(most, c.n), b.put(zeros(most, c.k))
			dev.Linear(all, tx, tw, tb)
			dev.LinearBack(allX, nil, nil, tdy, tx, tw)
			want, wantX := b.get(all), b.get(allX)
			y, dx := b.filled(most, c.n), b.put(zeros(most, c.k))
			for m := 1; m <= most; m++ {
				from := (most - m) / 2
				part, partX := y.Slice(0, m), dx.Slice(0, m)
				dev.Linear(part, tx.Slice(from, from+m), tw, tb)
				equal(t, want.rowsOf(from, from+m), b.get(part), "%d rows", m)
				dev.Zero(partX)
				dev.LinearBack(partX, nil, nil, tdy.Slice(from, from+m), tx.Slice(from, from+m), tw)
				equal(t, wantX.rowsOf(from, from+m), b.get(partX), "dx of %d rows", m)
			}
			// Fewer columns: an output does not depend on its neighbours either.
			half := b.filled(most, c.n/2)
			dev.Linear(half, tx, tw.Slice(c.n-c.n/2, c.n), tb.Columns(c.n-c.n/2, c.n))
			got := b.get(half)
			for i := range most {
				equal(t, mat{1, c.n / 2, want.row(i)[c.n-c.n/2:]}, got.rowsOf(i, i+1), "columns of row %d", i)
			}
		})
	}
}

// testLinearSeesNewWeights: whatever a device keeps of a weight is renewed by
// every way of writing to it.
func testLinearSeesNewWeights(t *testing.T, dev tensor.Device) {
	s := newSource(7)
	b := &bed{t: t, dev: dev}
	defer b.close()
	const m, n, k = 3, 40, 20
	x, y := s.normal(m, k, 1), b.filled(m, n)
	tx := b.put(x)
	w := b.put(s.normal(n, k, .2))
	other := b.put(s.normal(n, k, .2))
	same := func(what string) {
		t.Helper()
		dev.Linear(y, tx, w, nil)
		near(t, refLinear(x, b.get(w), mat{}), b.get(y), linearBound, "%s", what)
	}
	same("first")
	upload(dev, w, s.normal(n, k, .2))
	same("upload")
	upload(dev, w.Slice(3, 4), s.normal(1, k, .2))
	same("upload of a row")
	dev.Copy(w, other)
	same("copy")
	dev.Copy(w.Columns(5, 6), other.Columns(0, 1))
	same("copy of a column")
	dev.Add(w, w, other)
	same("add")
	dev.Scatter(w, other.Slice(0, 2), []int32{7, 39})
	same("scatter")
	dev.Embed(w.Slice(0, 2), other, nil, []int32{9, 8})
	same("embed")
	dev.Linear(w, b.put(s.normal(n, 4, .2)), b.put(s.normal(k, 4, .2)), nil)
	same("linear")
	dev.AdamW(w, b.put(zeros(n, k)), b.put(zeros(n, k)), other, tensor.AdamW{LR: .1, B1: .9, B2: .99, Eps: 1e-8, Step: 1, GradScale: 1})
	same("adamw")
	dev.LinearBack(nil, w, nil, b.put(s.normal(m, n, .2)), tx, other)
	same("linear back")
	dev.Zero(w)
	same("zero")
	dev.Linear(y.Columns(3, 17), tx, w.Slice(3, 17), nil)
	near(t, zeros(m, 14), b.get(y.Columns(3, 17)), 0, "rows of a weight")
}

// addScaledBound leaves room for a fused product.
const addScaledBound = 2e-7

func testAdd(t *testing.T, dev tensor.Device) {
	s := newSource(8)
	layouts(t, dev, func(b *bed) {
		for _, size := range [][2]int{{1, 1}, {3, 5}, {17, 129}} {
			x, y := s.normal(size[0], size[1], 1), s.normal(size[0], size[1], 1)
			want := zeros(x.rows, x.cols)
			for i := range want.v {
				want.v[i] = float64(float32(x.v[i]) + float32(y.v[i]))
			}
			tx, ty, sum := b.put(x), b.put(y), b.filled(x.rows, x.cols)
			dev.Add(sum, tx, ty)
			equal(t, want, b.get(sum), "a + b")
			dev.Add(tx, tx, ty)
			equal(t, want, b.get(tx), "a += b")
			dev.Copy(tx, b.put(x))
			dev.Add(ty, tx, ty)
			equal(t, want, b.get(ty), "b += a")
			dev.AddScaled(sum, tx, ty, -1.5)
			for i := range want.v {
				want.v[i] = float64(float32(x.v[i]) + float32(-1.5*float32(b.get(ty).v[i])))
			}
			near(t, want, b.get(sum), addScaledBound, "a - 1.5 b")
			was := b.get(sum)
			dev.Copy(sum, ty)
			dev.AddScaled(sum, tx, sum, -1.5)
			equal(t, was, b.get(sum), "b = a - 1.5 b")
			dev.Add(tx, tx, tx)
			for i, v := range x.v {
				want.v[i] = 2 * v
			}
			equal(t, want, b.get(tx), "a += a")
		}
	})
}
