package cpu

import (
	"cmp"
	"slices"

	"ssrl/internal/tensor"
)

// AttendBack, with P = exp(scale q k^T - lse) and D = rowsum(do o) (Dao 2023,
// FlashAttention-2, section 3.1):
//
//	dv += P^T do;  ds = scale P (do v^T - D);  dq += ds k;  dk += ds^T q
//
// A key's gradient is one chain over the spans that see it, in their order, the
// heads of its group and their query rows. Spans that share keys stay on one
// thread; spans and heads that share nothing spread over threads.
func (d *Device) AttendBack(dq, dk, dv, do, q, k, v, o, lse *tensor.Tensor, spans []tensor.Span,
	heads, kvHeads int, scale float32, causal bool) {
	check(like(dq, q) && like(dk, k) && like(dv, v) && same(do, q), "attend back dq dk dv do q k", dq, dk, dv, do, q, k)
	t := &d.attendBack
	t.attention = d.attention("attend back", q, k, v, o, lse, spans, heads, kvHeads, scale, causal)
	for _, s := range spans {
		check(s.Pages == nil, "attend back: keys in pages", k)
	}
	t.o, t.lse, t.grad = in(o), in(lse), in(do)
	t.dq, t.dk, t.dv = out(dq), out(dk), out(dv)
	t.islands.find(spans)
	parts := len(t.ends) * kvHeads
	d.run(t, parts, t.work/4/max(1, parts))
}

type attendBack struct {
	attention
	islands
	grad       matrix // of o
	dq, dk, dv matrix
}

func (t *attendBack) do(w *worker, from, to int) {
	for part := from; part < to; part++ {
		island := part / t.kvHeads
		first := 0
		if island > 0 {
			first = t.ends[island-1]
		}
		for _, i := range t.order[first:t.ends[island]] {
			s := t.spans[i]
			t.span(w, &sight{s, part % t.kvHeads, 0, s.N})
		}
	}
}

func (t *attendBack) span(w *worker, s *sight) {
	n := t.visible(&s.Span, s.N-1)
	if n == 0 || t.dim == 0 {
		return
	}
	p := passBack{sight: s}
	p.keys = t.packKeys(&w.keys, &t.k, s, 0, n)
	p.values = t.packKeys(&w.values, &t.v, s, 0, n)
	if t.dq.given() {
		p.rows = t.packValues(&w.keyRows, &t.k, s, 0, n)
	}
	step := t.step(n, 4)
	group := t.heads / t.kvHeads
	for h := s.kvHead * group; h < (s.kvHead+1)*group; h++ {
		for i := 0; i < s.N; i += step {
			t.tile(w, t.rows(s, i, min(step, s.N-i), h), &p)
		}
	}
}

// passBack is a span's keys and values as the products want them.
type passBack struct {
	*sight
	keys, values packed // transposed, [dim, n]
	rows         packed // keys, [n, dim]
}

func (t *attendBack) tile(w *worker, v view, s *passBack) {
	if v.keys == 0 {
		return
	}
	q, do, o := v.of(&t.q, t.dim), v.of(&t.grad, t.dim), v.of(&t.o, t.dim)
	p := t.scores(w, &w.scores, q, s.keys, v.keys)
	for r := range p.rows {
		row, n := p.row(r), v.visible(r)
		t.isa.exp(row[:n], row[:n], 0, t.scale, t.lse.row(v.row + r)[v.head])
		clear(row[n:])
	}
	if t.dv.given() {
		t.accumulate(w, &t.dv, p, do, s.sight)
	}
	if !t.dq.given() && !t.dk.given() {
		return
	}
	dp := t.scores(w, &w.more, do, s.values, v.keys)
	for r := range p.rows {
		mean := float32(t.isa.dot(do.row(r), o.row(r)))
		t.isa.slope(p.row(r)[:v.visible(r)], dp.row(r), mean, t.scale)
	}
	if t.dq.given() {
		t.isa.multiply(w, v.of(&t.dq, t.dim), p.rowMajor(), s.rows, v.keys)
	}
	if t.dk.given() {
		t.accumulate(w, &t.dk, p, q, s.sight)
	}
}

// slope turns probabilities into the gradient of the products of q and k.
func (s isa) slope(p, dp []float32, mean, scale float32) {
	for j := s.slopeEights(p, dp, mean, scale); j < len(p); j++ {
		p[j] = (dp[j] - mean) * p[j] * scale
	}
}

// accumulate adds p^T x to the rows of dst that belong to p's columns, the keys
// of s.
func (t *attendBack) accumulate(w *worker, dst *matrix, p, x matrix, s *sight) {
	right := t.isa.pack(grow(&w.b, t.isa.packedLen(x.rows, t.dim)), x.rowMajor(), 0, x.rows, 0, t.dim)
	left := s.kvHead * t.dim
	prefix := min(p.cols, s.PrefixN)
	at := p.transposed()
	if prefix > 0 {
		t.isa.multiply(w, dst.block(s.Prefix, s.Prefix+prefix, left, left+t.dim), at, right, p.rows)
	}
	if own := p.cols - prefix; own > 0 {
		at.data = at.data[prefix:]
		t.isa.multiply(w, dst.block(s.K, s.K+own, left, left+t.dim), at, right, p.rows)
	}
}

// islands groups spans so that no key belongs to two groups.
type islands struct {
	order []int // span numbers, group by group, in each in their own order
	ends  []int // where each group ends in order
	root  []int // a smaller span of the same group, or the span itself
	reach []reach
}

// reach is a range of keys that a span sees.
type reach struct{ from, to, span int }

func (t *islands) find(spans []tensor.Span) {
	t.reach, t.order, t.ends, t.root = t.reach[:0], t.order[:0], t.ends[:0], t.root[:0]
	for i, s := range spans {
		t.root = append(t.root, i)
		if s.N == 0 {
			continue
		}
		t.order = append(t.order, i)
		if s.PrefixN > 0 {
			t.reach = append(t.reach, reach{s.Prefix, s.Prefix + s.PrefixN, i})
		}
		if s.KN > 0 {
			t.reach = append(t.reach, reach{s.K, s.K + s.KN, i})
		}
	}
	slices.SortFunc(t.reach, func(a, b reach) int { return cmp.Compare(a.from, b.from) })
	for i, end := 1, 0; i < len(t.reach); i++ {
		a, b := t.reach[i-1], t.reach[i]
		if end = max(end, a.to); b.from < end {
			t.join(a.span, b.span)
		}
	}
	for _, i := range t.order {
		t.root[i] = t.top(i)
	}
	// Insertion keeps the order within a group and needs no closure over root.
	for i := 1; i < len(t.order); i++ {
		for j := i; j > 0 && t.root[t.order[j-1]] > t.root[t.order[j]]; j-- {
			t.order[j-1], t.order[j] = t.order[j], t.order[j-1]
		}
	}
	for i := range t.order {
		if i+1 == len(t.order) || t.root[t.order[i+1]] != t.root[t.order[i]] {
			t.ends = append(t.ends, i+1)
		}
	}
}

func (t *islands) top(i int) int {
	for t.root[i] != i {
		i = t.root[i]
	}
	return i
}

// join makes the groups of two spans one, under their smallest span.
func (t *islands) join(a, b int) {
	a, b = t.top(a), t.top(b)
	t.root[max(a, b)] = min(a, b)
}
