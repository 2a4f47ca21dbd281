package tape

import "ssrl/internal/tensor"

// Linear is x[m,k] w[n,k]^T + b[1,n]; b may be nil.
func (t *Tape) Linear(x, w, b *Var) *Var {
	y := t.result(x.Rows, w.Rows, x, w, b)
	t.Dev.Linear(y.Tensor, x.Tensor, w.Tensor, value(b))
	return t.then("Linear", y, func() {
		t.Dev.LinearBack(t.into(x), t.into(w), t.into(b), y.Grad, x.Tensor, w.Tensor)
	})
}

// Add is a + b.
func (t *Tape) Add(a, b *Var) *Var {
	// On the way back a and b may share the gradient of the sum instead of copies,
	// if a has none yet and what made b goes back next and does not add to a's.
	apart := a != b && a.whole == nil && b.whole == nil && b.op > 0 && b.op == len(t.ops) && a.used < b.op
	y := t.result(a.Rows, a.Cols, a, b)
	t.Dev.Add(y.Tensor, a.Tensor, b.Tensor)
	return t.then("Add", y, func() {
		if apart && a.wanted && a.Grad == nil && b.Grad == nil {
			a.Grad, b.Grad, b.borrowed, y.Grad = y.Grad, y.Grad, true, nil
			return
		}
		t.add(a, y.Grad)
		t.add(b, y.Grad)
	})
}

// add adds g to the gradient of v, if it is wanted.
func (t *Tape) add(v *Var, g *tensor.Tensor) {
	if into := t.into(v); into != nil {
		t.Dev.Add(into, into, g)
	}
}

// AddScaled is a + scale b.
func (t *Tape) AddScaled(a, b *Var, scale float32) *Var {
	y := t.result(a.Rows, a.Cols, a, b)
	t.Dev.AddScaled(y.Tensor, a.Tensor, b.Tensor, scale)
	return t.then("AddScaled", y, func() {
		t.add(a, y.Grad)
		if into := t.into(b); into != nil {
			t.Dev.AddScaled(into, into, y.Grad, scale)
		}
	})
}

// RMSNorm is x / rms(x) * w, row by row.
func (t *Tape) RMSNorm(x, w *Var, eps float32) *Var {
	y := t.result(x.Rows, x.Cols, x, w)
	rstd := t.Dev.Raw(1, x.Rows)
	t.Dev.RMSNorm(y.Tensor, rstd, x.Tensor, w.Tensor, eps)
	return t.then("RMSNorm", y, func() {
		t.Dev.RMSNormBack(t.into(x), t.into(w), y.Grad, x.Tensor, w.Tensor, rstd)
	})
}

// LayerNorm is (x - mean) / deviation * w + b, row by row.
func (t *Tape) LayerNorm(x, w, b *Var, eps float32) *Var {
	y := t.result(x.Rows, x.Cols, x, w, b)
	mean, rstd := t.Dev.Raw(1, x.Rows), t.Dev.Raw(1, x.Rows)
	t.Dev.LayerNorm(y.Tensor, mean, rstd, x.Tensor, w.Tensor, b.Tensor, eps)
	return t.then("LayerNorm", y, func() {
		t.Dev.LayerNormBack(t.into(x), t.into(w), t.into(b), y.Grad, x.Tensor, w.Tensor, mean, rstd)
	})
}

// Rope rotates the heads of x by position; cos and sin are [rows, d/2].
func (t *Tape) Rope(x *Var, cos, sin *tensor.Tensor) *Var {
	y := t.result(x.Rows, x.Cols, x)
	t.Dev.Rope(y.Tensor, x.Tensor, cos, sin)
	return t.then("Rope", y, func() { t.Dev.RopeBack(t.into(x), y.Grad, cos, sin) })
}

// Heads says how attention splits its features.
type Heads struct {
	Query, Key int     // number of query heads and of key-value heads
	Scale      float32 // of q k^T
	Causal     bool
}

