package policy_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/policy"
)

// printed is the rounding of the tables below, six digits after the point.
const printed = 6e-7

// TestGroupAdvantages is a table in float64, for groups of one prompt.
func TestGroupAdvantages(t *testing.T) {
	for _, c := range []struct {
		name               string
		scores, grpo, rloo []float64
	}{
		{"one right", []float64{1, .1, .1, .1, .1}, []float64{1.788850, -.447212, -.447212, -.447212, -.447212}, []float64{.9, -.225, -.225, -.225, -.225}},
		{"one wrong", []float64{1, 1, 1, 1, .1}, []float64{.447212, .447212, .447212, .447212, -1.788850}, []float64{.225, .225, .225, .225, -.9}},
		{"all levels", []float64{1, .9, .1, 0, 0}, []float64{1.188175, .990146, -.594087, -.792116, -.792116}, []float64{.75, .625, -.375, -.5, -.5}},
		{"pairs", []float64{1, 1, .1, .1, 0}, []float64{1.091966, 1.091966, -.662980, -.662980, -.857974}, []float64{.7, .7, -.425, -.425, -.55}},
		{"only the form differs", []float64{.9, .9, .9, .9, 1}, []float64{-.447204, -.447204, -.447204, -.447204, 1.788814}, []float64{-.025, -.025, -.025, -.025, .1}},
		{"two", []float64{1, 0}, []float64{.707106, -.707106}, []float64{1, -1}},
		{"equal", []float64{1, 1, 1, 1, 1}, make([]float64, 5), make([]float64, 5)},
		{"equal, not exact in binary", []float64{.1, .1, .1, .1, .1, .1, .1}, make([]float64, 7), make([]float64, 7)},
	} {
		t.Run(c.name, func(t *testing.T) {
			groups := make([]int, len(c.scores))
			for kind, want := range map[policy.Estimator][]float64{policy.GRPO: c.grpo, policy.RLOO: c.rloo} {
				got, err := policy.GroupAdvantages(c.scores, groups, policy.AdvantageOptions{Estimator: kind})
				require.NoError(t, err)
				assert.InDeltaSlice(t, want, got, printed, "%s", kind)
			}
			centred, err := policy.GroupAdvantages(c.scores, groups, policy.AdvantageOptions{Estimator: policy.GRPO, CentreOnly: true})
			require.NoError(t, err)
			n := float64(len(c.scores))
			for i, a := range centred { // r - mean is (n-1)/n of r - mean of the others
				assert.InDelta(t, c.rloo[i]*(n-1)/n, a, printed)
			}
		})
	}
}

func TestEqualGroupsAreExactlyZero(t *testing.T) {
	for _, kind := range []policy.Estimator{policy.GRPO, policy.GRPOPassK, policy.RLOO} {
		for _, s := range []float64{.1, .9, .3, 1e6} {
			scores := []float64{s, s, s, s, s, s, s}
			got, err := policy.GroupAdvantages(scores, make([]int, 7), policy.AdvantageOptions{Estimator: kind})
			require.NoError(t, err)
			assert.Equal(t, make([]float64, 7), got, "%s of %g", kind, s)
		}
	}
}

