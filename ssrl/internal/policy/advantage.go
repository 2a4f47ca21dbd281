package policy

import (
	"fmt"
	"math"
)

// Estimator names how rewards become advantages.
type Estimator string

const (
	GRPO          Estimator = "grpo"                // centred and divided by the spread within a group
	GRPOPassK     Estimator = "grpo_passk"          // only the best of a group, by its lead
	RLOO          Estimator = "rloo"                // against the mean of the others of the group
	ReinforcePlus Estimator = "reinforce_plus_plus" // discounted returns, whitened over the batch
	ReMax         Estimator = "remax"               // against the greedy answer's score
	GAE           Estimator = "gae"                 // generalised advantages from a value network
)

const (
	// spreadFloor is added to a group's standard deviation (EasyR1 core_algos).
	spreadFloor = 1e-6
	// equalScores is the range of scores within which a group counts as equal.
	// Its advantages are then exactly 0; upstream's float32 leaves up to 0.11.
	equalScores = 1e-8
)

// AdvantageOptions choose and steer the estimator.
type AdvantageOptions struct {
	Estimator Estimator

	// CentreOnly leaves the division by the group's spread out (Dr. GRPO).
	CentreOnly bool
	// AllowSingle gives a group of one the advantage 0. Without it such a group
	// is an error: it cannot be centred.
	AllowSingle bool
	// PassKSnapshot leaves the raw score on all but the best of a group, as the
	// EasyR1 snapshot did that Spatial-SSRL was trained with. For parity.
	PassKSnapshot bool

	Gamma, Lambda float64     // discounts of ReinforcePlus and GAE
	Baselines     []float64   // ReMax: the greedy answer's score, per row
	Values        [][]float64 // GAE: the value network's output
}

// Check refuses unknown estimators and discounts outside 0 to 1.
func (o AdvantageOptions) Check() error {
	if !(o.Gamma >= 0 && o.Gamma <= 1) {
		return fmt.Errorf("gamma %g (want 0 to 1)", o.Gamma)
	}
	if !(o.Lambda >= 0 && o.Lambda <= 1) {
		return fmt.Errorf("lambda %g (want 0 to 1)", o.Lambda)
	}
	switch o.Estimator {
	case GRPO, GRPOPassK, RLOO, ReinforcePlus, ReMax, GAE:
		return nil
	}
	return fmt.Errorf("advantage estimator %q (want grpo, grpo_passk, rloo, reinforce_plus_plus, remax or gae)", string(o.Estimator))
}

// PerRow tells whether the estimator gives all tokens of a row one advantage,
// so that GroupAdvantages can be used.
func (e Estimator) PerRow() bool {
	return e == GRPO || e == GRPOPassK || e == RLOO || e == ReMax
}

// GroupAdvantages turns one score per row into one advantage per row. Rows of
// equal groups[i] answer the same prompt; they need not be adjacent.
func GroupAdvantages(scores []float64, groups []int, o AdvantageOptions) ([]float64, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if !o.Estimator.PerRow() {
		return nil, fmt.Errorf("advantage estimator %s: works on tokens, not on scores", o.Estimator)
	}
	adv := make([]float64, len(scores))
	if o.Estimator == ReMax {
		if len(o.Baselines) != len(scores) {
			return nil, fmt.Errorf("remax: %d baselines for %d rows", len(o.Baselines), len(scores))
		}
		for i, s := range scores {
			adv[i] = s - o.Baselines[i]
		}
		return adv, nil
	}
	if len(groups) != len(scores) {
		return nil, fmt.Errorf("%s: %d groups for %d rows", o.Estimator, len(groups), len(scores))
	}
	for _, rows := range membersOf(groups) {
		if len(rows) == 1 {
			if !o.AllowSingle {
				return nil, fmt.Errorf("%s: row %d is alone in group %d (want at least 2 answers a prompt)", o.Estimator, rows[0], groups[rows[0]])
			}
			continue
		}
		o.group(adv, scores, rows)
	}
	return adv, nil
}

