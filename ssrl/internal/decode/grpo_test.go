package decode

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/optim"
	"ssrl/internal/policy"
	"ssrl/internal/tape"
)

type goldenGRPO struct {
	Rows []struct {
		Case   string
		Group  int
		Tokens []int32 `json:"response_tokens"`
		Reward float64
	}
	Old      [][]float64 `json:"old_logprobs"`
	Ref      [][]float64 `json:"ref_logprobs"`
	LogProbs [][]float64 `json:"logprobs"`
	Slope    [][]float64 `json:"loss_gradient_by_logprob"`
	Loss     float64
	Norm     float64 `json:"grad_norm"`
	Grads    string
	After    struct {
		LR    float64
		Betas [2]float64
		Eps   float64
		Decay float64     `json:"weight_decay"`
		Clip  float64     `json:"clip_grad_norm"`
		Rows  [][]float64 `json:"logprobs"`
	} `json:"after_adamw"`
	Settings struct {
		KL float64 `json:"kl_coef"`
	}
}

// A GRPO update from recorded rollouts: log-probabilities, loss, the gradient
// of every weight, and the log-probabilities after one step of AdamW.
func TestGoldenGRPO(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		var file struct{ GRPO *goldenGRPO }
		trainings(t, m, &file)
		if file.GRPO == nil {
			t.Skip("no GRPO update recorded")
		}
		m.Train(true)
		m.checkGRPO(t, file.GRPO)
	})
}

func (m *goldenModel) checkGRPO(t *testing.T, w *goldenGRPO) {
	groups := m.grpoGroups(t, w)
	rec := tape.Record(m.Dev)
	lp, err := LogProbs(t.Context(), rec, m.Model, groups, 1)
	require.NoError(t, err)
	rows := m.rows(lp, w)
	equalRows(t, w.LogProbs, rows, logprobTolerance)

	var scores []float64
	var of []int
	for _, r := range w.Rows {
		scores, of = append(scores, r.Reward), append(of, r.Group)
	}
	advantages, err := policy.GroupAdvantages(scores, of, policy.AdvantageOptions{Estimator: policy.GRPO})
	require.NoError(t, err)
	objective := policy.Objective{Loss: policy.RecipeLoss(), KL: policy.KLLowVar, KLCoef: w.Settings.KL}
	res := objective.Eval(policy.Batch{LogProbs: rows, Old: w.Old, Ref: w.Ref, Advantages: policy.Spread(advantages, rows)})
	assert.InDelta(t, w.Loss, res.Loss, logprobTolerance)
	// Slopes are at most 0.1; the log-probabilities they come from are off by up to 2e-4.
	equalRows(t, w.Slope, res.Grad, 1e-5)

	var slope []float32
	for _, row := range res.Grad {
		for _, g := range row {
			slope = append(slope, float32(g))
		}
	}
	require.NoError(t, rec.Backward(t.Context(), lp, slope))
	m.equalGradients(t, filepath.Join(m.results, w.Grads))
	m.checkStep(t, w, groups)
}

func (m *goldenModel) checkStep(t *testing.T, w *goldenGRPO, groups []Group) {
	var params []optim.Param
	for _, p := range m.Params {
		params = append(params, optim.Param{Name: p.Name, Value: p.Tensor, Grad: p.Grad})
	}
	optim.Moments(m.Dev, params)
	a := w.After
	o := optim.AdamW{Options: optim.Options{Beta1: a.Betas[0], Beta2: a.Betas[1], Eps: a.Eps, Decay: a.Decay, MaxNorm: a.Clip}}
	norm, err := o.Step(m.Dev, params, a.LR)
	require.NoError(t, err)
	assert.InEpsilon(t, w.Norm, norm, gradTolerance)
	lp, err := LogProbs(t.Context(), tape.New(m.Dev), m.Model, groups, 1)
	require.NoError(t, err)
	// One step at 1e-4 turns gradients that are pure noise into whole steps.
	equalRows(t, a.Rows, m.rows(lp, w), 10*logprobTolerance)
}

// grpoGroups joins the rows of a group, which lie together, behind their prompt.
func (m *goldenModel) grpoGroups(t *testing.T, w *goldenGRPO) (groups []Group) {
	for i, r := range w.Rows {
		if i == 0 || r.Group != w.Rows[i-1].Group {
			_, p := m.find(t, r.Case)
			groups = append(groups, Group{Prompt: p})
		}
		g := &groups[len(groups)-1]
		g.Answers = append(g.Answers, r.Tokens)
	}
	return groups
}

func (m *goldenModel) rows(lp *tape.Var, w *goldenGRPO) (rows [][]float64) {
	values := make([]float32, lp.Len())
	m.Dev.Download(values, lp.Tensor)
	for _, r := range w.Rows {
		row := make([]float64, len(r.Tokens))
		for i := range row {
			row[i] = float64(values[i])
		}
		rows, values = append(rows, row), values[len(row):]
	}
	return rows
}

func equalRows(t *testing.T, want, got [][]float64, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		assert.InDeltaSlice(t, want[i], got[i], tolerance, "row %d", i)
	}
}