func TestAdvantagesRefuse(t *testing.T) {
	grpo := policy.AdvantageOptions{Estimator: policy.GRPO}
	for _, c := range []struct {
		name   string
		scores []float64
		groups []int
		o      policy.AdvantageOptions
		want   string
	}{
		{"singleton", []float64{1, 0, 1}, []int{4, 4, 7}, grpo, "row 2 is alone in group 7"},
		{"groups missing", []float64{1, 0}, []int{4}, grpo, "1 groups for 2 rows"},
		{"unknown", []float64{1, 0}, []int{0, 0}, policy.AdvantageOptions{Estimator: "ppo"}, `estimator "ppo"`},
		{"no baselines", []float64{1, 0}, nil, policy.AdvantageOptions{Estimator: policy.ReMax}, "0 baselines for 2 rows"},
		{"gamma", []float64{1, 0}, nil, policy.AdvantageOptions{Estimator: policy.GAE, Gamma: 1.5}, "gamma 1.5"},
		{"lambda", []float64{1, 0}, nil, policy.AdvantageOptions{Estimator: policy.GAE, Lambda: math.NaN()}, "lambda NaN"},
		{"per token", []float64{1, 0}, nil, policy.AdvantageOptions{Estimator: policy.GAE}, "works on tokens"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := policy.GroupAdvantages(c.scores, c.groups, c.o)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, _, err := policy.Advantages([][]float64{{1}}, nil, nil, policy.AdvantageOptions{Estimator: policy.GAE})
	require.ErrorContains(t, err, "gae: values of 0 rows for 1")

	single := policy.AdvantageOptions{Estimator: policy.GRPO, AllowSingle: true}
	adv, err := policy.GroupAdvantages([]float64{1, 0, 1}, []int{4, 4, 7}, single)
	require.NoError(t, err)
	assert.Zero(t, adv[2], "a group that lost its other members")
}

func TestWhiten(t *testing.T) {
	x := [][]float64{{1, 1, 9, 9}, {.1, .1, .1, 9}}
	mask := policy.Mask{{true, true, false, false}, {true, true, true, false}}
	got := policy.Whiten(x, mask)
	assert.InDeltaSlice(t, []float64{1.095445, 1.095445, 0, 0}, got[0], printed)
	assert.InDeltaSlice(t, []float64{-.730297, -.730297, -.730297, 0}, got[1], printed)
}

func TestAverages(t *testing.T) {
	v := [][]float64{{1, 2, 3, 4}, {10, 20}}
	mask := policy.Mask{{true, true, true, true}, {true, false}}
	assert.InDelta(t, 4.0, policy.AverageToken.Of(v, mask, 0), printed)
	assert.InDelta(t, 6.25, policy.AverageSeq.Of(v, mask, 0), printed)
	assert.InDelta(t, 2.5, policy.AverageLength.Of(v, mask, 4), printed)
	require.ErrorContains(t, policy.AverageLength.Check(0), "length 0")
	require.ErrorContains(t, policy.Average("rows").Check(0), `average "rows"`)
}

func TestOnLastToken(t *testing.T) {
	shape := [][]float64{{0, 0, 0}, {0, 0}, {0}}
	mask := policy.Mask{{true, true, false}, {true, true}, {false}}
	assert.Equal(t, [][]float64{{0, 5, 0}, {0, 6}, {0}}, policy.OnLastToken([]float64{5, 6, 7}, shape, mask))
}

func TestShapesPanic(t *testing.T) {
	a := [][]float64{{1, 2}, {3}}
	assert.Panics(t, func() { policy.Mean(a, policy.Mask{{true}, {true}}) })
	assert.Panics(t, func() { policy.Loss(a, [][]float64{{1, 2}}, a, nil, policy.RecipeLoss()) })
	assert.Panics(t, func() { policy.KL(policy.KL1, a, [][]float64{{1, 2}, {3, 4}}, nil) })
}

func TestNotFiniteIsPassedOn(t *testing.T) {
	nan := [][]float64{{math.NaN()}}
	one := [][]float64{{1}}
	for _, kind := range []policy.LossKind{policy.LossDefault, policy.LossGSPO, policy.LossGSPOToken, policy.LossCISPO, policy.LossSAPO} {
		o := policy.RecipeLoss()
		o.Kind = kind
		loss, _, _ := policy.Loss(nan, one, one, nil, o)
		assert.True(t, math.IsNaN(loss), "%s", kind)
	}
	for _, kind := range []policy.KLKind{policy.KL1, policy.KLAbs, policy.KLSquare, policy.KLLowVar} {
		v, _ := kind.At(math.NaN(), 0)
		assert.True(t, math.IsNaN(v), "%s", kind)
	}
}
