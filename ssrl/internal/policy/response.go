package policy

import "slices"

// ResponseMask counts the tokens of a response up to and including the first
// that ends it; without one all count (a truncated response).
func ResponseMask(ids []int32, end []int32) []bool {
	mask := make([]bool, len(ids))
	for t := range mask[:ResponseLength(ids, end)] {
		mask[t] = true
	}
	return mask
}

// ResponseLength is how many tokens belong to a response, its end token included.
func ResponseLength(ids []int32, end []int32) int {
	for t, id := range ids {
		if slices.Contains(end, id) {
			return t + 1
		}
	}
	return len(ids)
}

// WithoutTruncated switches off the rows that did not end by themselves (TRL's
// mask_truncated_completions). A nil mask must be made whole first.
func (m Mask) WithoutTruncated(finished []bool) Mask {
	out := make(Mask, len(m))
	for i, row := range m {
		if finished[i] {
			out[i] = slices.Clone(row)
		} else {
			out[i] = make([]bool, len(row))
		}
	}
	return out
}

// FullMask counts every token of rows of the given lengths.
func FullMask(lengths []int) Mask {
	m := make(Mask, len(lengths))
	for i, n := range lengths {
		m[i] = make([]bool, n)
		for t := range m[i] {
			m[i][t] = true
		}
	}
	return m
}

// OverlongPenalty is DAPO's soft punishment of long responses (arXiv 2503.14476,
// section 3.4), from 0 to -1, to be multiplied by its factor and added to the
// reward: 0 up to limit-buffer tokens, then falling to -1 at limit and beyond.
func OverlongPenalty(length, limit, buffer int) float64 {
	over := length - (limit - buffer)
	switch {
	case over <= 0:
		return 0
	case length >= limit:
		return -1
	}
	return -float64(over) / float64(buffer)
}

// Keep tells whether a prompt's mean score lies strictly between low and high,
// so that its answers differ enough to learn from (DAPO's online filtering).
func Keep(scores []float64, low, high float64) bool {
	if len(scores) == 0 {
		return false
	}
	sum := 0.0
	for _, s := range scores {
		sum += s
	}
	mean := sum / float64(len(scores))
	return low < mean && mean < high
}

// Truncate splits cutoff tokens between a prompt of source and an answer of
// target tokens as LLaMA-Factory's infer_seqlen does: the short one is kept
// whole where it is below half of the cutoff, else both shrink in proportion.
func Truncate(source, target, cutoff int) (keptSource, keptTarget int) {
	limit := cutoff
	switch {
	case target*2 < cutoff:
	case source*2 < cutoff:
		limit = cutoff - source
	case source+target > 0:
		limit = int(float64(cutoff) * (float64(target) / float64(source+target)))
	}
	keptTarget = min(limit, target)
	return min(max(cutoff-keptTarget, 0), source), keptTarget
}
