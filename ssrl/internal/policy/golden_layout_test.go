package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/cpu"
	"ssrl/internal/policy"
	"ssrl/internal/tensor"
)

func penaltyCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Type    string  `json:"kl_type"`
		Penalty string  `json:"kl_penalty"`
		Coef    float64 `json:"kl_coef"`
		Horizon float64 `json:"kl_horizon"`
		Target  float64 `json:"kl_target"`
		Steps   []struct {
			Scores  table `json:"token_level_scores"`
			Mask    table `json:"response_mask"`
			Old     table `json:"old_log_probs"`
			Ref     table `json:"ref_log_probs"`
			Rewards table `json:"token_level_rewards"`
			Metrics map[string]num
			After   num `json:"kl_coef_after"`
		}
	}
	decode(t, raw, &c)
	ctrl := policy.KLController{Coef: c.Coef}
	if c.Type == "adaptive" {
		ctrl.Target, ctrl.Horizon = c.Target, c.Horizon
	}
	require.NoError(t, ctrl.Check())
	for i, s := range c.Steps {
		near(t, s.Metrics["actor/kl_coef"], ctrl.Coef, "step %d coefficient", i)
		rewards, kl := ctrl.Penalise(s.Scores.rows(), s.Old.rows(), s.Ref.rows(), s.Mask.mask(), policy.KLKind(c.Penalty))
		nearRows(t, s.Rewards, rewards, nil, "rewards")
		near(t, s.Metrics["actor/kl_penalty"], kl, "step %d divergence", i)
		near(t, s.After, ctrl.Coef, "step %d coefficient after", i)
	}
}

func valueCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Clip            float64 `json:"cliprange_value"`
		Average         string  `json:"loss_avg_mode"`
		Vpreds, Returns table
		Values          table
		Mask            table `json:"response_mask"`
		Loss            num
		Metrics         map[string]num
		Grad            table `json:"grad_vpreds"`
	}
	decode(t, raw, &c)
	loss, m, grad := policy.ValueLoss(c.Vpreds.rows(), c.Returns.rows(), c.Values.rows(), c.Mask.mask(), c.Clip, policy.Average(c.Average), 0)
	near(t, c.Loss, loss, "loss")
	near(t, c.Metrics["vf_clipfrac"], m.ClipFraction, "vf_clipfrac")
	near(t, c.Metrics["vpred_mean"], m.Mean, "vpred_mean")
	nearRows(t, c.Grad, grad, nil, "gradient")
}

func responseMaskCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		IDs  [][]int32
		EOS  []int32
		Mask table
	}
	decode(t, raw, &c)
	want := c.Mask.mask()
	for i, ids := range c.IDs {
		assert.Equal(t, want[i], policy.ResponseMask(ids, c.EOS), "row %d", i)
	}
}

func logProbCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Temperature float64
		Logits      table
		Labels      []int32
		LogProbs    []num `json:"log_probs"`
		Upstream    []num `json:"upstream_grad"`
		Grad        table `json:"grad_logits"`
	}
	decode(t, raw, &c)
	rows := c.Logits.rows()
	for i, logits := range rows {
		near(t, c.LogProbs[i], policy.LogProb(logits, int(c.Labels[i]), c.Temperature), "log-probability %d", i)
		grad := make([]float64, len(logits))
		policy.LogProbBack(grad, logits, int(c.Labels[i]), c.Temperature, float64(c.Upstream[i]))
		for v, g := range grad {
			near(t, c.Grad[i][v], g, "gradient[%d][%d]", i, v)
		}
	}

	// The device that trains computes the same in float32.
	dev := cpu.New(1)
	upload := func(rows [][]float64) *tensor.Tensor {
		x := dev.New(len(rows), len(rows[0]))
		var flat []float32
		for _, row := range rows {
			for _, v := range row {
				flat = append(flat, float32(v))
			}
		}
		dev.Upload(x, flat)
		return x
	}
	logits, dlp := upload(rows), upload([][]float64{vector(c.Upstream)})
	lp, lse, dlogits := dev.New(1, len(rows)), dev.New(1, len(rows)), dev.New(len(rows), len(rows[0]))
	dev.LogProb(lp, lse, logits, c.Labels, float32(c.Temperature))
	dev.LogProbBack(dlogits, dlp, logits, lse, c.Labels, float32(c.Temperature))
	got, grad := make([]float32, lp.Len()), make([]float32, dlogits.Len())
	dev.Download(got, lp)
	dev.Download(grad, dlogits)
	for i, row := range c.Grad {
		near(t, c.LogProbs[i], float64(got[i]), "device: log-probability %d", i)
		for v, g := range row {
			near(t, g, float64(grad[i*len(row)+v]), "device: gradient[%d][%d]", i, v)
		}
	}
}

func partitionCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Lengths []int
		K       int
		Equal   bool
		Parts   [][]int
	}
	decode(t, raw, &c)
	parts, err := policy.Partition(c.Lengths, c.K, c.Equal)
	require.NoError(t, err)
	assert.Equal(t, c.Parts, parts)
}

func microBatchCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Lengths []int
		Budget  int     `json:"token_budget"`
		Parts   [][]int `json:"micro_batches"`
	}
	decode(t, raw, &c)
	parts, err := policy.MicroBatches(c.Lengths, policy.MicroBatchCount(c.Lengths, c.Budget))
	require.NoError(t, err)
	assert.Equal(t, c.Parts, parts)
}

func overlongCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Length  int `json:"response_length"`
		Limit   int `json:"max_response_length"`
		Buffer  int `json:"overlong_buffer_length"`
		Penalty num
	}
	decode(t, raw, &c)
	near(t, c.Penalty, policy.OverlongPenalty(c.Length, c.Limit, c.Buffer), "penalty")
}

func filterCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Scores    []num
		Low, High float64
		Keep      bool
	}
	decode(t, raw, &c)
	assert.Equal(t, c.Keep, policy.Keep(vector(c.Scores), c.Low, c.High))
}

func truncationCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Source, Target int
		Cutoff         int `json:"cutoff_len"`
		Kept           [2]int
	}
	decode(t, raw, &c)
	source, target := policy.Truncate(c.Source, c.Target, c.Cutoff)
	assert.Equal(t, c.Kept, [2]int{source, target})
}

func metricsCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Critic     bool  `json:"use_critic"`
		Scores     table `json:"token_level_scores"`
		Rewards    table `json:"token_level_rewards"`
		Advantages table
		Returns    table
		Values     table
		Attention  table `json:"attention_mask"`
		Metrics    map[string]num
	}
	decode(t, raw, &c)
	r := policy.Rollout{Scores: c.Scores.rows(), Rewards: c.Rewards.rows(), Advantages: c.Advantages.rows(), Returns: c.Returns.rows()}
	if c.Critic {
		r.Values = c.Values.rows()
	}
	r.MaxResponse = len(c.Scores[0])
	r.MaxPrompt = len(c.Attention[0]) - r.MaxResponse
	var total []int
	for _, row := range c.Attention.mask() {
		prompt, response := row[:r.MaxPrompt], row[r.MaxPrompt:]
		r.Mask = append(r.Mask, response)
		r.PromptLengths = append(r.PromptLengths, policy.Mask{prompt}.Tokens(0, 0))
		r.ResponseLengths = append(r.ResponseLengths, policy.Mask{response}.Tokens(0, 0))
		total = append(total, policy.Mask{row}.Tokens(0, 0))
	}
	got := r.Metrics()
	parts, err := policy.Partition(total, 1, true)
	require.NoError(t, err)
	balance, err := policy.BalanceMetrics(total, parts)
	require.NoError(t, err)
	for name, v := range balance {
		got[name] = v
	}
	assert.Len(t, got, len(c.Metrics))
	for name, want := range c.Metrics {
		near(t, want, got[name], "%s", name)
	}
}
