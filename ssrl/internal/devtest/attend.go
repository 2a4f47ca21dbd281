package devtest

import (
	"math"
	"testing"

	"ssrl/internal/tensor"
)

// Bounds for scores of about 1 over at most some hundred keys. Gradients of
// keys sum over all queries that see them.
const (
	attendBound     = 2e-6
	attendBackBound = 1e-5
)

type attendCase struct {
	name           string
	heads, kvHeads int
	dim            int
	keys           int // rows of k and v
	queries        int
	spans          []tensor.Span
	causal         bool
}

var attendCases = []attendCase{
	{"one key", 1, 1, 1, 1, 1, []tensor.Span{{N: 1, KN: 1}}, false},
	{"full", 2, 2, 6, 9, 9, []tensor.Span{{N: 9, KN: 9}}, false},
	{"causal", 2, 2, 6, 9, 9, []tensor.Span{{N: 9, KN: 9}}, true},
	{"grouped", 6, 2, 8, 17, 17, []tensor.Span{{N: 17, KN: 17}}, true},
	{"causal behind a cache", 4, 1, 12, 40, 5, []tensor.Span{{N: 5, KN: 40}}, true},
	{"decode", 4, 2, 16, 70, 3, []tensor.Span{
		{Q: 0, N: 1, K: 0, KN: 21}, {Q: 1, N: 1, K: 21, KN: 30}, {Q: 2, N: 1, K: 51, KN: 1}}, true},
	{"windows and a gap", 2, 1, 4, 30, 30, []tensor.Span{
		{Q: 0, N: 7, K: 0, KN: 7}, {Q: 7, N: 0, K: 7, KN: 0}, {Q: 9, N: 20, K: 9, KN: 20}}, false},
	{"shared prefix", 4, 2, 10, 60, 31, []tensor.Span{
		{Q: 20, N: 11, Prefix: 0, PrefixN: 9, K: 40, KN: 11}, {Q: 0, N: 20, Prefix: 0, PrefixN: 9, K: 10, KN: 20}}, true},
	{"shared long prefix", 2, 1, 32, 130, 8, []tensor.Span{
		{Q: 0, N: 1, Prefix: 1, PrefixN: 69, K: 70, KN: 9}, {Q: 1, N: 3, Prefix: 1, PrefixN: 69, K: 80, KN: 3},
		{Q: 4, N: 2, Prefix: 1, PrefixN: 40, K: 80, KN: 3}, {Q: 6, N: 2, Prefix: 1, PrefixN: 40, K: 90, KN: 40}}, true},
	{"prefix only", 2, 2, 8, 12, 4, []tensor.Span{{N: 4, Prefix: 2, PrefixN: 10}}, true},
	{"no keys", 2, 1, 4, 3, 5, []tensor.Span{{N: 2}, {Q: 2, N: 3, K: 0, KN: 1}}, true},
	{"large head", 1, 1, 130, 33, 33, []tensor.Span{{N: 33, KN: 33}}, true},
	{"long", 2, 1, 16, 180, 100, []tensor.Span{{N: 100, Prefix: 3, PrefixN: 60, K: 70, KN: 100}}, true},
	{"more scores than a tile", 1, 1, 3, 300, 310, []tensor.Span{{N: 300, KN: 300}, {Q: 300, N: 10, K: 290, KN: 10}}, false},
}

func seen(s tensor.Span, i int, causal bool) []int {
	own := s.KN
	if causal {
		own = max(0, s.KN-s.N+i+1)
	}
	var keys []int
	for j := range s.PrefixN {
		keys = append(keys, s.Prefix+j)
	}
	for j := range own {
		keys = append(keys, s.K+j)
	}
	return keys
}

func refAttend(c attendCase, q, k, v mat, scale float64) (o, lse mat) {
	o, lse = zeros(q.rows, q.cols), zeros(q.rows, c.heads)
	for i := range lse.v {
		lse.v[i] = math.Inf(-1)
	}
	for _, s := range c.spans {
		for i := range s.N {
			keys := seen(s, i, c.causal)
			for h := range c.heads {
				if len(keys) > 0 {
					refAttendHead(c, q, k, v, o, lse, s.Q+i, h, keys, scale)
				}
			}
		}
	}
	return o, lse
}

func refAttendHead(c attendCase, q, k, v, o, lse mat, i, h int, keys []int, scale float64) {
	g := h / (c.heads / c.kvHeads) * c.dim
	h0 := h * c.dim
	p, top, sum := make([]float64, len(keys)), math.Inf(-1), 0.0
	for n, j := range keys {
		for x := range c.dim {
			p[n] += q.at(i, h0+x) * k.at(j, g+x)
		}
		p[n] *= scale
		top = max(top, p[n])
	}
	for n := range p {
		p[n] = math.Exp(p[n] - top)
		sum += p[n]
	}
	for n, j := range keys {
		for x := range c.dim {
			o.v[i*o.cols+h0+x] += p[n] / sum * v.at(j, g+x)
		}
	}
	lse.set(i, h, top+math.Log(sum))
}

