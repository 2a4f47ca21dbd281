package cpu

import (
	"fmt"

	"ssrl/internal/tensor"
)

// Blend makes each row of y of len(ids)/y.Rows rows of table.
func (d *Device) Blend(y, table *tensor.Tensor, ids []int32, weights []float32) {
	n := checkBlend("blend y table", y, table, ids, weights)
	values, half := either(table)
	d.blend = blend{isa: d.isa, y: out(y), table: values, half: half, ids: ids, weights: weights, n: n}
	d.run(&d.blend, y.Rows, n*y.Cols)
}

// BlendBack adds the rows of dy, first to last, to the rows that they were made
// of.
func (d *Device) BlendBack(dtable, dy *tensor.Tensor, ids []int32, weights []float32) {
	if dtable == nil {
		return
	}
	n := checkBlend("blend back dy dtable", dy, dtable, ids, weights)
	d.blendBack = blendBack{blend{y: in(dy), table: out(dtable), ids: ids, weights: weights, n: n}}
	d.run(&d.blendBack, (dy.Cols+columnBlock-1)/columnBlock, n*columnBlock*dy.Rows)
}

// checkBlend returns how many rows of the table make a row.
func checkBlend(op string, y, table *tensor.Tensor, ids []int32, weights []float32) (n int) {
	if y.Rows > 0 {
		n = len(ids) / y.Rows
	}
	check(y.Cols == table.Cols && len(ids) == n*y.Rows && len(weights) == len(ids), op, y, table)
	for i, id := range ids {
		if id < 0 || int(id) >= table.Rows {
			panic(fmt.Sprintf("cpu: %s: id %d at %d of %d rows", op, id, i, table.Rows))
		}
	}
	return n
}

type blend struct {
	isa      isa
	y, table matrix
	half     halves
	ids      []int32
	weights  []float32
	n        int
}

func (t *blend) do(w *worker, from, to int) {
	row := grow(&w.rows, t.y.cols)
	for i := from; i < to; i++ {
		y := t.y.row(i)
		clear(y)
		for k := i * t.n; k < (i+1)*t.n; k++ {
			share := t.weights[k]
			t.isa.tableRow(row, &t.table, &t.half, int(t.ids[k]))
			t.isa.addScaled(y, y, row, share)
		}
	}
}

type blendBack struct{ blend }

func (t *blendBack) do(_ *worker, from, to int) {
	left, right := from*columnBlock, min(t.y.cols, to*columnBlock)
	for k, id := range t.ids {
		dy, w := t.y.row(k / t.n)[left:right], t.weights[k]
		for j, v := range t.table.row(int(id))[left:right] {
			t.table.row(int(id))[left+j] = v + float32(w*dy[j])
		}
	}
}

// AddRows is y = x with row i of d added to row rows[i].
func (d *Device) AddRows(y, x, s *tensor.Tensor, rows []int32) {
	check(same(y, x) && s.Cols == x.Cols && len(rows) == s.Rows, "add rows y x d", y, x, s)
	checkRows("add rows", rows, x.Rows)
	if *y != *x {
		d.Copy(y, x)
	}
	to, from := out(y), in(s)
	for i, r := range rows {
		row := to.row(int(r))
		d.isa.add(row, row, from.row(i))
	}
}

// AddRowsBack adds row rows[i] of dy to row i of dd.
func (d *Device) AddRowsBack(dd, dy *tensor.Tensor, rows []int32) {
	if dd == nil {
		return
	}
	check(dd.Cols == dy.Cols && len(rows) == dd.Rows, "add rows back dd dy", dd, dy)
	checkRows("add rows back", rows, dy.Rows)
	to, from := out(dd), in(dy)
	for i, r := range rows {
		row := to.row(i)
		d.isa.add(row, row, from.row(int(r)))
	}
}

func checkRows(op string, rows []int32, n int) {
	for i, r := range rows {
		if r < 0 || int(r) >= n {
			panic(fmt.Sprintf("cpu: %s: row %d at %d of %d rows", op, r, i, n))
		}
	}
}
