package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/policy"
)

func advantageCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Estimator       string
		Rewards         table `json:"token_level_rewards"`
		Mask            table `json:"response_mask"`
		Index           []string
		Advantages      table
		Returns         table
		EqualGroupRows  []bool `json:"equal_group_rows"`
		Frozen          table  `json:"advantages_frozen_snapshot"`
		UpstreamError   string `json:"upstream_error"`
		Gamma, Lam      float64
		Values          table
		BeforeWhitening table `json:"advantages_before_whitening"`
		Baselines       []num `json:"reward_baselines"`
	}
	decode(t, raw, &c)
	mask, rewards := c.Mask.mask(), c.Rewards.rows()
	o := policy.AdvantageOptions{
		Estimator: policy.Estimator(c.Estimator), Gamma: c.Gamma, Lambda: c.Lam,
		Baselines: vector(c.Baselines), Values: c.Values.rows(),
	}
	groups := number(c.Index)
	adv, returns, err := policy.Advantages(rewards, mask, groups, o)
	if c.UpstreamError != "" {
		require.ErrorContains(t, err, "alone in group")
		return
	}
	require.NoError(t, err)
	want, wantReturns := c.Advantages, c.Returns
	for i, equal := range c.EqualGroupRows {
		if equal { // exactly 0 here; upstream's float32 leaves a residue
			want[i], wantReturns[i] = make([]num, len(want[i])), make([]num, len(want[i]))
			for _, a := range adv[i] {
				assert.Zero(t, a, "advantage of a row whose group is equal")
			}
		}
	}
	nearRows(t, want, adv, mask, "advantages")
	nearRows(t, wantReturns, returns, mask, "returns")
	if c.BeforeWhitening != nil {
		nearRows(t, table(c.BeforeWhitening), subtract(returns, o.Values), mask, "before whitening")
	}
	if c.Frozen != nil {
		o.PassKSnapshot = true
		adv, _, err = policy.Advantages(rewards, mask, groups, o)
		require.NoError(t, err)
		frozenPassK(t, c.Frozen, adv, policy.Sums(rewards), groups)
	}
}

// frozenPassK compares row by row, except that among several best rows of a
// group torch.topk picks one by its own inner order: there, one of the best must
// have the lead (0) and the others their score, whichever it is.
func frozenPassK(t *testing.T, want table, got [][]float64, scores []float64, groups []int) {
	best, ties := map[int]float64{}, map[int]int{}
	for i, g := range groups {
		if s, seen := best[g]; !seen || scores[i] > s {
			best[g], ties[g] = scores[i], 0
		}
		if scores[i] == best[g] {
			ties[g]++
		}
	}
	zeros, wantZeros := map[int]int{}, map[int]int{}
	for i, g := range groups {
		if ties[g] > 1 && scores[i] == best[g] {
			if got[i][0] == 0 {
				zeros[g]++
			} else {
				near(t, num(scores[i]), got[i][0], "tied row %d", i)
			}
			if want[i][0] == 0 {
				wantZeros[g]++
			}
			continue
		}
		near(t, want[i][0], got[i][0], "frozen snapshot, row %d", i)
	}
	assert.Equal(t, wantZeros, zeros, "rows chosen among the tied")
}

func number(names []string) []int {
	seen := map[string]int{}
	out := make([]int, len(names))
	for i, n := range names {
		if _, ok := seen[n]; !ok {
			seen[n] = len(seen)
		}
		out[i] = seen[n]
	}
	return out
}

func subtract(a, b [][]float64) [][]float64 {
	out := make([][]float64, len(a))
	for i := range a {
		out[i] = make([]float64, len(a[i]))
		for j := range a[i] {
			out[i][j] = a[i][j] - b[i][j]
		}
	}
	return out
}

func statisticsCase(t *testing.T, raw json.RawMessage) {
	var c struct {
		Values, Mask    table
		Mean            num     `json:"masked_mean"`
		MeanRows        []num   `json:"masked_mean_rows"`
		Var             num     `json:"masked_var"`
		VarBiased       num     `json:"masked_var_biased"`
		Whiten          table   `json:"masked_whiten"`
		WhitenTolerance float64 `json:"whiten_tolerance"`
		Token           num     `json:"average_token"`
		Seq             num     `json:"average_seq"`
	}
	decode(t, raw, &c)
	x, mask := c.Values.rows(), c.Mask.mask()
	near(t, c.Mean, policy.Mean(x, mask), "mean")
	for i, v := range policy.RowMeans(x, mask) {
		near(t, c.MeanRows[i], v, "mean of row %d", i)
	}
	near(t, c.Var, policy.Var(x, mask, true), "variance")
	near(t, c.VarBiased, policy.Var(x, mask, false), "biased variance")
	near(t, c.Token, policy.AverageToken.Of(x, mask, 0), "average token")
	near(t, c.Seq, policy.AverageSeq.Of(x, mask, 0), "average seq")
	for i, row := range policy.Whiten(x, mask) {
		for j, v := range row {
			if mask[i][j] {
				nearBy(t, c.Whiten[i][j], v, c.WhitenTolerance, c.WhitenTolerance, "whiten[%d][%d]", i, j)
			}
		}
	}
}
