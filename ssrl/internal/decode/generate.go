package decode

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"ssrl/internal/qwen"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// Reasons why an answer ended.
const (
	Stop   = "stop"   // an end token was drawn; it is the last of Tokens
	Length = "length" // MaxTokens were drawn
	Cancel = "cancel" // the context ended
)

// Answer is what was drawn for a prompt.
type Answer struct {
	Tokens   []int32
	LogProbs []float32 // natural log, after penalty and temperature, before top-k and the like
	Finish   string
}

// Request asks for answers to one prompt. The prompt is computed once.
type Request struct {
	Prompt *Prompt
	Random []*rand.Rand // one answer is drawn from each; may hold nil when greedy
}

// Generate draws the answers of all requests together. An answer depends only
// on its prompt, sampling and random stream, not on the others. emit, if not
// nil, sees each token as it is drawn and returns false to end that answer as
// cancelled. When ctx ends, what was drawn so far is returned with its cause.
func Generate(ctx context.Context, m *qwen.Model, requests []Request, s Sampling, emit func(request, answer int, token int32) bool) ([][]Answer, error) {
	if s.MaxTokens <= 0 {
		return nil, fmt.Errorf("max tokens %d (want at least 1)", s.MaxTokens)
	}
	g := &generation{m: m, s: s, emit: emit, out: make([][]Answer, len(requests))}
	if err := g.layout(requests); err != nil {
		return nil, err
	}
	g.cache = m.NewCache(g.rows)
	defer g.cache.Free(m.Dev)
	err := g.prefill(ctx, requests)
	for err == nil && len(g.active) > 0 {
		err = g.step(ctx)
	}
	for _, q := range g.active {
		q.answer.Finish = Cancel
	}
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	return g.out, err
}

// stream is one answer while it is drawn.
type stream struct {
	request, index int
	answer         *Answer
	prompt         *Prompt
	prefix, own    int // rows of the cache: the prompt's first, the answer's first
	random         *rand.Rand
	seen           map[int32]bool // tokens so far, for the repetition penalty
}

type generation struct {
	m      *qwen.Model
	s      Sampling
	emit   func(request, answer int, token int32) bool
	out    [][]Answer
	p      pack
	cache  *qwen.Cache
	rows   int // of the cache
	active []*stream
}

// layout gives every prompt and every answer its rows of the cache.
func (g *generation) layout(requests []Request) error {
	for i, r := range requests {
		if err := g.p.prompt(r.Prompt, g.m.Tokens); err != nil {
			return err
		}
		g.out[i] = make([]Answer, len(r.Random))
	}
	g.rows = len(g.p.ids)
	for i, r := range requests {
		for k, random := range r.Random {
			q := &stream{request: i, index: k, answer: &g.out[i][k], prompt: r.Prompt, prefix: g.p.start[i], own: g.rows, random: random}
			if g.s.penalises() {
				q.seen = map[int32]bool{}
				for _, id := range r.Prompt.IDs {
					q.seen[id] = true
				}
			}
			g.active = append(g.active, q)
			g.rows += g.s.MaxTokens
		}
	}
	return nil
}

// prefill runs all prompts and draws the first token of every answer.
func (g *generation) prefill(ctx context.Context, requests []Request) error {
	mark := g.m.Dev.Mark()
	defer g.m.Dev.Release(mark)
	var spans []tensor.Span
	at := make([]int32, len(g.p.ids))
	for i := range at {
		at[i] = int32(i)
	}
	last := make([]int32, len(requests))
	for i, r := range requests {
		first, n := g.p.start[i], len(r.Prompt.IDs)
		spans = append(spans, tensor.Span{Q: first, N: n, K: first, KN: n})
		last[i] = g.p.reads(first+n-1, tensor.Span{N: 1, K: first, KN: n})
	}
	t := tape.New(g.m.Dev)
	x, err := hidden(ctx, t, g.m, &g.p, spans, g.cache, at)
	if err != nil {
		return err
	}
	places := make([]int32, len(g.active))
	for i, q := range g.active {
		places[i] = last[q.request]
	}
	g.draw(t, g.m.Logits(t, x, places))
	return nil
}

// step runs the last token of every active answer and draws the next.
func (g *generation) step(ctx context.Context) error {
	mark := g.m.Dev.Mark()
	defer g.m.Dev.Release(mark)
	var p pack
	spans := make([]tensor.Span, len(g.active))
	at := make([]int32, len(g.active))
	for i, q := range g.active {
		n := len(q.answer.Tokens)
		p.add1(q.answer.Tokens[n-1], q.prompt.Next+int32(n-1))
		at[i] = int32(q.own + n - 1)
		spans[i] = tensor.Span{Q: i, N: 1, Prefix: q.prefix, PrefixN: len(q.prompt.IDs), K: q.own, KN: n}
	}
	t := tape.New(g.m.Dev)
	x, err := hidden(ctx, t, g.m, &p, spans, g.cache, at)
	if err != nil {
		return err
	}
	g.draw(t, g.m.Logits(t, x, nil))
	return nil
}

// draw picks a token for every active answer from its row of logits and drops
// the answers that end.
func (g *generation) draw(t *tape.Tape, logits *tape.Var) {
	host := make([]float32, logits.Len())
	g.m.Dev.Download(host, logits.Tensor)
	row := func(i int) []float32 { return host[i*logits.Cols : (i+1)*logits.Cols] }
	if g.s.penalises() {
		for i, q := range g.active {
			g.s.penalise(row(i), q.seen)
		}
		g.m.Dev.Upload(logits.Tensor, host)
	}
	chosen := make([]int32, len(g.active))
	for i, q := range g.active {
		chosen[i] = g.s.pick(row(i), q.random)
	}
	lp := t.LogProb(logits, chosen, g.s.temperature())
	g.m.Dev.Download(host[:len(chosen)], lp.Tensor)
	keep := g.active[:0]
	for i, q := range g.active {
		if q.take(g, chosen[i], host[i]) {
			keep = append(keep, q)
		}
	}
	g.active = keep
}

// take appends a token and reports whether the answer goes on.
func (q *stream) take(g *generation, token int32, logprob float32) bool {
	a := q.answer
	a.Tokens, a.LogProbs = append(a.Tokens, token), append(a.LogProbs, logprob)
	if q.seen != nil {
		q.seen[token] = true
	}
	switch {
	case g.emit != nil && !g.emit(q.request, q.index, token):
		a.Finish = Cancel
	case slices.Contains(g.m.Tokens.EOS, token):
		a.Finish = Stop
	case len(a.Tokens) == g.s.MaxTokens:
		a.Finish = Length
	default:
		return true
	}
	return false
}

// Greedy stands for the random streams of n answers that need none.
func Greedy(n int) []*rand.Rand { return make([]*rand.Rand, n) }
