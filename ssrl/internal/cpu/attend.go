package cpu

import (
	"fmt"
	"math"
	"slices"

	"ssrl/internal/tensor"
)

// Attention of one span and key head:
//
//  1. Keys and values are packed in the order in which they count, the prefix
//     first, so nothing after that knows where a key came from.
//  2. Scores of a tile of query rows are one product; each row then takes its own
//     largest score, exponentials and their sum (isa.sum over the keys it sees).
//  3. Outputs are one chain over the keys of a row. The rows of a tile go together:
//     a key that a row does not see has a share of 0 in it, which leaves the chain
//     as it is. Where such a key's values are not finite, rows go one by one.
//
// A row's result so depends on its own keys and their order only.

// attendTile is the number of scores that a tile holds, about: 256 KiB.
const attendTile = 1 << 16

// attendRows is how many query rows are worth packing the keys again for.
const attendRows = 256

// sight is the attention of some query rows of a span to one key head.
type sight struct {
	tensor.Span
	kvHead   int
	from, to int // query rows within the span
}

// attention is what both directions share.
type attention struct {
	isa            isa
	q, k, v        matrix
	o, lse         matrix
	spans          []tensor.Span
	heads, kvHeads int
	dim            int
	scale          float32
	causal         bool
	most           int // keys of the span that has most
	work           int // multiply-adds of all scores, if all were visible
}

// visible returns how many keys, prefix included, query row i of s sees.
func (t *attention) visible(s *tensor.Span, i int) int {
	own := s.KN
	if t.causal {
		own = max(0, s.KN-s.N+i+1)
	}
	return s.PrefixN + own
}

func (d *Device) attention(op string, q, k, v, o, lse *tensor.Tensor, spans []tensor.Span,
	heads, kvHeads int, scale float32, causal bool) attention {
	ok := heads > 0 && kvHeads > 0 && heads%kvHeads == 0 && q.Cols%heads == 0
	ok = ok && same(o, q) && same(k, v) && k.Cols == q.Cols/heads*kvHeads && lse.Rows == q.Rows && lse.Cols == heads
	if !ok {
		check(false, fmt.Sprintf("%s with %d heads on %d, o lse q k v", op, heads, kvHeads), o, lse, q, k, v)
	}
	for _, s := range spans {
		if !s.Within(q.Rows, k.Rows) {
			panic(fmt.Sprintf("cpu: %s: span %+v of %d queries and %d keys", op, s, q.Rows, k.Rows))
		}
	}
	t := attention{isa: d.isa, q: in(q), k: in(k), v: in(v), spans: spans,
		heads: heads, kvHeads: kvHeads, dim: q.Cols / heads, scale: scale, causal: causal}
	for _, s := range spans {
		t.most = max(t.most, s.PrefixN+s.KN)
		t.work += s.N * (s.PrefixN + s.KN) * q.Cols
	}
	return t
}

// Attend is grouped-query attention; a row that sees no key gives zeros and a
// lse of -Inf.
func (d *Device) Attend(o, lse, q, k, v *tensor.Tensor, spans []tensor.Span, heads, kvHeads int, scale float32, causal bool) {
	t := &d.attend
	t.attention = d.attention("attend", q, k, v, o, lse, spans, heads, kvHeads, scale, causal)
	t.o, t.lse = out(o), out(lse)
	for i := range t.o.rows {
		clear(t.o.row(i))
		none := t.lse.row(i)
		for h := range none {
			none[h] = float32(math.Inf(-1))
		}
	}
	t.jobs = t.jobs[:0]
	for g := range kvHeads { // spans of one head together: they may share a prefix
		for _, s := range spans {
			step := max(attendRows, s.N/len(d.workers)+1)
			for from := 0; from < s.N; from += step {
				t.jobs = append(t.jobs, sight{s, g, from, min(s.N, from+step)})
			}
		}
	}
	d.run(t, len(t.jobs), t.work/8/max(1, len(t.jobs)))
}

type attend struct {
	attention
	jobs []sight
}

func (t *attend) do(w *worker, from, to int) {
	w.prefix = prefix{}
	for i := range t.jobs[from:to] {
		t.sight(w, &t.jobs[from+i])
	}
}

func (t *attend) sight(w *worker, s *sight) {
	n := t.visible(&s.Span, s.to-1)
	if n == 0 || t.dim == 0 {
		return
	}
	have := w.prefix.renew(s)
	keys := t.packKeys(&w.keys, &t.k, s, have, n)
	values := t.packValues(&w.values, &t.v, s, have, n)
	group := t.heads / t.kvHeads
	first := s.kvHead * group
	// The rows of a product are the query rows of one head or, when there are
	// fewer of those, the heads of one query row.
	if rows := s.to - s.from; rows < group {
		for i := s.from; i < s.to; i++ {
			t.tile(w, view{s.Q + i, first, 1, group, t.visible(&s.Span, i), 0, s.PrefixN}, keys, values)
		}
		return
	}
	step := t.step(n, 2)
	for h := first; h < first+group; h++ {
		for i := s.from; i < s.to; i += step {
			rows := min(step, s.to-i)
			t.tile(w, t.rows(s, i, rows, h), keys, values)
		}
	}
}

// step is how many query rows a tile over n keys has, in whole strips, few where
// each row sees a key more than the one before: a tile computes what its last row
// sees. fewest is the number of strips then.
func (t *attention) step(n, fewest int) int {
	strips := max(1, attendTile/t.isa.wide(n)/t.isa.tall())
	if t.causal {
		strips = min(strips, fewest)
	}
	return strips * t.isa.tall()
}

// view is a tile of query vectors: rows x heads, one of them 1.
type view struct {
	row, head   int
	rows, heads int
	keys        int // that the last vector sees
	growth      int // keys that a vector sees more than the one before it
	least       int // keys that every vector sees: the prefix
}

