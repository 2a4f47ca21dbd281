package cpu

import "ssrl/internal/tensor"

// Linear is y[m,n] = x[m,k] w[n,k]^T + b[1,n]; the chain of an element starts
// from its bias.
func (d *Device) Linear(y, x, w, b *tensor.Tensor) {
	check(x.Cols == w.Cols && y.Rows == x.Rows && y.Cols == w.Rows && (b == nil || vector(b, w.Rows)),
		"linear y x w b", y, x, w, b)
	g := gemm{c: out(y), bias: in(b), zero: true, k: x.Cols}
	left := in(x)
	g.a = left.rowMajor()
	if w.Type == tensor.BF16 {
		d.half = rightHalf{inHalves(w), true}
		g.half = &d.half
		if d.rounds {
			d.roundLeft(&g, &left)
		}
	} else {
		right := in(w)
		g.b = right.transposed()
		if x.Rows > 0 {
			g.ready = d.packs.find(d.isa, w, right, true)
		}
	}
	d.product(g)
}

// LinearBack is dx += dy w, dw += dy^T x, db += the sum of dy's rows.
func (d *Device) LinearBack(dx, dw, db, dy, x, w *tensor.Tensor) {
	check(x.Cols == w.Cols && dy.Rows == x.Rows && dy.Cols == w.Rows && like(dx, x) && like(dw, w) &&
		(db == nil || vector(db, w.Rows)), "linear back dx dw db dy x w", dx, dw, db, dy, x, w)
	check(dw == nil || w.Type == tensor.F32, "linear back: gradient of bfloat16 weights", w)
	g, left := in(dy), in(x)
	if dx != nil && w.Type == tensor.BF16 {
		d.half = rightHalf{inHalves(w), false}
		d.product(gemm{c: out(dx), a: g.rowMajor(), half: &d.half, k: g.cols})
	} else if dx != nil {
		right := in(w)
		p := gemm{c: out(dx), a: g.rowMajor(), b: right.rowMajor(), k: g.cols}
		if g.rows > 0 {
			p.ready = d.packs.find(d.isa, w, right, false)
		}
		d.product(p)
	}
	if dw != nil {
		d.product(gemm{c: out(dw), a: g.transposed(), b: left.rowMajor(), k: g.rows})
	}
	if db != nil {
		d.columnSum = columnSum{d.isa, out(db), g}
		d.run(&d.columnSum, (g.cols+columnBlock-1)/columnBlock, columnBlock*g.rows)
	}
}

// columnBlock is how many columns one part of a sum over rows takes.
const columnBlock = 64

// columnSum adds the rows of x to y, first to last.
type columnSum struct {
	isa  isa
	y, x matrix
}

func (t *columnSum) do(_ *worker, from, to int) {
	left, right := from*columnBlock, min(t.x.cols, to*columnBlock)
	sum := t.y.data[left:right]
	for i := range t.x.rows {
		t.isa.add(sum, sum, t.x.row(i)[left:right])
	}
}

// Add is y = a + b.
func (d *Device) Add(y, a, b *tensor.Tensor) {
	check(same(y, a) && same(y, b), "add y a b", y, a, b)
	d.add = addTask{d.isa, out(y), in(a), in(b)}
	d.run(&d.add, y.Rows, y.Cols)
}

type addTask struct {
	isa     isa
	y, a, b matrix
}

func (t *addTask) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		t.isa.add(t.y.row(i), t.a.row(i), t.b.row(i))
	}
}

// AddScaled is y = a + scale b, the product rounded.
func (d *Device) AddScaled(y, a, b *tensor.Tensor, scale float32) {
	check(same(y, a) && same(y, b), "add scaled y a b", y, a, b)
	d.addScaled = addScaled{d.isa, out(y), in(a), in(b), scale}
	d.run(&d.addScaled, y.Rows, y.Cols)
}

type addScaled struct {
	isa     isa
	y, a, b matrix
	scale   float32
}

func (t *addScaled) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		t.isa.addScaled(t.y.row(i), t.a.row(i), t.b.row(i), t.scale)
	}
}