// Attend is grouped-query attention over spans.
func (t *Tape) Attend(q, k, v *Var, spans []tensor.Span, h Heads) *Var {
	y := t.result(q.Rows, q.Cols, q, k, v)
	lse := t.Dev.Raw(q.Rows, h.Query)
	t.Dev.Attend(y.Tensor, lse, q.Tensor, k.Tensor, v.Tensor, spans, h.Query, h.Key, h.Scale, h.Causal)
	return t.then("Attend", y, func() {
		t.Dev.AttendBack(t.into(q), t.into(k), t.into(v), y.Grad, q.Tensor, k.Tensor, v.Tensor, y.Tensor, lse,
			spans, h.Query, h.Key, h.Scale, h.Causal)
	})
}

// SwiGLU is silu(gate) * up.
func (t *Tape) SwiGLU(gate, up *Var) *Var {
	y := t.result(gate.Rows, gate.Cols, gate, up)
	t.Dev.SwiGLU(y.Tensor, gate.Tensor, up.Tensor)
	return t.then("SwiGLU", y, func() {
		t.Dev.SwiGLUBack(t.into(gate), t.into(up), y.Grad, gate.Tensor, up.Tensor)
	})
}

// GELU is x times the normal distribution function of x.
func (t *Tape) GELU(x *Var) *Var {
	y := t.result(x.Rows, x.Cols, x)
	t.Dev.GELU(y.Tensor, x.Tensor)
	return t.then("GELU", y, func() { t.Dev.GELUBack(t.into(x), y.Grad, x.Tensor) })
}

// GELUTanh is GELU by its approximation with tanh.
func (t *Tape) GELUTanh(x *Var) *Var {
	y := t.result(x.Rows, x.Cols, x)
	t.Dev.GELUTanh(y.Tensor, x.Tensor)
	return t.then("GELUTanh", y, func() { t.Dev.GELUTanhBack(t.into(x), y.Grad, x.Tensor) })
}

// Embed gathers rows: ids[i] of table, or ^ids[i] of extra when negative.
func (t *Tape) Embed(table, extra *Var, ids []int32) *Var {
	y := t.result(len(ids), table.Cols, table, extra)
	t.Dev.Embed(y.Tensor, table.Tensor, value(extra), ids)
	return t.then("Embed", y, func() { t.Dev.EmbedBack(t.into(table), t.into(extra), y.Grad, ids) })
}

// Blend sums rows of table, four to a row of the result, with weights.
func (t *Tape) Blend(table *Var, ids []int32, weights []float32) *Var {
	y := t.result(len(ids)/4, table.Cols, table)
	t.Dev.Blend(y.Tensor, table.Tensor, ids, weights)
	return t.then("Blend", y, func() { t.Dev.BlendBack(t.into(table), y.Grad, ids, weights) })
}

// AddRows is x with row i of d added to row rows[i].
func (t *Tape) AddRows(x, d *Var, rows []int32) *Var {
	y := t.result(x.Rows, x.Cols, x, d)
	t.Dev.AddRows(y.Tensor, x.Tensor, d.Tensor, rows)
	return t.then("AddRows", y, func() {
		t.add(x, y.Grad)
		t.Dev.AddRowsBack(t.into(d), y.Grad, rows)
	})
}

// LogProb is log softmax(logits/temperature) at targets, [1, rows].
func (t *Tape) LogProb(logits *Var, targets []int32, temperature float32) *Var {
	y := t.result(1, logits.Rows, logits)
	lse := t.Dev.Raw(1, logits.Rows)
	t.Dev.LogProb(y.Tensor, lse, logits.Tensor, targets, temperature)
	return t.then("LogProb", y, func() {
		t.Dev.LogProbBack(t.into(logits), y.Grad, logits.Tensor, lse, targets, temperature)
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
	return &Var{Tensor: cut(x.Tensor), whole: x, cut: cut}
}