// rows is the view of n query rows of s from i on, in head h.
func (t *attention) rows(s *sight, i, n, h int) view {
	growth := 0
	if t.causal {
		growth = 1
	}
	return view{s.Q + i, h, n, 1, t.visible(&s.Span, i+n-1), growth, s.PrefixN}
}

func (v *view) len() int { return v.rows * v.heads }

// visible returns the keys that vector r sees.
func (v *view) visible(r int) int { return max(v.least, v.keys-v.growth*(v.len()-1-r)) }

// of returns the view's vectors in m, [vectors, dim].
func (v *view) of(m *matrix, dim int) matrix {
	b := m.block(v.row, v.row+v.rows, v.head*dim, (v.head+v.heads)*dim)
	if v.rows == 1 {
		return matrix{b.data, v.heads, dim, dim}
	}
	return b
}

// scores returns a keys^T for the n keys of a view.
func (t *attention) scores(w *worker, buf *[]float32, a matrix, keys packed, n int) matrix {
	s := matrix{rows: a.rows, cols: n, stride: t.isa.wide(n)}
	s.data = grow(buf, s.rows*s.stride)
	clear(s.data)
	t.isa.multiply(w, s, a.rowMajor(), keys, t.dim)
	return s
}

func (t *attend) tile(w *worker, v view, keys, values packed) {
	s := t.scores(w, &w.scores, v.of(&t.q, t.dim), keys, v.keys)
	o := v.of(&t.o, t.dim)
	sums := grow(&w.rows, v.len())
	for r := range v.len() {
		n := v.visible(r)
		p := s.data[r*s.stride:][:v.keys]
		clear(p[n:])
		p = p[:n]
		top := t.isa.largest(p)
		t.isa.exp(p, p, top, t.scale, 0)
		sums[r] = t.isa.sum(p)
		if n > 0 {
			lse := t.lse.row(v.row + r*min(1, v.rows-1))
			lse[v.head+r*min(1, v.heads-1)] = top*t.scale + float32(math.Log(float64(sums[r])))
		}
	}
	t.blend(w, &v, o, s, values)
	for r := range v.len() {
		if sums[r] > 0 {
			one := o.row(r)
			t.isa.scale(one, one, 1/sums[r])
		}
	}
}

// blend adds the values, each times its share p, to o.
func (t *attend) blend(w *worker, v *view, o, p matrix, values packed) {
	common := v.visible(0)
	if t.finite(values, common, v.keys) {
		t.isa.multiply(w, o, p.rowMajor(), values, v.keys)
		return
	}
	t.isa.multiply(w, o, p.rowMajor(), values, common)
	for r := range v.len() {
		at := strided{p.data[r*p.stride+common:], p.stride, 1}
		rest := packed{values.data[common*t.isa.panel():], values.stride}
		t.isa.multiply(w, o.block(r, r+1, 0, t.dim), at, rest, v.visible(r)-common)
	}
}

// finite tells whether the values of keys [from, to) are, by their sum.
func (t *attention) finite(values packed, from, to int) bool {
	sum, panel := 0.0, t.isa.panel()
	for c := 0; c < t.dim && from < to; c += panel {
		sum += t.isa.total(values.data[c/panel*values.stride:][from*panel : to*panel])
	}
	return sum-sum == 0
}

// prefix names the keys that the front of a worker's packed keys and values
// holds.
type prefix struct {
	from, n, kvHead int
	pages           []int32
}

// renew makes p the prefix of s and returns how much of it is packed already.
func (p *prefix) renew(s *sight) int {
	was := *p
	*p = prefix{s.Prefix, s.PrefixN, s.kvHead, nil}
	if s.Pages != nil {
		p.from, p.pages = 0, s.Pages[:(s.PrefixN+tensor.PageRows-1)/tensor.PageRows]
	}
	if p.n == was.n && p.from == was.from && p.kvHead == was.kvHead && (p.pages == nil) == (was.pages == nil) && slices.Equal(p.pages, was.pages) {
		return p.n
	}
	return 0
}

// packKeys packs the transpose of a span's first n rows of one head of m, the
// prefix first: a right matrix [dim, n]. The first have rows are there already.
func (t *attention) packKeys(buf *[]float32, m *matrix, s *sight, have, n int) packed {
	panel := t.isa.panel()
	dst := grow(buf, t.isa.packedLen(t.dim, t.most))
	p := packed{dst, t.dim * panel}
	left := s.kvHead * t.dim
	for j := have / panel * panel; j < n; j += panel {
		out := dst[j/panel*p.stride:][:p.stride]
		most := min(panel, n-j)
		for a := 0; a < most; { // keys of one panel may lie apart
			row, run := s.Run(j+a, most-a)
			t.isa.columns(out[a:], panel, m.data[row*m.stride+left:], m.stride, 1, t.dim, run)
			a += run
		}
		clearColumns(out, panel, t.dim, most)
	}
	return p
}

// packValues packs a span's first n rows of one head of m, the prefix first: a
// right matrix [n, dim]. The first have rows are there already.
func (t *attention) packValues(buf *[]float32, m *matrix, s *sight, have, n int) packed {
	panel := t.isa.panel()
	dst := grow(buf, t.isa.packedLen(t.most, t.dim))
	p := packed{dst, t.most * panel}
	for c := 0; c < t.dim; c += panel {
		out := dst[c/panel*p.stride:][:p.stride]
		left, wide := s.kvHead*t.dim+c, min(panel, t.dim-c)
		for j := have; j < n; {
			row, run := s.Run(j, n-j)
			t.isa.packRows(out[j*panel:], m.data[row*m.stride+left:], m.stride, run, wide)
			j += run
		}
	}
	return p
}
