package tensor

// Span lets query rows [Q, Q+N) see key rows: first all of [Prefix,
// Prefix+PrefixN), then [K, K+KN). When causal, query row i of the span sees
// only the first KN-N+i+1 of its own keys, so that the last query sees all.
// Reductions run over the keys in this order, whatever else is in the call.
//
// With Pages the keys lie elsewhere, in the same order: the first PageRows of
// them are those from row PageRows*Pages[0] on, and so on. Prefix and K then mean
// nothing; PrefixN is how many keys other spans may share. AttendBack takes none.
type Span struct {
	Q, N            int
	Prefix, PrefixN int
	K, KN           int
	Pages           []int32
}

// PageRows is the number of keys in a page.
const PageRows = 32

// Run returns the row of the span's key j and how many keys from it on, at most
// n, lie in consecutive rows.
func (s *Span) Run(j, n int) (row, length int) {
	switch {
	case s.Pages != nil:
		in := j % PageRows
		return int(s.Pages[j/PageRows])*PageRows + in, min(n, PageRows-in)
	case j < s.PrefixN:
		return s.Prefix + j, min(n, s.PrefixN-j)
	}
	return s.K + j - s.PrefixN, n
}

// Within reports whether the span's keys lie in rows rows and its queries in queries.
func (s *Span) Within(queries, rows int) bool {
	ok := s.Q >= 0 && s.N >= 0 && s.Q+s.N <= queries && s.PrefixN >= 0 && s.KN >= 0
	if s.Pages == nil {
		return ok && s.Prefix >= 0 && s.Prefix+s.PrefixN <= rows && s.K >= 0 && s.K+s.KN <= rows
	}
	for i := 0; ok && i*PageRows < s.PrefixN+s.KN; i++ {
		used := min(PageRows, s.PrefixN+s.KN-i*PageRows)
		ok = i < len(s.Pages) && s.Pages[i] >= 0 && int(s.Pages[i])*PageRows+used <= rows
	}
	return ok
}

// AdamW holds the numbers of one optimiser step (torch.optim.AdamW):
// p = p(1-LR*Decay); m = B1 m + (1-B1) g; v = B2 v + (1-B2) g^2;
// p -= LR/(1-B1^Step) * m / (sqrt(v)/sqrt(1-B2^Step) + Eps), with g scaled by GradScale first.
type AdamW struct {
	LR, B1, B2, Eps, Decay float64
	Step                   int // from 1
	GradScale              float32
}

