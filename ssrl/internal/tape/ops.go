package tape

import "ssrl/internal/tensor"

// then remembers how y hands its gradient on, if it has one.
func (t *Tape) then(y *Var, back func()) *Var {
	if y.Grad != nil {
		t.back = append(t.back, back)
	}
	return y
}

// Linear is x[m,k] w[n,k]^T + b[1,n]; b may be nil.
func (t *Tape) Linear(x, w, b *Var) *Var {
	y := t.result(x.Rows, w.Rows, wanted(x, w, b))
	t.Dev.Linear(y.Tensor, x.Tensor, w.Tensor, value(b))
	return t.then(y, func() {
		t.Dev.LinearBack(x.Grad, w.Grad, grad(b), y.Grad, x.Tensor, w.Tensor)
	})
}

// Add is a + b.
func (t *Tape) Add(a, b *Var) *Var {
	y := t.result(a.Rows, a.Cols, wanted(a, b))
	t.Dev.Add(y.Tensor, a.Tensor, b.Tensor)
	return t.then(y, func() {
		for _, v := range []*Var{a, b} {
			if v.Grad != nil {
				t.Dev.Add(v.Grad, v.Grad, y.Grad)
			}
		}
	})
}

// AddScaled is a + scale b.
func (t *Tape) AddScaled(a, b *Var, scale float32) *Var {
	y := t.result(a.Rows, a.Cols, wanted(a, b))
	t.Dev.AddScaled(y.Tensor, a.Tensor, b.Tensor, scale)
	return t.then(y, func() {
		if a.Grad != nil {
			t.Dev.Add(a.Grad, a.Grad, y.Grad)
		}
		if b.Grad != nil {
			t.Dev.AddScaled(b.Grad, b.Grad, y.Grad, scale)
		}
	})
}

// RMSNorm is x / rms(x) * w, row by row.
func (t *Tape) RMSNorm(x, w *Var, eps float32) *Var {
	y := t.result(x.Rows, x.Cols, wanted(x, w))
	rstd := t.Dev.Scratch(1, x.Rows)
	t.Dev.RMSNorm(y.Tensor, rstd, x.Tensor, w.Tensor, eps)
	return t.then(y, func() {
		t.Dev.RMSNormBack(x.Grad, w.Grad, y.Grad, x.Tensor, w.Tensor, rstd)
	})
}

// LayerNorm is (x - mean) / deviation * w + b, row by row.
func (t *Tape) LayerNorm(x, w, b *Var, eps float32) *Var {
	y := t.result(x.Rows, x.Cols, wanted(x, w, b))
	mean, rstd := t.Dev.Scratch(1, x.Rows), t.Dev.Scratch(1, x.Rows)
	t.Dev.LayerNorm(y.Tensor, mean, rstd, x.Tensor, w.Tensor, b.Tensor, eps)
	return t.then(y, func() {
		t.Dev.LayerNormBack(x.Grad, w.Grad, b.Grad, y.Grad, x.Tensor, w.Tensor, mean, rstd)
	})
}

// Rope rotates the heads of x by position; cos and sin are [rows, d/2].
func (t *Tape) Rope(x *Var, cos, sin *tensor.Tensor) *Var {
	y := t.result(x.Rows, x.Cols, wanted(x))
	t.Dev.Rope(y.Tensor, x.Tensor, cos, sin)
	return t.then(y, func() { t.Dev.RopeBack(x.Grad, y.Grad, cos, sin) })
}

// Heads says how attention splits its features.
type Heads struct {
	Query, Key int     // number of query heads and of key-value heads
	Scale      float32 // of q k^T
	Causal     bool
}

// Attend is grouped-query attention over spans.
func (t *Tape) Attend(q, k, v *Var, spans []tensor.Span, h Heads) *Var {
	y := t.result(q.Rows, q.Cols, wanted(q, k, v))
	lse := t.Dev.Scratch(q.Rows, h.Query)
	t.Dev.Attend(y.Tensor, lse, q.Tensor, k.Tensor, v.Tensor, spans, h.Query, h.Key, h.Scale, h.Causal)
	return t.then(y, func() {
		t.Dev.AttendBack(q.Grad, k.Grad, v.Grad, y.Grad, q.Tensor, k.Tensor, v.Tensor, y.Tensor, lse,
			spans, h.Query, h.Key, h.Scale, h.Causal)
	})
}

