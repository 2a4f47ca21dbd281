package policy

import (
	"fmt"
	"math"
)

// Rollout is what the metrics of one trainer step are computed from.
type Rollout struct {
	Scores     [][]float64 // rewards of the answers alone, on tokens
	Rewards    [][]float64 // after the KL penalty, if any
	Advantages [][]float64
	Returns    [][]float64
	Values     [][]float64 // nil without a value network
	Mask       Mask

	PromptLengths, ResponseLengths []int // tokens
	MaxPrompt, MaxResponse         int   // the limits they were generated under
}

// Metrics returns EasyR1's metrics of a rollout by their names. A row
// whose length equals the limit counts as clipped even if it ended there.
func (r Rollout) Metrics() map[string]float64 {
	m := map[string]float64{}
	summary(m, "critic/score", Sums(r.Scores))
	summary(m, "critic/rewards", Sums(r.Rewards))
	summary(m, "critic/advantages", counted(r.Advantages, r.Mask))
	returns := counted(r.Returns, r.Mask)
	summary(m, "critic/returns", returns)
	if r.Values != nil {
		values := counted(r.Values, r.Mask)
		summary(m, "critic/values", values)
		errs := make([]float64, len(values))
		for i := range values {
			errs[i] = returns[i] - values[i]
		}
		m["critic/vf_explained_var"] = 1 - variance(errs)/(variance(returns)+1e-5)
	}
	lengthSummary(m, "response_length", r.ResponseLengths, r.MaxResponse)
	lengthSummary(m, "prompt_length", r.PromptLengths, r.MaxPrompt)
	return m
}

func counted(x [][]float64, mask Mask) []float64 {
	var out []float64
	for i, row := range x {
		for t, v := range row {
			if mask.on(i, t) {
				out = append(out, v)
			}
		}
	}
	return out
}

// summary adds the mean, largest and smallest of x; nothing where x is empty.
func summary(m map[string]float64, name string, x []float64) {
	if len(x) == 0 {
		return
	}
	sum, low, high := 0.0, math.Inf(1), math.Inf(-1)
	for _, v := range x {
		sum += v
		low, high = min(low, v), max(high, v)
	}
	m[name+"/mean"], m[name+"/max"], m[name+"/min"] = sum/float64(len(x)), high, low
}

func lengthSummary(m map[string]float64, name string, lengths []int, limit int) {
	x := make([]float64, len(lengths))
	full := 0.0
	for i, l := range lengths {
		x[i] = float64(l)
		if l == limit {
			full++
		}
	}
	summary(m, name, x)
	if len(x) > 0 {
		m[name+"/clip_ratio"] = full / float64(len(x))
	}
}

// variance is the unbiased one.
func variance(x []float64) float64 {
	mean, sum := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return sum / float64(len(x)-1)
}

// BalanceMetrics reports tokens per rank: before balancing, rows cut into equal
// runs, one a rank; after it, as in parts, one a rank.
func BalanceMetrics(lengths []int, parts [][]int) (map[string]float64, error) {
	world := len(parts)
	if world == 0 || len(lengths)%world != 0 {
		return nil, fmt.Errorf("%d rows on %d ranks (want a multiple)", len(lengths), world)
	}
	before, after := make([]float64, world), make([]float64, world)
	each := len(lengths) / world
	total := 0.0
	for i, l := range lengths {
		before[i/each] += float64(l)
		total += float64(l)
	}
	for p, part := range parts {
		for _, i := range part {
			after[p] += float64(lengths[i])
		}
	}
	b, a := map[string]float64{}, map[string]float64{}
	summary(b, "", before)
	summary(a, "", after)
	return map[string]float64{
		"global_seqlen/min":          b["/min"],
		"global_seqlen/max":          b["/max"],
		"global_seqlen/minmax_diff":  b["/max"] - b["/min"],
		"global_seqlen/balanced_min": a["/min"],
		"global_seqlen/balanced_max": a["/max"],
		"global_seqlen/mean":         total / float64(world),
	}, nil
}
