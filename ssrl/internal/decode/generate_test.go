package decode

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/cpu"
	"ssrl/internal/qwen"
)

// tiny is a random model of two thousand weights that needs no files.
func tiny(t *testing.T) *qwen.Model {
	c := qwen.Config{
		Text: qwen.TextConfig{Hidden: 8, Layers: 2, Heads: 2, KVHeads: 1, HeadDim: 4, Intermediate: 12, Vocab: 16, Theta: 1e4, Sections: [3]int{1, 1, 0}, Eps: 1e-6, Bias: true},
		Vision: qwen.VisionConfig{Depth: 1, Hidden: 8, Heads: 2, Intermediate: 8, Out: 8, Channels: 3, Patch: 2, Temporal: 2, Merge: 2, Window: 8,
			FullAttention: []int{0}, TokensPerSecond: 2},
		Tokens: qwen.Tokens{Image: 10, Video: 11, VisionStart: 12, VisionEnd: 13, EOS: []int32{15}, Pad: 14},
	}
	m := qwen.New(cpu.New(2), c, true, 1, 0.5)
	t.Cleanup(m.Free)
	return m
}

func text(ids ...int32) *Prompt {
	p := &Prompt{IDs: ids, Next: int32(len(ids))}
	for axis := range p.Pos {
		for i := range ids {
			p.Pos[axis] = append(p.Pos[axis], int32(i))
		}
	}
	return p
}

// A model may draw the token that marks an image's place; it then reads it as
// the token that it is, while drawing and while training.
func TestDrawnImageTokensAreTokens(t *testing.T) {
	m := tiny(t)
	var all []int32
	for id := range int32(16) {
		if id != 10 && id != 11 {
			all = append(all, id)
		}
	}
	got, err := Generate(t.Context(), m, []Request{{text(1, 2, 3), Greedy(1)}}, Sampling{MaxTokens: 5, Forbidden: all}, nil)
	require.NoError(t, err)
	require.Len(t, got[0][0].Tokens, 5)
	for _, id := range got[0][0].Tokens {
		assert.Contains(t, []int32{10, 11}, id)
	}
	lp, _, err := Score(t.Context(), m, Group{text(1, 2, 3), [][]int32{got[0][0].Tokens}})
	require.NoError(t, err)
	assert.Equal(t, got[0][0].LogProbs, lp)
}

func TestPromptsAreChecked(t *testing.T) {
	m := tiny(t)
	short := text(1, 2)
	short.Pos[1] = short.Pos[1][:1]
	for want, p := range map[string]*Prompt{
		"prompt without tokens":                                    text(),
		"prompt of 2 tokens with 1 positions":                      short,
		"token 1: id 16 (want below 16)":                           text(1, 16),
		"2 places for image tokens, 0 image tokens (want as many)": text(10, 1, 10),
		"picture 1: 0 values in a grid of [1 2 2] patches (want 24 a patch, sides a multiple of 2)": {
			IDs: []int32{10}, Pos: [3][]int32{{0}, {0}, {0}}, Next: 1, Pictures: []qwen.Picture{{Grid: [3]int{1, 2, 2}}}},
	} {
		t.Run(want, func(t *testing.T) {
			_, err := Generate(t.Context(), m, []Request{{p, Greedy(1)}}, Sampling{MaxTokens: 2}, nil)
			assert.EqualError(t, err, want)
		})
	}
	_, err := Generate(t.Context(), m, nil, Sampling{}, nil)
	assert.EqualError(t, err, "max tokens 0 (want at least 1)")
}
