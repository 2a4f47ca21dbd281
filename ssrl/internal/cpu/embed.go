package cpu

import (
	"fmt"

	"ssrl/internal/tensor"
)

// Embed copies row ids[i] of table, or row ^ids[i] of extra when ids[i] < 0, to
// row i of y.
func (d *Device) Embed(y, table, extra *tensor.Tensor, ids []int32) {
	checkEmbed("embed y table extra", y, table, extra, ids)
	values, half := either(table)
	d.embed = embed{d.isa, out(y), values, in(extra), half, ids}
	d.run(&d.embed, len(ids), y.Cols)
}

func checkEmbed(op string, y, table, extra *tensor.Tensor, ids []int32) {
	n := 0
	if extra != nil {
		n = extra.Rows
	}
	check(len(ids) == y.Rows && y.Cols == table.Cols && (extra == nil || extra.Cols == y.Cols), op, y, table, extra)
	for i, id := range ids {
		if int(id) >= table.Rows || int(^id) >= n {
			panic(fmt.Sprintf("cpu: %s: id %d at %d of %d and %d rows", op, id, i, table.Rows, n))
		}
	}
}

type embed struct {
	isa             isa
	y, table, extra matrix
	half            halves
	ids             []int32
}

func (t *embed) do(_ *worker, from, to int) {
	for i := from; i < to; i++ {
		if id := t.ids[i]; id >= 0 {
			t.isa.tableRow(t.y.row(i), &t.table, &t.half, int(id))
		} else {
			copy(t.y.row(i), t.extra.row(int(^id)))
		}
	}
}

// EmbedBack adds the rows of dy, first to last, to the rows that they came from.
func (d *Device) EmbedBack(dtable, dextra, dy *tensor.Tensor, ids []int32) {
	check(len(ids) == dy.Rows && (dtable == nil || dtable.Cols == dy.Cols) && (dextra == nil || dextra.Cols == dy.Cols),
		"embed back dtable dextra dy", dtable, dextra, dy)
	for i, id := range ids {
		if dtable != nil && int(id) >= dtable.Rows || dextra != nil && int(^id) >= dextra.Rows {
			panic(fmt.Sprintf("cpu: embed back: id %d at %d of %v and %v", id, i, dtable, dextra))
		}
	}
	if dtable == nil && dextra == nil {
		return
	}
	d.embedBack = embedBack{d.isa, out(dtable), out(dextra), in(dy), ids}
	d.run(&d.embedBack, (dy.Cols+columnBlock-1)/columnBlock, columnBlock*dy.Rows)
}

type embedBack struct {
	isa                isa
	dtable, dextra, dy matrix
	ids                []int32
}

func (t *embedBack) do(_ *worker, from, to int) {
	left, right := from*columnBlock, min(t.dy.cols, to*columnBlock)
	for i, id := range t.ids {
		m := &t.dtable
		if id < 0 {
			m, id = &t.dextra, ^id
		}
		if !m.given() {
			continue
		}
		sum := m.row(int(id))[left:right]
		t.isa.add(sum, sum, t.dy.row(i)[left:right])
	}
}

// Scatter copies row i of src to row rows[i] of dst.
func (d *Device) Scatter(dst, src *tensor.Tensor, rows []int32) {
	check(len(rows) == src.Rows && dst.Cols == src.Cols, "scatter dst src", dst, src)
	checkRows("scatter", rows, dst.Rows)
	to, from := out(dst), in(src)
	for i, r := range rows {
		copy(to.row(int(r)), from.row(i))
	}
}
