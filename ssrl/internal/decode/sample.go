package decode

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Sampling says how a token is drawn. The order is that of transformers 4.57:
// repetition penalty, temperature, top-k, top-p, min-p.
type Sampling struct {
	MaxTokens         int
	Temperature       float64 // 0: the most probable token
	TopK              int     // 0: all
	TopP, MinP        float64 // 0: all
	RepetitionPenalty float64 // 0 or 1: none
	Forbidden         []int32 // never drawn
}

func (s *Sampling) penalises() bool { return s.RepetitionPenalty != 0 && s.RepetitionPenalty != 1 }

// temperature is what logits are divided by before a log-probability is taken.
func (s *Sampling) temperature() float32 {
	if s.Temperature == 0 {
		return 1
	}
	return float32(s.Temperature)
}

// penalise divides positive and multiplies negative logits of every token seen,
// once each.
func (s *Sampling) penalise(logits []float32, seen map[int32]bool) {
	for id := range seen {
		if l := logits[id]; l < 0 {
			logits[id] = l * float32(s.RepetitionPenalty)
		} else {
			logits[id] = l / float32(s.RepetitionPenalty)
		}
	}
}

// pick draws a token from logits, which it may change. Nothing is drawn from
// r when the choice is greedy.
func (s *Sampling) pick(logits []float32, r *rand.Rand) int32 {
	for _, id := range s.Forbidden {
		logits[id] = float32(math.Inf(-1))
	}
	if s.Temperature == 0 {
		return argmax(logits)
	}
	for i := range logits {
		logits[i] /= float32(s.Temperature)
	}
	keep := s.candidates(logits)
	best := logits[keep[0]]
	for _, id := range keep {
		best = max(best, logits[id])
	}
	weights, sum := make([]float64, len(keep)), 0.0
	for i, id := range keep {
		weights[i] = math.Exp(float64(logits[id] - best))
		sum += weights[i]
	}
	u := r.Float64() * sum
	for i, w := range weights {
		if u -= w; u < 0 {
			return keep[i]
		}
	}
	return argmax(logits)
}

// candidates returns the ids left by top-k, top-p and min-p, in order of id.
func (s *Sampling) candidates(logits []float32) []int32 {
	ids := make([]int32, len(logits))
	for i := range ids {
		ids[i] = int32(i)
	}
	if s.TopK == 0 && (s.TopP == 0 || s.TopP == 1) && s.MinP == 0 {
		return ids
	}
	slices.SortStableFunc(ids, func(a, b int32) int { return cmp.Compare(logits[b], logits[a]) })
	if s.TopK > 0 && s.TopK < len(ids) {
		n := s.TopK
		for n < len(ids) && logits[ids[n]] == logits[ids[s.TopK-1]] { // ties stay
			n++
		}
		ids = ids[:n]
	}
	if s.TopP > 0 && s.TopP < 1 {
		ids = s.nucleus(logits, ids)
	}
	if s.MinP > 0 {
		least := logits[ids[0]] + float32(math.Log(s.MinP))
		n := 1
		for n < len(ids) && logits[ids[n]] >= least {
			n++
		}
		ids = ids[:n]
	}
	slices.Sort(ids)
	return ids
}

// nucleus drops, from the least probable up, while what is dropped stays within
// 1 - TopP. ids are sorted from the most probable down.
func (s *Sampling) nucleus(logits []float32, ids []int32) []int32 {
	p, sum := make([]float64, len(ids)), 0.0
	for i, id := range ids {
		p[i] = math.Exp(float64(logits[id] - logits[ids[0]]))
		sum += p[i]
	}
	n, dropped := len(ids), 0.0
	for n > 1 {
		if dropped += p[n-1] / sum; dropped > 1-s.TopP {
			break
		}
		n--
	}
	return ids[:n]
}

// argmax returns the lowest index of the largest value.
func argmax(x []float32) int32 {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return int32(best)
}
