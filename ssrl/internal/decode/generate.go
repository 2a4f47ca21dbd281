package decode

import (
	"context"
	"math/rand/v2"

	"ssrl/internal/qwen"
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
	out, _, err := Run(ctx, m, requests, s, emit)
	return out, err
}

// Run is Generate, and tells where the time went.
func Run(ctx context.Context, m *qwen.Model, requests []Request, s Sampling, emit func(request, answer int, token int32) bool) ([][]Answer, Times, error) {
	if err := s.check(); err != nil {
		return nil, Times{}, err
	}
	b := NewBatch(m, roomFor(m, requests, s))
	defer b.Close()
	out := make([][]Answer, len(requests))
	for i, r := range requests {
		var hear func(int, int32) bool
		if emit != nil {
			hear = func(answer int, token int32) bool { return emit(i, answer, token) }
		}
		var err error
		if out[i], err = b.Join(r, s, hear); err != nil {
			return nil, Times{}, err
		}
	}
	for b.Len() > 0 {
		if err := b.Step(ctx); err != nil {
			b.Cancel()
			if ctx.Err() == nil {
				return nil, Times{}, err
			}
			return out, b.Times(), err
		}
	}
	return out, b.Times(), nil
}

// Greedy stands for the random streams of n answers that need none.
func Greedy(n int) []*rand.Rand { return make([]*rand.Rand, n) }
