package decode

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/qwen"
	"ssrl/internal/seed"
	"ssrl/internal/tensor"
)

// wanted is a request of a random test, with the answers that it gives alone.
type wanted struct {
	prompt *Prompt
	s      Sampling
	seeds  []string
	alone  []Answer
}

func (w *wanted) request() Request {
	r := Request{Prompt: w.prompt}
	for _, name := range w.seeds {
		r.Random = append(r.Random, seed.Rand(5, name))
	}
	return r
}

// lottery makes requests of random lengths, groups and settings, some with a picture.
func lottery(t *testing.T, m *qwen.Model, r *rand.Rand, n int) []*wanted {
	var out []*wanted
	for i := range n {
		var ids []int32
		for range 1 + r.IntN(70) {
			ids = append(ids, int32(r.IntN(10)))
		}
		p := text(ids...)
		if i%3 == 0 {
			p.IDs[0] = m.Tokens.Image
			patches := make([]float32, 4*3*2*2*2)
			for j := range patches {
				patches[j] = float32(r.NormFloat64())
			}
			p.Pictures = []qwen.Picture{{Patches: patches, Grid: [3]int{1, 2, 2}}}
		}
		w := &wanted{prompt: p, s: Sampling{MaxTokens: 1 + r.IntN(60), Temperature: float64(r.IntN(3)), TopK: r.IntN(3) * 4}}
		if r.IntN(2) == 0 {
			w.s.RepetitionPenalty = 1.2
		}
		for k := range 1 + r.IntN(4) {
			w.seeds = append(w.seeds, string(rune('a'+i))+string(rune('a'+k)))
		}
		for _, name := range w.seeds { // each alone, even from its siblings
			got, err := Generate(t.Context(), m, []Request{{w.prompt, []*rand.Rand{seed.Rand(5, name)}}}, w.s, nil)
			require.NoError(t, err)
			w.alone = append(w.alone, got[0][0])
		}
		out = append(out, w)
	}
	return out
}

// Whatever joins and leaves, however the prompts are grouped and however small the
// cache is, an answer has the bits that it has alone.
func TestAnswersDoNotDependOnTheirBatch(t *testing.T) {
	m := tiny(t)
	for round := range 6 {
		r := seed.Rand(uint64(round), "batch")
		all := lottery(t, m, r, 8)
		room := 5*tensor.PageRows + r.IntN(4)*8*tensor.PageRows // one answer just fits, or many do
		b := NewBatch(m, room)
		got := make([][]Answer, len(all))
		heard := make([][][]int32, len(all))
		next, most := 0, 0
		for next < len(all) || b.Len() > 0 {
			for next < len(all) && (b.Len() == 0 || r.IntN(5) == 0) {
				i, w := next, all[next]
				heard[i] = make([][]int32, len(w.seeds))
				var err error
				got[i], err = b.Join(w.request(), w.s, func(k int, token int32) bool {
					heard[i][k] = append(heard[i][k], token)
					return true
				})
				require.NoError(t, err)
				next++
			}
			require.NoError(t, b.Step(t.Context()))
			most = max(most, len(b.active))
		}
		assert.Greater(t, most, 1, "answers ran together")
		for i, w := range all {
			require.Equal(t, w.alone, got[i], "round %d, request %d of %+v", round, i, w.s)
			for k := range w.seeds {
				assert.Equal(t, w.alone[k].Tokens, heard[i][k])
			}
		}
		assert.Len(t, b.pages.free, len(b.pages.users), "every page is free again")
		b.Close()
	}
}

// Answers to one prompt keep its whole pages once.
func TestAnswersShareTheirPrompt(t *testing.T) {
	m := tiny(t)
	ids := make([]int32, 3*tensor.PageRows+5)
	b := NewBatch(m, 20*tensor.PageRows)
	defer b.Close()
	_, err := b.Join(Request{text(ids...), Greedy(6)}, Sampling{MaxTokens: 9, Forbidden: m.Tokens.EOS}, nil)
	require.NoError(t, err)
	require.NoError(t, b.Step(t.Context()))
	assert.Len(t, b.pages.free, 20-4, "no answer has a page of its own before it writes")
	require.NoError(t, b.Step(t.Context()))
	assert.Len(t, b.pages.free, 20-3-6)
	assert.Equal(t, 6, b.Len())
	b.Cancel()
	assert.Len(t, b.pages.free, 20)
}

func TestJoinRefusesWhatNeverFits(t *testing.T) {
	b := NewBatch(tiny(t), tensor.PageRows)
	defer b.Close()
	_, err := b.Join(Request{text(1, 2), Greedy(1)}, Sampling{MaxTokens: 32}, nil)
	assert.EqualError(t, err, "prompt of 2 tokens with 32 to draw (want at most 33 together)")
	_, err = b.Join(Request{text(1, 2), Greedy(1)}, Sampling{MaxTokens: 31}, nil)
	assert.NoError(t, err)
	_, err = b.Join(Request{text(), Greedy(1)}, Sampling{MaxTokens: 3}, nil)
	assert.EqualError(t, err, "prompt without tokens")
}

// countdown is a context that ends when it has been asked n times.
type countdown struct {
	context.Context
	n, asked int
}

var errOver = errors.New("over")

func (c *countdown) Err() error {
	if c.asked++; c.asked > c.n {
		return errOver
	}
	return nil
}

// A step asks its context before every layer and stops at once; a later step goes
// on as if nothing had been.
func TestStepsStopWithinALayer(t *testing.T) {
	m := tiny(t)
	r := seed.Rand(1, "stop")
	all := lottery(t, m, r, 3)
	b := NewBatch(m, 40*tensor.PageRows)
	defer b.Close()
	got := make([][]Answer, len(all))
	for i, w := range all {
		var err error
		got[i], err = b.Join(w.request(), w.s, nil)
		require.NoError(t, err)
	}
	stops := 0
	for b.Len() > 0 {
		c := &countdown{Context: t.Context(), n: r.IntN(6)}
		before := b.Len()
		if err := b.Step(c); err != nil {
			stops++
			assert.LessOrEqual(t, c.asked, c.n+2, "asked no more after the end but for the cause")
			assert.Equal(t, before, b.Len())
		}
	}
	assert.Greater(t, stops, 5)
	for i, w := range all {
		assert.Equal(t, w.alone, got[i])
	}
}