func testAttend(t *testing.T, dev tensor.Device) {
	for _, c := range attendCases {
		t.Run(c.name, func(t *testing.T) {
			s := newSource(20)
			layouts(t, dev, func(b *bed) {
				scale := float32(1.5 / sqrt(c.dim))
				q, k, v := s.normal(c.queries, c.heads*c.dim, 1), s.normal(c.keys, c.kvHeads*c.dim, 1), s.normal(c.keys, c.kvHeads*c.dim, 1)
				ref := func() mat {
					o, _ := refAttend(c, q, k, v, float64(scale))
					return o
				}
				tq, tk, tv := b.put(q), b.put(k), b.put(v)
				o, lse := b.filled(q.rows, q.cols), b.filled(q.rows, c.heads)
				dev.Attend(o, lse, tq, tk, tv, c.spans, c.heads, c.kvHeads, scale, c.causal)
				want, wantLSE := refAttend(c, q, k, v, float64(scale))
				near(t, want, b.get(o), attendBound, "o")
				near(t, wantLSE, b.get(lse), attendBound, "lse")

				n := 40 // elements of a gradient to ask for
				if c.queries >= 100 {
					n = 4
				}
				slope := func(x, dy mat) mat { return someDifferences(s, n, x, dy, ref) }
				do := s.normal(q.rows, q.cols, 1)
				startQ, startK, startV := s.normal(q.rows, q.cols, 1), s.normal(k.rows, k.cols, 1), s.normal(k.rows, k.cols, 1)
				dq, dk, dv, tdo := b.put(startQ), b.put(startK), b.put(startV), b.put(do)
				back := func(dq, dk, dv *tensor.Tensor) {
					dev.AttendBack(dq, dk, dv, tdo, tq, tk, tv, o, lse, c.spans, c.heads, c.kvHeads, scale, c.causal)
				}
				back(dq, dk, dv)
				gradient(t, slope(q, do), b.get(dq), startQ, attendBackBound, "dq")
				gradient(t, slope(k, do), b.get(dk), startK, attendBackBound, "dk")
				gradient(t, slope(v, do), b.get(dv), startV, attendBackBound, "dv")

				gotQ, gotK, gotV := b.get(dq), b.get(dk), b.get(dv)
				upload(dev, dq, startQ)
				upload(dev, dk, startK)
				upload(dev, dv, startV)
				back(nil, nil, nil)
				equal(t, startK, b.get(dk), "dk not asked for")
				back(dq, nil, nil)
				back(nil, dk, nil)
				back(nil, nil, dv)
				equal(t, gotQ, b.get(dq), "dq alone")
				equal(t, gotK, b.get(dk), "dk alone")
				equal(t, gotV, b.get(dv), "dv alone")
			})
		})
	}
}