// SwiGLU is silu(gate) * up.
func (t *Tape) SwiGLU(gate, up *Var) *Var {
	y := t.result(gate.Rows, gate.Cols, wanted(gate, up))
	t.Dev.SwiGLU(y.Tensor, gate.Tensor, up.Tensor)
	return t.then(y, func() {
		t.Dev.SwiGLUBack(gate.Grad, up.Grad, y.Grad, gate.Tensor, up.Tensor)
	})
}

// GELU is x times the normal distribution function of x.
func (t *Tape) GELU(x *Var) *Var {
	y := t.result(x.Rows, x.Cols, wanted(x))
	t.Dev.GELU(y.Tensor, x.Tensor)
	return t.then(y, func() { t.Dev.GELUBack(x.Grad, y.Grad, x.Tensor) })
}

// GELUTanh is GELU by its approximation with tanh.
func (t *Tape) GELUTanh(x *Var) *Var {
	y := t.result(x.Rows, x.Cols, wanted(x))
	t.Dev.GELUTanh(y.Tensor, x.Tensor)
	return t.then(y, func() { t.Dev.GELUTanhBack(x.Grad, y.Grad, x.Tensor) })
}

// Embed gathers rows: ids[i] of table, or ^ids[i] of extra when negative.
func (t *Tape) Embed(table, extra *Var, ids []int32) *Var {
	y := t.result(len(ids), table.Cols, wanted(table, extra))
	t.Dev.Embed(y.Tensor, table.Tensor, value(extra), ids)
	return t.then(y, func() { t.Dev.EmbedBack(table.Grad, grad(extra), y.Grad, ids) })
}

// Blend sums rows of table, four to a row of the result, with weights.
func (t *Tape) Blend(table *Var, ids []int32, weights []float32) *Var {
	y := t.result(len(ids)/4, table.Cols, wanted(table))
	t.Dev.Blend(y.Tensor, table.Tensor, ids, weights)
	return t.then(y, func() { t.Dev.BlendBack(table.Grad, y.Grad, ids, weights) })
}

// AddRows is x with row i of d added to row rows[i].
func (t *Tape) AddRows(x, d *Var, rows []int32) *Var {
	y := t.result(x.Rows, x.Cols, wanted(x, d))
	t.Dev.AddRows(y.Tensor, x.Tensor, d.Tensor, rows)
	return t.then(y, func() {
		if x.Grad != nil {
			t.Dev.Add(x.Grad, x.Grad, y.Grad)
		}
		t.Dev.AddRowsBack(d.Grad, y.Grad, rows)
	})
}

// LogProb is log softmax(logits/temperature) at targets, [1, rows].
func (t *Tape) LogProb(logits *Var, targets []int32, temperature float32) *Var {
	y := t.result(1, logits.Rows, wanted(logits))
	lse := t.Dev.Scratch(1, logits.Rows)
	t.Dev.LogProb(y.Tensor, lse, logits.Tensor, targets, temperature)
	return t.then(y, func() {
		t.Dev.LogProbBack(logits.Grad, y.Grad, logits.Tensor, lse, targets, temperature)
	})
}

// Columns is a view of columns [from, to); gradients flow into the whole.
func Columns(x *Var, from, to int) *Var {
	return view(x, func(t *tensor.Tensor) *tensor.Tensor { return t.Columns(from, to) })
}

// Reshape is a view of x as rows x cols.
func Reshape(x *Var, rows, cols int) *Var {
	return view(x, func(t *tensor.Tensor) *tensor.Tensor { return t.Reshape(rows, cols) })
}

func view(x *Var, cut func(*tensor.Tensor) *tensor.Tensor) *Var {
	v := &Var{Tensor: cut(x.Tensor)}
	if x.Grad != nil {
		v.Grad = cut(x.Grad)
	}
	return v
}