// Device computes. One call at a time.
//
// Rules that every device keeps:
//   - A row of a result depends on the same row of the inputs (and the keys of
//     its span), bit for bit: never on how many other rows the call has, nor on
//     the number of threads. Training and generation agree exactly because of it.
//   - Gradients (d...) are added to, never overwritten; a nil gradient is skipped.
//     Other results are overwritten. Results must not overlap inputs unless said.
//   - Wrong shapes are a bug of the caller and panic with the shapes.
//
// Shapes are written [rows, columns]; vectors have one row.
type Device interface {
	Name() string

	// New returns a zeroed tensor that lives until Free.
	New(rows, cols int) *Tensor
	// NewBF16 is New for weights in bfloat16: the w of Linear, and of LinearBack
	// when dw is nil, and the table of Embed and Blend. Upload rounds them,
	// Download widens; Copy wants the same type on both sides.
	NewBF16(rows, cols int) *Tensor
	Free(t *Tensor)
	// Scratch returns a zeroed tensor that lives until Release of an earlier Mark.
	Scratch(rows, cols int) *Tensor
	// Raw is Scratch for a result that is about to be overwritten: it holds anything.
	Raw(rows, cols int) *Tensor
	Mark() int
	Release(mark int)

	Upload(dst *Tensor, src []float32)   // src: dst.Len() values, row by row
	Download(dst []float32, src *Tensor) // the reverse
	Zero(dst *Tensor)
	Copy(dst, src *Tensor) // same shape

	// Linear: y[m,n] = x[m,k] w[n,k]^T + b[1,n]; b may be nil.
	Linear(y, x, w, b *Tensor)
	LinearBack(dx, dw, db, dy, x, w *Tensor)
	// Add: y = a + b. y may be a or b.
	Add(y, a, b *Tensor)
	// AddScaled: y = a + scale b. y may be a or b.
	AddScaled(y, a, b *Tensor, scale float32)

	// RMSNorm: y = x * rstd * w, rstd[1,rows] = 1/sqrt(mean(x^2)+eps).
	RMSNorm(y, rstd, x, w *Tensor, eps float32)
	RMSNormBack(dx, dw, dy, x, w, rstd *Tensor)

	// LayerNorm: y = (x-mean) * rstd * w + b, mean[1,rows] of x and
	// rstd[1,rows] = 1/sqrt(mean((x-mean)^2)+eps).
	LayerNorm(y, mean, rstd, x, w, b *Tensor, eps float32)
	LayerNormBack(dx, dw, db, dy, x, w, mean, rstd *Tensor)

	// Rope rotates every head of x: pair (j, j+d/2) by the angle whose cosine
	// and sine are cos[rows,d/2] and sin[rows,d/2]; heads = x.Cols/d. y may be x.
	Rope(y, x, cos, sin *Tensor)
	RopeBack(dx, dy, cos, sin *Tensor)

	// Attend: o[Q, heads*d] = softmax(scale q k^T) v per span and head, lse[Q, heads]
	// the log of the softmax's denominator. q[Q, heads*d], k and v[K, kvHeads*d];
	// query head h reads key head h/(heads/kvHeads). Spans do not share query rows.
	Attend(o, lse, q, k, v *Tensor, spans []Span, heads, kvHeads int, scale float32, causal bool)
	AttendBack(dq, dk, dv, do, q, k, v, o, lse *Tensor, spans []Span, heads, kvHeads int, scale float32, causal bool)

	// SwiGLU: y = silu(gate) * up.
	SwiGLU(y, gate, up *Tensor)
	SwiGLUBack(dgate, dup, dy, gate, up *Tensor)
	// GELU: y = x Phi(x), the exact one.
	GELU(y, x *Tensor)
	GELUBack(dx, dy, x *Tensor)
	// GELUTanh: y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
	GELUTanh(y, x *Tensor)
	GELUTanhBack(dx, dy, x *Tensor)

	// Embed: row i of y is row ids[i] of table, or row ^ids[i] of extra when
	// ids[i] < 0. extra may be nil. With a table of activations it gathers rows.
	Embed(y, table, extra *Tensor, ids []int32)
	EmbedBack(dtable, dextra, dy *Tensor, ids []int32)
	// Blend: row i of y is the sum, in order, of weights[i*n+k] times row
	// ids[i*n+k] of table, n = len(ids)/y.Rows.
	Blend(y, table *Tensor, ids []int32, weights []float32)
	BlendBack(dtable, dy *Tensor, ids []int32, weights []float32)
	// AddRows: y = x, with row i of d added to row rows[i], each named once. y may be x.
	AddRows(y, x, d *Tensor, rows []int32)
	// AddRowsBack: row i of dd += row rows[i] of dy. The gradient of x is dy.
	AddRowsBack(dd, dy *Tensor, rows []int32)
	// Scatter: row rows[i] of dst = row i of src. It fills key-value caches and
	// has no gradient.
	Scatter(dst, src *Tensor, rows []int32)

	// LogProb: lp[1,rows] = log softmax(logits/temperature) at targets, natural log;
	// lse[1,rows] is the logarithm of the denominator, for LogProbBack.
	LogProb(lp, lse, logits *Tensor, targets []int32, temperature float32)
	// LogProbBack: dlogits += dlp * (onehot - softmax) / temperature.
	LogProbBack(dlogits, dlp, logits, lse *Tensor, targets []int32, temperature float32)

	// SumSquares returns the sum of squares of x in float64; not finite if x is not.
	SumSquares(x *Tensor) float64
	// AdamW updates p, m and v in place from the gradient g.
	AdamW(p, m, v, g *Tensor, a AdamW)
}

// Mapper is a Device that computes with bfloat16 weights where they lie.
type Mapper interface {
	// MapBF16 returns a tensor over raw, little-endian and row-major, without
	// copying, or nil if raw is not aligned for it. raw is only read, and must stay until Free.
	MapBF16(rows, cols int, raw []byte) *Tensor
}

// Counter is a Device that knows what its products (Linear and LinearBack) took
// so far: multiplications and additions, and seconds.
type Counter interface {
	Products() (flops, seconds float64)
}

// Rounder is a Device that computes as in bfloat16. A language model hands its
// rotary tables to it; the vision tower's stay float32.
type Rounder interface {
	RoundTables(cos, sin *Tensor)
}
