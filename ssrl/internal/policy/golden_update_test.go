package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/policy"
)

type updateGolden struct {
	lossSettings
	Dynamic    bool `json:"dynamic_batching"`
	Micro      int  `json:"micro_batch_size_per_device_for_update"`
	World      int
	PerRank    int     `json:"rows_per_rank"`
	PerStep    int     `json:"rows_per_rank_per_optimizer_step"`
	Penalty    string  `json:"kl_penalty"`
	Coef       float64 `json:"kl_coef"`
	Prompts    []int   `json:"prompt_lengths"`
	Padded     int     `json:"padded_length"`
	LogProbs   table   `json:"log_probs"`
	Old        table   `json:"old_log_probs"`
	Ref        table   `json:"ref_log_probs"`
	Advantages table
	Mask       table                        `json:"response_mask"`
	Grads      []table                      `json:"grad_per_optimizer_step"`
	Metrics    []map[string]json.RawMessage `json:"metrics_per_rank"`
}

// pick gathers the rows of a micro-batch.
func (c updateGolden) pick(rows []int) policy.Batch {
	var b policy.Batch
	mask := c.Mask.mask()
	for _, i := range rows {
		b.LogProbs = append(b.LogProbs, vector(c.LogProbs[i]))
		b.Old = append(b.Old, vector(c.Old[i]))
		b.Ref = append(b.Ref, vector(c.Ref[i]))
		b.Advantages = append(b.Advantages, vector(c.Advantages[i]))
		b.Mask = append(b.Mask, mask[i])
	}
	return b
}

// cut splits the rows of one rank and step into micro-batches as upstream does.
func (c updateGolden) cut(t *testing.T, rows []int) [][]int {
	if !c.Dynamic {
		var out [][]int
		for at := 0; at < len(rows); at += c.Micro {
			out = append(out, rows[at:min(at+c.Micro, len(rows))])
		}
		return out
	}
	lengths := make([]int, len(rows))
	for k, i := range rows {
		lengths[k] = c.Prompts[i] + c.Mask.mask().Tokens(i, 0)
	}
	parts, err := policy.MicroBatches(lengths, policy.MicroBatchCount(lengths, c.Micro*c.Padded))
	require.NoError(t, err)
	for _, part := range parts {
		for k, at := range part {
			part[k] = rows[at]
		}
	}
	return parts
}

// updateCase repeats a whole update_policy: every rank's gradient of a step is
// the sum of its micro-batches, weighted; ranks add up.
func updateCase(t *testing.T, raw json.RawMessage) {
	var c updateGolden
	decode(t, raw, &c)
	o := policy.Objective{Loss: c.options(t), KL: policy.KLKind(c.Penalty), KLCoef: c.Coef}
	require.NoError(t, o.Check())
	seen := make([]map[string][]float64, c.World)
	for r := range seen {
		seen[r] = map[string][]float64{}
	}
	for step := range c.PerRank / c.PerStep {
		var whole policy.Size
		rows := make([][]int, c.World)
		for r := range rows {
			for k := range c.PerStep {
				rows[r] = append(rows[r], r*c.PerRank+step*c.PerStep+k)
			}
			b := c.pick(rows[r])
			size := policy.SizeOf(b.LogProbs, b.Mask)
			whole.Rows += size.Rows
			whole.Tokens += size.Tokens
		}
		grad := make([][]float64, len(c.LogProbs))
		for i := range grad {
			grad[i] = make([]float64, len(c.LogProbs[i]))
		}
		for r := range rows {
			for _, micro := range c.cut(t, rows[r]) {
				b := c.pick(micro)
				res := o.Eval(b)
				w := o.Loss.Average.Weight(policy.SizeOf(b.LogProbs, b.Mask), whole, true)
				for k, i := range micro {
					for j, g := range res.Grad[k] {
						grad[i][j] = w * g
					}
				}
				note(seen[r], res, c.Coef)
			}
		}
		nearRows(t, c.Grads[step], grad, nil, "gradient")
	}
	for r, want := range c.Metrics {
		assert.Len(t, seen[r], len(want))
		for name, raw := range want {
			checkSeries(t, name, raw, seen[r][name])
		}
	}
}

func note(seen map[string][]float64, res policy.Result, coef float64) {
	add := func(name string, v float64) { seen[name] = append(seen[name], v) }
	add("actor/pg_loss", res.Policy)
	add("actor/kl_loss", res.KL)
	add("actor/kl_coef", coef)
	add("actor/ppo_kl", res.Metrics.PPOKL)
	add("actor/entropy_loss", res.Metrics.EntropyLoss)
	if res.Metrics.Clips {
		add("actor/pg_clipfrac_higher", res.Metrics.ClipHigher)
		add("actor/pg_clipfrac_lower", res.Metrics.ClipLower)
	}
}

// checkSeries compares a list per micro-batch, or a lone number with the last
// of it, which is what upstream keeps of the KL.
func checkSeries(t *testing.T, name string, raw json.RawMessage, got []float64) {
	t.Helper()
	var list []num
	if json.Unmarshal(raw, &list) != nil {
		var last num
		decode(t, raw, &last)
		list, got = []num{last}, got[len(got)-1:]
	}
	require.Len(t, got, len(list), name)
	for k := range list {
		near(t, list[k], got[k], "%s[%d]", name, k)
	}
}
