package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/policy"
)

// lossSettings are the objective's keys as the golden file names them.
type lossSettings struct {
	TauPositive float64 `json:"tau_positive"`
	TauNegative float64 `json:"tau_negative"`
	LossType    string  `json:"loss_type"`
	Average     string  `json:"loss_avg_mode"`
	Low         float64 `json:"clip_ratio_low"`
	High        float64 `json:"clip_ratio_high"`
	Dual        float64 `json:"clip_ratio_dual"`
}

func (s lossSettings) options(t *testing.T) policy.LossOptions {
	o := policy.LossOptions{
		Kind: policy.LossKind(s.LossType), Average: policy.Average(s.Average),
		ClipLow: s.Low, ClipHigh: s.High, ClipDual: s.Dual, TauPos: s.TauPositive, TauNeg: s.TauNegative,
	}
	require.NoError(t, o.Check())
	return o
}

func lossCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		lossSettings
		LogProbs   table `json:"log_probs"`
		Old        table `json:"old_log_probs"`
		Advantages table
		Mask       table `json:"response_mask"`
		Loss       num
		Metrics    map[string]num
		Grad       table `json:"grad_log_probs"`
	}
	decode(t, raw, &c)
	loss, m, grad := policy.Loss(c.LogProbs.rows(), c.Old.rows(), c.Advantages.rows(), c.Mask.mask(), c.options(t))
	near(t, c.Loss, loss, "loss")
	nearRows(t, c.Grad, grad, nil, "gradient")
	sameMetrics(t, c.Metrics, m)
}

func sameMetrics(t *testing.T, want map[string]num, m policy.LossMetrics) {
	t.Helper()
	got := map[string]float64{"ppo_kl": m.PPOKL, "entropy_loss": m.EntropyLoss}
	if m.Clips {
		got["pg_clipfrac_higher"], got["pg_clipfrac_lower"] = m.ClipHigher, m.ClipLower
	}
	assert.Len(t, got, len(want))
	for name, v := range want {
		near(t, v, got[name], "%s", name)
	}
}

func klCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Kind     string
		LogProbs json.RawMessage `json:"log_probs"`
		Ref      json.RawMessage `json:"ref_log_probs"`
		KL       table
		Grad     json.RawMessage `json:"grad_log_probs"`
	}
	decode(t, raw, &c)
	if policy.KLKind(c.Kind) == policy.KLFull {
		var logp, ref, grad []table
		decode(t, c.LogProbs, &logp)
		decode(t, c.Ref, &ref)
		decode(t, c.Grad, &grad)
		for i := range logp {
			for j := range logp[i] {
				g := make([]float64, len(logp[i][j]))
				near(t, c.KL[i][j], policy.FullKL(g, vector(logp[i][j]), vector(ref[i][j])), "kl[%d][%d]", i, j)
				for v := range g {
					near(t, grad[i][j][v], g[v], "gradient[%d][%d][%d]", i, j, v)
				}
			}
		}
		return
	}
	var logp, ref, grad table
	decode(t, c.LogProbs, &logp)
	decode(t, c.Ref, &ref)
	decode(t, c.Grad, &grad)
	value, slope := policy.KL(policy.KLKind(c.Kind), logp.rows(), ref.rows(), nil)
	nearRows(t, c.KL, value, nil, "kl")
	nearRows(t, grad, slope, nil, "gradient")
}
