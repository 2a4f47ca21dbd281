package decode

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"ssrl/internal/seed"
)

// Probabilities of the logits below are 0.4, 0.3, 0.2, 0.1, in mixed order.
var logits = []float32{lg(0.2), lg(0.4), lg(0.1), lg(0.3)}

func lg(p float64) float32 { return float32(math.Log(p)) }

func TestCandidates(t *testing.T) {
	for _, tc := range []struct {
		name string
		s    Sampling
		want []int32
	}{
		{"all", Sampling{}, []int32{0, 1, 2, 3}},
		{"top-k keeps the best", Sampling{TopK: 2}, []int32{1, 3}},
		{"top-k above the vocabulary", Sampling{TopK: 9}, []int32{0, 1, 2, 3}},
		{"top-p reaches into the token that passes it", Sampling{TopP: 0.65}, []int32{1, 3}},
		{"top-p drops while what is dropped stays within", Sampling{TopP: 0.71}, []int32{0, 1, 3}},
		{"top-p keeps the best one", Sampling{TopP: 1e-9}, []int32{1}},
		{"top-p of one", Sampling{TopP: 1}, []int32{0, 1, 2, 3}},
		{"min-p is a share of the best", Sampling{MinP: 0.6}, []int32{1, 3}},
		{"top-k first, then top-p of what is left", Sampling{TopK: 2, TopP: 0.5}, []int32{1}},
	} {
		t.Run(tc.name, func(t *testing.T) { assert.Equal(t, tc.want, tc.s.candidates(logits)) })
	}
	assert.Equal(t, []int32{0, 1, 2}, (&Sampling{TopK: 2}).candidates([]float32{1, 2, 1, 0}), "ties with the last stay")
}

func TestPenaltyActsOnceOnEachToken(t *testing.T) {
	x := []float32{2, -2, 3}
	(&Sampling{RepetitionPenalty: 2}).penalise(x, map[int32]bool{0: true, 1: true})
	assert.Equal(t, []float32{1, -4, 3}, x)
}

// Draws follow the probabilities: a chi-square of 3 degrees of freedom stays
// below 16.3 in 999 of 1,000 fair runs.
func TestDrawsFollowTheProbabilities(t *testing.T) {
	const n = 20000
	r := seed.Rand(1, "draws")
	counts := map[int32]float64{}
	s := Sampling{Temperature: 1}
	for range n {
		counts[s.pick(append([]float32{}, logits...), r)]++
	}
	chi := 0.0
	for id, l := range logits {
		want := n * math.Exp(float64(l))
		chi += (counts[int32(id)] - want) * (counts[int32(id)] - want) / want
	}
	assert.Less(t, chi, 16.3)
}

func TestForbiddenTokensAreNeverDrawn(t *testing.T) {
	s := Sampling{Forbidden: []int32{1}}
	assert.Equal(t, int32(3), s.pick(append([]float32{}, logits...), nil))
	s.Temperature = 2
	r := seed.Rand(1, "forbidden")
	for range 1000 {
		assert.NotEqual(t, int32(1), s.pick(append([]float32{}, logits...), r))
	}
}
