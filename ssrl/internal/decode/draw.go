package decode

import (
	"slices"

	"ssrl/internal/qwen"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// drawn is a token with its log-probability.
type drawn struct {
	id      int32
	logprob float32
}

// draw picks a token for every answer from its row of logits.
func draw(m *qwen.Model, t *tape.Tape, logits *tape.Var, streams []*stream) []drawn {
	host := make([]float32, logits.Len())
	m.Dev.Download(host, logits.Tensor)
	row := func(i int) []float32 { return host[i*logits.Cols : (i+1)*logits.Cols] }
	changed := false
	for i, q := range streams {
		if q.seen != nil {
			q.sampling.penalise(row(i), q.seen)
			changed = true
		}
	}
	if changed {
		m.Dev.Upload(logits.Tensor, host)
	}
	out, ids := make([]drawn, len(streams)), make([]int32, len(streams))
	for i, q := range streams {
		ids[i] = q.sampling.pick(row(i), q.random)
		out[i].id = ids[i]
	}
	for from := 0; from < len(streams); { // rows of one temperature at a time
		heat := streams[from].sampling.temperature()
		to := from + 1
		for to < len(streams) && streams[to].sampling.temperature() == heat {
			to++
		}
		lp := t.LogProb(tape.Constant(logits.Slice(from, to)), ids[from:to], heat)
		m.Dev.Download(host[:to-from], lp.Tensor)
		for i := from; i < to; i++ {
			out[i].logprob = host[i-from]
		}
		from = to
	}
	return out
}

// take appends a token and reports whether the answer goes on.
func (q *stream) take(d drawn, eos []int32) bool {
	a := q.answer
	a.Tokens, a.LogProbs = append(a.Tokens, d.id), append(a.LogProbs, d.logprob)
	if q.seen != nil {
		q.seen[d.id] = true
	}
	switch {
	case q.hear != nil && !q.hear(d.id):
		a.Finish = Cancel
	case slices.Contains(eos, d.id):
		a.Finish = Stop
	case len(a.Tokens) == q.sampling.MaxTokens:
		a.Finish = Length
	default:
		return true
	}
	return false
}

// cacheBytes is the memory of keys and values that Generate takes, unless one
// answer needs more. Answers beyond it wait for a place.
const cacheBytes = 2 << 30

// roomFor is how many tokens' keys and values a batch of these requests wants.
func roomFor(m *qwen.Model, requests []Request, s Sampling) int {
	all, most := 0, 1
	for _, r := range requests {
		n := pagesOf(len(r.Prompt.IDs))
		each := pagesOf(len(r.Prompt.IDs)%tensor.PageRows + s.MaxTokens)
		all += n + len(r.Random)*each
		most = max(most, n+each)
	}
	const bytes = 4 // of a float32
	page := tensor.PageRows * m.Text.Layers * 2 * m.Text.KVHeads * m.Text.HeadDim * bytes
	return min(all, max(most, cacheBytes/page)) * tensor.PageRows
}