// membersOf lists the rows of each group, groups in the order of first sight,
// so that errors and sums do not depend on map order.
func membersOf(groups []int) [][]int {
	at := map[int]int{}
	var out [][]int
	for i, g := range groups {
		k, seen := at[g]
		if !seen {
			k = len(out)
			at[g] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], i)
	}
	return out
}

// group fills adv for the rows of one group (EasyR1 b44b311, core_algos.py).
func (o AdvantageOptions) group(adv, scores []float64, rows []int) {
	n := float64(len(rows))
	sum, low, high := 0.0, math.Inf(1), math.Inf(-1)
	best := rows[0]
	for _, i := range rows {
		sum += scores[i]
		low, high = min(low, scores[i]), max(high, scores[i])
		if scores[i] > scores[best] {
			best = i
		}
	}
	if o.Estimator == GRPOPassK && o.PassKSnapshot {
		for _, i := range rows {
			adv[i] = scores[i]
		}
		adv[best] = 0
	}
	if high-low < equalScores {
		return
	}
	mean, squares := sum/n, 0.0
	for _, i := range rows {
		squares += (scores[i] - mean) * (scores[i] - mean)
	}
	spread := math.Sqrt(squares/(n-1)) + spreadFloor
	if o.CentreOnly {
		spread = 1
	}
	switch o.Estimator {
	case GRPO:
		for _, i := range rows {
			adv[i] = (scores[i] - mean) / spread
		}
	case RLOO:
		for _, i := range rows {
			adv[i] = scores[i] - (sum-scores[i])/(n-1)
		}
	case GRPOPassK:
		second := math.Inf(-1)
		for _, i := range rows {
			if i != best {
				second = max(second, scores[i])
			}
		}
		adv[best] = (scores[best] - second) / spread
	}
}

// Spread repeats one value per row on every token of the rows of shape.
func Spread(perRow []float64, shape [][]float64) [][]float64 {
	out := like(shape)
	for i, row := range out {
		for t := range row {
			row[t] = perRow[i]
		}
	}
	return out
}

// Advantages turns rewards per token into advantages and returns per token,
// 0 where the mask is off. It serves every estimator; a reward of whole answers
// lies on the last token of its row (OnLastToken).
func Advantages(rewards [][]float64, mask Mask, groups []int, o AdvantageOptions) (adv, returns [][]float64, err error) {
	if err := o.Check(); err != nil {
		return nil, nil, err
	}
	sameShape("advantages", rewards, mask)
	switch o.Estimator {
	case ReinforcePlus:
		returns = discounted(rewards, mask, o.Gamma)
		return Whiten(returns, mask), returns, nil
	case GAE:
		if len(o.Values) != len(rewards) {
			return nil, nil, fmt.Errorf("gae: values of %d rows for %d", len(o.Values), len(rewards))
		}
		adv, returns = generalised(rewards, o.Values, mask, o.Gamma, o.Lambda)
		return Whiten(adv, mask), returns, nil
	}
	scores := Sums(rewards)
	perRow, err := GroupAdvantages(scores, groups, o)
	if err != nil {
		return nil, nil, err
	}
	adv = Spread(perRow, rewards)
	switchOff(adv, mask)
	if o.Estimator == ReMax {
		return adv, toGo(rewards, mask), nil
	}
	return adv, adv, nil
}

func switchOff(x [][]float64, mask Mask) {
	for i, row := range x {
		for t := range row {
			if !mask.on(i, t) {
				row[t] = 0
			}
		}
	}
}

// Sums returns the sum of each row.
func Sums(x [][]float64) []float64 {
	out := make([]float64, len(x))
	for i, row := range x {
		for _, v := range row {
			out[i] += v
		}
	}
	return out
}

// OnLastToken places each score on the last token that counts of a row of the
// given shape; a row of which nothing counts gets none.
func OnLastToken(scores []float64, shape [][]float64, mask Mask) [][]float64 {
	out := like(shape)
	for i, row := range out {
		for t := len(row) - 1; t >= 0; t-- {
			if mask.on(i, t) {
				row[t] = scores[i]
				break
			}
		}
	}
	return out
}
