package decode

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"ssrl/internal/qwen"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// stepRows is how many rows of prompts a step computes at most, unless one prompt
// has more: it bounds memory, and how long running answers wait for a new one.
const stepRows = 2048

// Batch draws answers to requests that come and go. Every step computes the
// prompts that find room in the cache together with one token of each running
// answer. Answers to one prompt share the pages of its keys and values, each
// copies the last, part-filled one when it first writes to it. When pages run
// out, the answer that began last gives its own up and is computed again later:
// an answer depends on its prompt, sampling and random stream alone, so it goes
// on with the same bits.
type Batch struct {
	m       *qwen.Model
	cache   *qwen.Cache
	pages   pages
	waiting []*entry // those that gave up their pages come first
	active  []*stream
	times   Times
}

// Times is where the time of steps went.
type Times struct {
	Pictures time.Duration // the vision tower
	Prompts  time.Duration // steps in which prompts were computed, but for their pictures
	Tokens   time.Duration // the other steps
}

// entry is a prompt, with the tokens of an answer that gave up its pages, that
// waits to be computed.
type entry struct {
	prompt  *Prompt
	tokens  []int32
	streams []*stream
	pages   []int32 // while it is computed
}

func (e *entry) rows() int { return len(e.prompt.IDs) + len(e.tokens) }

// stream is one answer while it is drawn.
type stream struct {
	answer   *Answer
	prompt   *Prompt
	sampling *Sampling
	random   *rand.Rand
	seen     map[int32]bool // tokens so far, for the repetition penalty
	hear     func(token int32) bool
	pages    []int32
	shared   int // keys that lie in pages which other answers use as well
}

// rows is the number of keys that the answer has, that of its last token included.
func (q *stream) rows() int { return len(q.prompt.IDs) + len(q.answer.Tokens) }

// NewBatch makes an empty batch whose cache holds the keys and values of that many
// tokens, rounded up to whole pages.
func NewBatch(m *qwen.Model, tokens int) *Batch {
	n := pagesOf(tokens)
	return &Batch{m: m, cache: m.NewCache(n * tensor.PageRows), pages: newPages(n)}
}

// Close frees the cache.
func (b *Batch) Close() { b.cache.Free(b.m.Dev) }

// Times is where the time of all steps so far went.
func (b *Batch) Times() Times { return b.times }

// Len is the number of answers that are running or waiting.
func (b *Batch) Len() int {
	n := len(b.active)
	for _, e := range b.waiting {
		n += len(e.streams)
	}
	return n
}

// Join adds a request. The answers that it returns fill up step by step; one is
// whole when it has a Finish. hear, if not nil, sees each token as it is drawn
// and returns false to end that answer as cancelled.
func (b *Batch) Join(r Request, s Sampling, hear func(answer int, token int32) bool) ([]Answer, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var p pack
	if err := p.prompt(r.Prompt, b.m.Tokens); err != nil {
		return nil, err
	}
	if need := len(r.Prompt.IDs) + s.MaxTokens - 1; pagesOf(need) > len(b.pages.users) {
		return nil, fmt.Errorf("prompt of %d tokens with %d to draw (want at most %d together)", len(r.Prompt.IDs), s.MaxTokens,
			len(b.pages.users)*tensor.PageRows+1)
	}
	answers := make([]Answer, len(r.Random))
	e := &entry{prompt: r.Prompt}
	for k, random := range r.Random {
		q := &stream{answer: &answers[k], prompt: r.Prompt, sampling: &s, random: random}
		if hear != nil {
			q.hear = func(token int32) bool { return hear(k, token) }
		}
		if s.penalises() {
			q.seen = map[int32]bool{}
			for _, id := range r.Prompt.IDs {
				q.seen[id] = true
			}
		}
		e.streams = append(e.streams, q)
	}
	if len(e.streams) > 0 {
		b.waiting = append(b.waiting, e)
	}
	return answers, nil
}

// Step draws one token of every answer that runs or begins. When it fails, what
// was drawn before stays, and another Step goes on.
func (b *Batch) Step(ctx context.Context) error {
	b.extend()
	entries := b.admit()
	if len(b.active)+len(entries) == 0 {
		return nil
	}
	start := time.Now()
	looking, err := b.forward(ctx, entries)
	took := time.Since(start) - looking
	b.times.Pictures += looking
	if len(entries) > 0 {
		b.times.Prompts += took
	} else {
		b.times.Tokens += took
	}
	if err != nil {
		for _, e := range entries {
			b.pages.drop(e.pages...)
		}
		b.waiting = append(entries, b.waiting...)
		return err
	}
	return nil
}

// Cancel ends all answers as they are.
func (b *Batch) Cancel() {
	for _, q := range b.active {
		b.end(q, Cancel)
	}
	for _, e := range b.waiting {
		for _, q := range e.streams {
			b.end(q, Cancel)
		}
	}
	b.active, b.waiting = nil, nil
}

// end gives an answer's pages back.
func (b *Batch) end(q *stream, why string) {
	q.answer.Finish = why
	b.pages.drop(q.pages...)
	q.pages = nil
}

