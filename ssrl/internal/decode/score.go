package decode

import (
	"context"
	"time"

	"ssrl/internal/qwen"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// Group is a prompt with answers to it, in tokens, end token included if it
// was drawn.
type Group struct {
	Prompt  *Prompt
	Answers [][]int32
}

// LogProbs returns the log-probability of every answer token given what comes
// before it, at a temperature: [1, tokens], groups and answers in order. On a
// recording tape, gradients put into the result flow back to the weights.
func LogProbs(ctx context.Context, t *tape.Tape, m *qwen.Model, groups []Group, temperature float32) (*tape.Var, error) {
	logits, targets, err := answerLogits(ctx, t, m, groups)
	if err != nil {
		return nil, err
	}
	return t.LogProb(logits, targets, temperature), nil
}

// Score returns the log-probability of every answer token of one group's first
// answer, and the most probable token at each of its places.
func Score(ctx context.Context, m *qwen.Model, g Group) (logprobs []float32, top []int32, err error) {
	mark := m.Dev.Mark()
	defer m.Dev.Release(mark)
	t := tape.New(m.Dev)
	logits, targets, err := answerLogits(ctx, t, m, []Group{g})
	if err != nil {
		return nil, nil, err
	}
	lp := t.LogProb(logits, targets, 1)
	logprobs = make([]float32, lp.Len())
	m.Dev.Download(logprobs, lp.Tensor)
	rows := make([]float32, logits.Len())
	m.Dev.Download(rows, logits.Tensor)
	for r := range logits.Rows {
		top = append(top, argmax(rows[r*logits.Cols:(r+1)*logits.Cols]))
	}
	return logprobs, top, nil
}

// answerLogits runs the groups and returns the logits at each answer token's
// place, with the tokens that stand there.
func answerLogits(ctx context.Context, t *tape.Tape, m *qwen.Model, groups []Group) (*tape.Var, []int32, error) {
	var p pack
	var spans []tensor.Span
	var places, targets []int32
	for _, g := range groups {
		if err := p.prompt(g.Prompt, m.Tokens); err != nil {
			return nil, nil, err
		}
		first, n := p.start[len(p.start)-1], len(g.Prompt.IDs)
		spans = append(spans, tensor.Span{Q: first, N: n, K: first, KN: n})
		last := p.reads(first+n-1, tensor.Span{N: 1, K: first, KN: n})
		for _, answer := range g.Answers {
			if len(answer) == 0 {
				continue
			}
			targets, places = append(targets, answer...), append(places, last)
			own, k := len(p.ids), len(answer)-1 // nothing follows the last token
			for i, id := range answer[:k] {
				p.add1(id, g.Prompt.Next+int32(i))
			}
			if k > 0 {
				s := tensor.Span{Q: own, N: k, Prefix: first, PrefixN: n, K: own, KN: k}
				spans = append(spans, s)
				for i, place := 0, p.reads(own, s); i < k; i++ {
					places = append(places, place+int32(i))
				}
			}
		}
	}
	x, err := hidden(ctx, t, m, &p, spans, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	return m.Logits(t, x, places), targets, nil
}

// hidden runs vision and language model over packed rows.
func hidden(ctx context.Context, t *tape.Tape, m *qwen.Model, p *pack, spans []tensor.Span, cache *qwen.Cache, at []int32) (*tape.Var, error) {
	var seen qwen.Seen
	if len(p.pictures) > 0 {
		start := time.Now()
		s, err := m.Vision(ctx, t, p.pictures)
		p.looking = time.Since(start)
		if err != nil {
			return nil, err
		}
		seen = *s
	}
	x, err := m.Embed(t, p.ids, p.places, seen.Tokens)
	if err != nil {
		return nil, err
	}
	return m.Hidden(ctx, t, x, qwen.Rows{Pos: p.pos, Spans: spans, Cache: cache, At: at, Places: p.places, Deep: seen.Deep, Last: p.read, LastSpans: p.readSpans})
}
