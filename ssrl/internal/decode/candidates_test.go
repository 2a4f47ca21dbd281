package decode

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// drawnTolerance is that of probabilities of float32 logits: the reference
// writes seven digits.
const drawnTolerance = 2e-6

// TestCandidatesEqualTransformers holds penalty, temperature and the three cuts
// against transformers' own processors; see _reference/candidates.py.
func TestCandidatesEqualTransformers(t *testing.T) {
	text, err := os.ReadFile("testdata/candidates.jsonl")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		var c struct {
			Order       string
			Logits      []float32
			Seen        []int32
			Temperature float64
			TopK        int     `json:"top_k"`
			TopP        float64 `json:"top_p"`
			MinP        float64 `json:"min_p"`
			Penalty     float64 `json:"repetition_penalty"`
			Kept        []int32
			LogProbs    []float64
			Probs       []float64
		}
		require.NoError(t, json.Unmarshal([]byte(line), &c))
		s := Sampling{Temperature: c.Temperature, TopK: c.TopK, TopP: c.TopP, MinP: c.MinP, RepetitionPenalty: c.Penalty, MinPFirst: c.Order == "vllm"}
		if s.penalises() {
			seen := map[int32]bool{}
			for _, id := range c.Seen {
				seen[id] = true
			}
			s.penalise(c.Logits, seen)
		}
		for i := range c.Logits {
			c.Logits[i] /= float32(s.Temperature)
		}
		for id, want := range c.LogProbs {
			assert.InDelta(t, math.Exp(want), share(c.Logits, nil, int32(id)), drawnTolerance)
		}
		kept := s.candidates(c.Logits)
		// Which of two equal tokens top-p drops is left to torch's sort.
		require.Equal(t, ranked(c.Logits, c.Kept), ranked(c.Logits, kept), "%+v", s)
		slices.Sort(c.Probs)
		var probs []float64
		for _, id := range kept {
			probs = append(probs, share(c.Logits, kept, id))
		}
		slices.Sort(probs)
		assert.InDeltaSlice(t, c.Probs, probs, drawnTolerance)
	}
}

// ranked are the logits of ids, sorted.
func ranked(logits []float32, ids []int32) (out []float32) {
	for _, id := range ids {
		out = append(out, logits[id])
	}
	slices.Sort(out)
	return out
}

// share is the probability of id among ids, all if nil.
func share(logits []float32, ids []int32, id int32) float64 {
	sum := 0.0
	if ids == nil {
		for _, l := range logits {
			sum += math.Exp(float64(l - logits[id]))
		}
	}
	for _, other := range ids {
		sum += math.Exp(float64(logits[other] - logits[id]))
	}
	return 1 / sum
}

func BenchmarkCandidates(b *testing.B) {
	row := make([]float32, 151936)
	for i := range row {
		row[i] = float32(math.Sin(float64(i)*float64(i))) * 6
	}
	for name, s := range map[string]Sampling{"top-k": {TopK: 20, TopP: 0.8}, "top-p": {TopP: 0.95}, "all": {}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s.candidates(row)
			}
		})
	}
}
