package ssrl

import (
	"math"

	"ssrl/internal/policy"
)

// tally gathers EasyR1's metrics over the parts of a step (there means over
// micro-batches; here weighted by their tokens, so that they do not depend on
// the cut).
type tally struct {
	loss, pg, kl, ppo, entropy, higher, lower, weight float64

	tokens int       // rows that the network computed
	norms  []float64 // of every optimiser step
}

func (t *tally) add(r policy.Result, size policy.Size, rows int) {
	w := float64(size.Tokens)
	t.loss += w * r.Loss
	t.pg += w * r.Policy
	t.kl += w * r.KL
	t.ppo += w * r.Metrics.PPOKL
	t.entropy += w * r.Metrics.EntropyLoss
	t.higher += w * r.Metrics.ClipHigher
	t.lower += w * r.Metrics.ClipLower
	t.weight += w
	t.tokens += rows
}

// stats is the step's report.
func (t *tally) stats(rollouts []Rollout) Stats {
	weight := max(t.weight, 1) // all answers may have been masked
	st := Stats{Tokens: t.tokens, Loss: t.loss / weight, KL: t.kl / weight, Metrics: map[string]float64{
		"actor/pg_loss": t.pg / weight, "actor/kl_loss": t.kl / weight, "actor/ppo_kl": t.ppo / weight,
		"actor/entropy_loss": t.entropy / weight, "actor/pg_clipfrac_higher": t.higher / weight, "actor/pg_clipfrac_lower": t.lower / weight,
	}}
	for _, n := range t.norms {
		st.GradNorm += n / float64(len(t.norms))
	}
	st.Metrics["actor/grad_norm"] = st.GradNorm
	for _, r := range rollouts {
		st.Metrics["perf/total_num_tokens"] += float64(len(r.prompt.IDs) + len(r.tokens))
	}
	columns := map[string]func(r *Rollout) float64{
		"critic/score":      func(r *Rollout) float64 { return r.Score.Overall },
		"critic/rewards":    func(r *Rollout) float64 { return r.Score.Overall },
		"critic/advantages": func(r *Rollout) float64 { return r.Advantage },
		"critic/returns":    func(r *Rollout) float64 { return r.Advantage },
		"response_length":   func(r *Rollout) float64 { return float64(len(r.tokens)) },
		"prompt_length":     func(r *Rollout) float64 { return float64(len(r.prompt.IDs)) },
		"reward/overall":    func(r *Rollout) float64 { return r.Score.Overall },
		"reward/accuracy":   func(r *Rollout) float64 { return r.Score.Accuracy },
		"reward/format":     func(r *Rollout) float64 { return r.Score.Format },
	}
	for name, of := range columns {
		mean, low, high := 0.0, math.Inf(1), math.Inf(-1)
		for i := range rollouts {
			v := of(&rollouts[i])
			mean += v / float64(len(rollouts))
			low, high = min(low, v), max(high, v)
		}
		if name[:6] == "reward" {
			st.Metrics[name] = mean
			continue
		}
		st.Metrics[name+"/mean"], st.Metrics[name+"/min"], st.Metrics[name+"/max"] = mean, low, high
	}
	st.Reward = st.Metrics["reward/overall"]
	st.Metrics["response_length/clip_ratio"], st.Metrics["train/zero_std_fraction"] = clipped(rollouts), zeroSpread(rollouts)
	return st
}

// clipped is the share of answers that were cut off.
func clipped(rollouts []Rollout) float64 {
	n := 0
	for _, r := range rollouts {
		if r.Finish == "length" {
			n++
		}
	}
	return float64(n) / float64(len(rollouts))
}

// zeroSpread is the share of answers whose group has nothing to learn from.
func zeroSpread(rollouts []Rollout) float64 {
	n := 0
	for _, r := range rollouts {
		if r.Advantage == 0 {
			n++
		}
	}
	return float64(n) / float64(len(rollouts))
}
