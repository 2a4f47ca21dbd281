package decode

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Sampling says how a token is drawn. The order is that of transformers 4.57:
// repetition penalty, temperature, top-k, top-p, min-p; or vLLM's, whose min-p
// comes before top-k.
type Sampling struct {
	MaxTokens         int
	Temperature       float64 // 0: the most probable token
	TopK              int     // 0: all
	TopP, MinP        float64 // 0: all
	MinPFirst         bool    // vLLM's order
	RepetitionPenalty float64 // 0 or 1: none
	Forbidden         []int32 // never drawn
}

func (s *Sampling) check() error {
	if s.MaxTokens <= 0 {
		return fmt.Errorf("max tokens %d (want at least 1)", s.MaxTokens)
	}
	return nil
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
	if s.Temperature != 1 {
		for i := range logits {
			logits[i] /= float32(s.Temperature)
		}
	}
	if s.TopK == 0 && s.MinP == 0 && !s.cutsTail() {
		if i := place(logits, r); i >= 0 {
			return int32(i)
		}
		return argmax(logits)
	}
	keep := s.candidates(logits)
	kept := make([]float32, len(keep))
	for i, id := range keep {
		kept[i] = logits[id]
	}
	if i := place(kept, r); i >= 0 {
		return keep[i]
	}
	return argmax(logits)
}

// place returns a place with the probability of softmax(logits), or -1 where
// rounding leaves none.
func place(logits []float32, r *rand.Rand) int {
	best := slices.Max(logits)
	weights, sum := make([]float64, len(logits)), 0.0
	for i, l := range logits {
		weights[i] = math.Exp(float64(l - best))
		sum += weights[i]
	}
	u := r.Float64() * sum
	for i, w := range weights {
		if u -= w; u < 0 {
			return i
		}
	}
	return -1
}

// cutsTail tells whether top-p leaves anything out.
func (s *Sampling) cutsTail() bool { return s.TopP > 0 && s.TopP < 1 }

// candidates returns the ids left by top-k, top-p and min-p, in order of id.
func (s *Sampling) candidates(logits []float32) []int32 {
	nucleus := s.cutsTail()
	least := float32(math.Inf(-1))
	if s.MinP > 0 {
		least = logits[argmax(logits)] + float32(math.Log(s.MinP))
	}
	all := make([]int32, len(logits))
	for i := range all {
		all[i] = int32(i)
	}
	few := func(id int32) bool { return logits[id] < least }
	if s.MinP > 0 && (s.MinPFirst || s.TopK == 0 && !nucleus) {
		all = slices.DeleteFunc(all, few)
	}
	if s.TopK == 0 && !nucleus {
		return all
	}
	h := ranking{logits, all}
	h.order()
	ids := make([]int32, 0, 64)
	for s.TopK > 0 && len(h.ids) > 0 && (len(ids) < s.TopK || logits[h.ids[0]] == logits[ids[s.TopK-1]]) { // ties stay
		ids = append(ids, h.pop())
	}
	if nucleus {
		ids = s.nucleus(&h, ids)
	}
	for len(ids) > 1 && few(ids[len(ids)-1]) {
		ids = ids[:len(ids)-1]
	}
	slices.Sort(ids)
	return ids
}

// nucleus drops, from the least probable up, while what is dropped stays within
// 1 - TopP. ids are what top-k left, from the most probable down; without top-k
// they come out of the ranking until enough are there.
func (s *Sampling) nucleus(h *ranking, ids []int32) []int32 {
	from := ids
	if s.TopK == 0 {
		from = h.ids
	}
	best := h.logits[from[0]]
	weight := func(id int32) float64 { return math.Exp(float64(h.logits[id] - best)) }
	sum := 0.0
	for _, id := range from {
		sum += weight(id)
	}
	n, left := 0, sum // left is the weight of what is not kept
	for n == 0 || left/sum > 1-s.TopP {
		if s.TopK == 0 {
			if len(h.ids) == 0 {
				break
			}
			ids = append(ids, h.pop())
		} else if n == len(ids) {
			break
		}
		left -= weight(ids[n])
		n++
	}
	return ids[:n]
}

// ranking hands ids out from the most probable down, equal ones from the lowest
// id up, where torch's sort promises no order: a heap, because few of a
// vocabulary are ever wanted.
type ranking struct {
	logits []float32
	ids    []int32
}

func (h *ranking) before(a, b int32) bool {
	return h.logits[a] > h.logits[b] || h.logits[a] == h.logits[b] && a < b
}

func (h *ranking) order() {
	for i := len(h.ids)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
}

func (h *ranking) pop() int32 {
	top, last := h.ids[0], len(h.ids)-1
	h.ids[0] = h.ids[last]
	h.ids = h.ids[:last]
	h.sink(0)
	return top
}

func (h *ranking) sink(i int) {
	for {
		down := 2*i + 1
		if down >= len(h.ids) {
			return
		}
		if down+1 < len(h.ids) && h.before(h.ids[down+1], h.ids[down]) {
			down++
		}
		if !h.before(h.ids[down], h.ids[i]) {
			return
		}
		h.ids[i], h.ids[down] = h.ids[down], h.ids[i]
		i = down
	}
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