// extend makes room for the last token of every active answer, oldest first.
func (b *Batch) extend() {
	for i := 0; i < len(b.active); i++ {
		for i < len(b.active) && !b.room(b.active[i]) {
			b.park()
		}
	}
}

// room gives an answer a page of its own for its last token; it fails when none is free.
func (b *Batch) room(q *stream) bool {
	at := (q.rows() - 1) / tensor.PageRows
	if at < len(q.pages) && b.pages.users[q.pages[at]] == 1 {
		return true
	}
	if len(b.pages.free) == 0 {
		return false
	}
	page := b.pages.take(1)[0]
	if at == len(q.pages) {
		q.pages = append(q.pages, page)
		return true
	}
	b.cache.Copy(b.m.Dev, int(page)*tensor.PageRows, int(q.pages[at])*tensor.PageRows, tensor.PageRows)
	b.pages.drop(q.pages[at])
	q.pages[at] = page
	return true
}

// park takes the pages of the answer that began last.
func (b *Batch) park() {
	q := b.active[len(b.active)-1]
	b.active = b.active[:len(b.active)-1]
	b.pages.drop(q.pages...)
	q.pages = nil
	b.waiting = append([]*entry{{prompt: q.prompt, tokens: q.answer.Tokens, streams: []*stream{q}}}, b.waiting...)
}

// admit takes entries, in order, for whose prompts there is room, and a page
// more for every answer.
func (b *Batch) admit() (entries []*entry) {
	rows, streams := 0, len(b.active)
	for len(b.waiting) > 0 {
		e := b.waiting[0]
		need := pagesOf(e.rows())
		first := streams == 0
		if need > len(b.pages.free) || !first && (need+streams+len(e.streams) > len(b.pages.free) || rows+e.rows() > stepRows) {
			break
		}
		e.pages = b.pages.take(need)
		rows += e.rows()
		streams += len(e.streams)
		entries, b.waiting = append(entries, e), b.waiting[1:]
	}
	return entries
}

// forward computes what is new and draws from it. It returns the time that the
// pictures took.
func (b *Batch) forward(ctx context.Context, entries []*entry) (looking time.Duration, err error) {
	mark := b.m.Dev.Mark()
	defer b.m.Dev.Release(mark)
	f := feed{whole: len(entries) == 0}
	streams := slices.Clone(b.active)
	for _, q := range b.active {
		f.token(q)
	}
	for _, e := range entries {
		if err := f.entry(e, b.m.Tokens); err != nil {
			return 0, err
		}
		streams = append(streams, e.streams...)
	}
	t := tape.New(b.m.Dev)
	x, err := hidden(ctx, t, b.m, &f.pack, f.spans, b.cache, f.at)
	if err != nil {
		return f.looking, err
	}
	logits := b.m.Logits(t, x, f.places)
	for _, e := range entries {
		for i, q := range e.streams {
			q.pages = slices.Clone(e.pages)
			if i > 0 {
				b.pages.share(q.pages)
			}
			if len(e.streams) > 1 {
				q.shared = e.rows() / tensor.PageRows * tensor.PageRows
			}
		}
	}
	b.active = b.active[:0]
	for i, token := range draw(b.m, t, logits, streams) {
		if q := streams[i]; q.take(token, b.m.Tokens.EOS) {
			b.active = append(b.active, q)
		} else {
			b.end(q, q.answer.Finish)
		}
	}
	return f.looking, nil
}

// feed gathers the rows of a step.
type feed struct {
	pack
	whole  bool // no prompt begins: every row is read
	spans  []tensor.Span
	at     []int32 // place in the cache of each row
	places []int32 // row of the result that each answer reads; nil: its own
}

// token adds the last token of a running answer.
func (f *feed) token(q *stream) {
	n := len(q.answer.Tokens)
	row := f.add1(q.answer.Tokens[n-1], q.prompt.Next+int32(n-1))
	s := tensor.Span{Q: row, N: 1, PrefixN: q.shared, KN: q.rows() - q.shared, Pages: q.pages}
	f.keep(q.pages, q.rows()-1)
	f.spans = append(f.spans, s)
	if !f.whole {
		f.places = append(f.places, f.reads(row, s))
	}
}

// entry adds a prompt with the tokens behind it.
func (f *feed) entry(e *entry, k qwen.Tokens) error {
	if err := f.prompt(e.prompt, k); err != nil {
		return err
	}
	for i, id := range e.tokens {
		f.add1(id, e.prompt.Next+int32(i))
	}
	n := e.rows()
	first := len(f.ids) - n
	for i := range n {
		f.keep(e.pages, i)
	}
	f.spans = append(f.spans, tensor.Span{Q: first, N: n, KN: n, Pages: e.pages})
	place := f.reads(first+n-1, tensor.Span{N: 1, KN: n, Pages: e.pages})
	for range e.streams {
		f.places = append(f.places, place)
	}
	return nil
}

// keep says that the next row's keys and values are the i-th of some pages.
func (f *feed) keep(pages []int32, i int) {
	f.at = append(f.at, pages[i/tensor.PageRows]*tensor.PageRows+int32(i%tensor.PageRows))
}
