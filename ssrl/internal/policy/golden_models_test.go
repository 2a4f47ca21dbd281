package policy_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
	"ssrl/internal/policy"
)

// Tolerances of the golden README for scalars and the gradient of a GRPO update
// computed from recorded log-probabilities.
const (
	modelScalar = 1e-5
	modelGrad   = 1e-6
)

// TestModelUpdates repeats the loss of every GRPO update that was recorded with
// a model, from its rewards and log-probabilities.
func TestModelUpdates(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(golden.Dir(t, "models"), "*.golden", "training.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no recorded training in the golden folder")
	}
	for _, file := range files {
		var f struct{ GRPO *modelUpdate }
		golden.JSON(t, file, &f)
		if f.GRPO != nil {
			t.Run(filepath.Base(filepath.Dir(file)), f.GRPO.check)
		}
	}
}

type modelUpdate struct {
	Settings struct {
		lossSettings
		Penalty string  `json:"kl_penalty"`
		Coef    float64 `json:"kl_coef"`
	}
	Rows []struct {
		Group  int
		Reward float64
	}
	Old        table `json:"old_logprobs"`
	Ref        table `json:"ref_logprobs"`
	LogProbs   table
	Advantages []num
	Grad       table `json:"loss_gradient_by_logprob"`
	PG         num   `json:"pg_loss"`
	KL         num   `json:"kl_loss"`
	Loss       num
	Metrics    map[string]num
	Variants   map[string]struct {
		PG   num `json:"pg_loss"`
		KL   num `json:"kl_loss"`
		Loss num
	}
}

func (u *modelUpdate) check(t *testing.T) {
	var scores []float64
	var groups []int
	for _, r := range u.Rows {
		scores, groups = append(scores, r.Reward), append(groups, r.Group)
	}
	adv, err := policy.GroupAdvantages(scores, groups, policy.AdvantageOptions{Estimator: policy.GRPO})
	require.NoError(t, err)
	assert.InDeltaSlice(t, vector(u.Advantages), adv, modelScalar)

	lp := u.LogProbs.rows()
	b := policy.Batch{LogProbs: lp, Old: u.Old.rows(), Ref: u.Ref.rows(), Advantages: policy.Spread(adv, lp)}
	o := policy.Objective{Loss: u.Settings.options(t), KL: policy.KLKind(u.Settings.Penalty), KLCoef: u.Settings.Coef}
	r := o.Eval(b)
	assert.InDelta(t, float64(u.PG), r.Policy, modelScalar, "policy loss")
	assert.InDelta(t, float64(u.KL), r.KL, modelScalar, "divergence")
	assert.InDelta(t, float64(u.Loss), r.Loss, modelScalar, "loss")
	sameMetrics(t, u.Metrics, r.Metrics)
	for i, row := range u.Grad {
		assert.InDeltaSlice(t, vector(row), r.Grad[i], modelGrad, "gradient of row %d", i)
	}
	for name, want := range u.Variants {
		kind, average, ok := strings.Cut(name, "/")
		require.True(t, ok, name)
		o.Loss.Kind, o.Loss.Average = policy.LossKind(kind), policy.Average(average)
		r := o.Eval(b)
		assert.InDelta(t, float64(want.PG), r.Policy, modelScalar, name)
		assert.InDelta(t, float64(want.KL), r.KL, modelScalar, name)
		assert.InDelta(t, float64(want.Loss), r.Loss, modelScalar, name)
	}
}