// testAttendRows: one sequence gives each row the same bits whole, in pieces,
// row by row behind a cache, with its keys split into a prefix elsewhere and
// its own, and beside other sequences.
func testAttendRows(t *testing.T, dev tensor.Device) {
	for _, c := range []struct {
		name           string
		heads, kvHeads int
		dim, n         int
	}{
		{"one head", 1, 1, 8, 13},
		{"grouped", 4, 2, 16, 61},
		{"large group", 7, 1, 20, 45},
		{"long", 2, 2, 64, 290},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSource(21)
			b := &bed{t: t, dev: dev}
			defer b.close()
			scale := float32(1 / sqrt(c.dim))
			q := b.put(s.normal(c.n, c.heads*c.dim, 1))
			k, v := s.normal(c.n, c.kvHeads*c.dim, 1), s.normal(c.n, c.kvHeads*c.dim, 1)
			// The cache holds the sequence at 0, a prefix of it at 2n and what follows at 3n.
			const gap = 5
			prefix := c.n / 3
			ck, cv := b.put(s.normal(4*c.n+gap, k.cols, 1)), b.put(s.normal(4*c.n+gap, k.cols, 1))
			for _, at := range []struct{ at, from, to int }{{0, 0, c.n}, {2 * c.n, 0, prefix}, {3*c.n + gap, prefix, c.n}} {
				upload(dev, ck.Slice(at.at, at.at+at.to-at.from), k.rowsOf(at.from, at.to))
				upload(dev, cv.Slice(at.at, at.at+at.to-at.from), v.rowsOf(at.from, at.to))
			}
			o, lse := b.filled(c.n, c.heads*c.dim), b.filled(c.n, c.heads)
			run := func(from, to int, spans ...tensor.Span) (mat, mat) {
				dev.Attend(o.Slice(from, to), lse.Slice(from, to), q.Slice(from, to), ck, cv, spans, c.heads, c.kvHeads, scale, true)
				return b.get(o.Slice(from, to)), b.get(lse.Slice(from, to))
			}
			want, wantLSE := run(0, c.n, tensor.Span{N: c.n, KN: c.n})
			same := func(from, to int, what string, spans ...tensor.Span) {
				t.Helper()
				got, gotLSE := run(from, to, spans...)
				equal(t, want.rowsOf(from, to), got, "%s: rows [%d, %d)", what, from, to)
				equal(t, wantLSE.rowsOf(from, to), gotLSE, "%s: lse of rows [%d, %d)", what, from, to)
			}
			own := 3*c.n + gap
			for i := range c.n {
				same(i, i+1, "decode", tensor.Span{N: 1, KN: i + 1})
				if i >= prefix {
					same(i, i+1, "decode behind a prefix", tensor.Span{N: 1, Prefix: 2 * c.n, PrefixN: prefix, K: own, KN: i + 1 - prefix})
				}
			}
			for _, n := range []int{2, 3, 8, 17} {
				for i := 0; i+n <= c.n; i += n {
					same(i, i+n, "piece", tensor.Span{N: n, KN: i + n})
				}
			}
			same(prefix, c.n, "rest behind a prefix", tensor.Span{N: c.n - prefix, Prefix: 2 * c.n, PrefixN: prefix, K: own, KN: c.n - prefix})
			var together []tensor.Span
			for i := prefix; i < c.n; i++ {
				together = append(together, tensor.Span{Q: i - prefix, N: 1, Prefix: 2 * c.n, PrefixN: prefix, K: own, KN: i + 1 - prefix})
			}
			same(prefix, c.n, "decode together behind a prefix", together...)
			testPaged(b, s, ck, cv, c.n, prefix, same)
			same(0, c.n, "two spans", tensor.Span{N: prefix, KN: prefix},
				tensor.Span{Q: prefix, N: c.n - prefix, Prefix: 2 * c.n, PrefixN: prefix, K: own, KN: c.n - prefix})
		})
	}
}

// testPaged: keys that lie in pages, in any order, give the same rows, alone,
// together and behind pages that they share. The sequence is at the front of k
// and v.
func testPaged(b *bed, s source, k, v *tensor.Tensor, n, prefix int, same func(from, to int, what string, spans ...tensor.Span)) {
	b.t.Helper()
	pages := make([]int32, (n+tensor.PageRows-1)/tensor.PageRows)
	total := 2*len(pages) + 1
	pk, pv := b.put(s.normal(total*tensor.PageRows, k.Cols, 1)), b.put(s.normal(total*tensor.PageRows, k.Cols, 1))
	for i := range pages {
		pages[i] = int32(total - 2 - 2*i)
		first, to := i*tensor.PageRows, int(pages[i])*tensor.PageRows
		rows := min(n-first, tensor.PageRows)
		b.dev.Copy(pk.Slice(to, to+rows), k.Slice(first, first+rows))
		b.dev.Copy(pv.Slice(to, to+rows), v.Slice(first, first+rows))
	}
	was, wasV := *k, *v
	*k, *v = *pk, *pv
	defer func() { *k, *v = was, wasV }()
	same(0, n, "in pages", tensor.Span{N: n, KN: n, Pages: pages})
	var together []tensor.Span
	for i := range n {
		same(i, i+1, "decode in pages", tensor.Span{N: 1, KN: i + 1, Pages: pages[:i/tensor.PageRows+1]})
		if i >= prefix {
			together = append(together, tensor.Span{Q: i - prefix, N: 1, PrefixN: prefix, KN: i + 1 - prefix, Pages: pages})
		}
	}
	same(prefix, n, "decode together behind shared pages", together...)
}

// testAttendUnseen: keys and values that a row does not see cannot reach it,
// not even if they are not numbers.
func testAttendUnseen(t *testing.T, dev tensor.Device) {
	s := newSource(22)
	b := &bed{t: t, dev: dev}
	defer b.close()
	const n, dim = 40, 8
	q, k, v := s.normal(n, dim, 1), s.normal(n+2, dim, 1), s.normal(n+2, dim, 1)
	spans := []tensor.Span{{N: n, K: 1, KN: n}}
	tq, tk, tv, o, lse := b.put(q), b.put(k), b.put(v), b.filled(n, dim), b.filled(n, 1)
	dev.Attend(o, lse, tq, tk, tv, spans, 1, 1, .3, true)
	want := b.get(o)
	for _, row := range []int{0, n/2 + 1, n + 1} {
		for x := range dim {
			k.set(row, x, math.NaN())
			v.set(row, x, math.NaN())
		}
	}
	upload(dev, tk, k)
	upload(dev, tv, v)
	dev.Attend(o, lse, tq, tk, tv, spans, 1, 1, .3, true)
	equal(t, want.rowsOf(0, n/2), b.get(o).rowsOf(0, n/2), "rows before the NaN")
}
