package policy_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/policy"
	"ssrl/internal/seed"
)

// TestLossOfOneToken has tables in float64: one token, so that the loss
// is the token's, with upstream's 1e-8 in the denominator.
func TestLossOfOneToken(t *testing.T) {
	cispo := policy.RecipeLoss()
	cispo.Kind, cispo.ClipLow, cispo.ClipHigh = policy.LossCISPO, 0, 4
	sapo := policy.RecipeLoss()
	sapo.Kind = policy.LossSAPO
	for _, c := range []struct {
		o          policy.LossOptions
		a, delta   float64
		loss, grad float64
		hi, lo     float64
	}{
		{policy.RecipeLoss(), 1, -1.5, -.223130, -.223130, 0, 0},
		{policy.RecipeLoss(), 1, 0, -1, -1, 0, 0},
		{policy.RecipeLoss(), 1, .25, -1.284025, -1.284025, 0, 0},
		{policy.RecipeLoss(), 1, .3, -1.3, 0, 1, 0},
		{policy.RecipeLoss(), 1, 25, -1.3, 0, 1, 0},
		{policy.RecipeLoss(), -1, -1.5, .8, 0, 1, 0},
		{policy.RecipeLoss(), -1, -.2, .818731, .818731, 0, 0},
		{policy.RecipeLoss(), -1, .3, 1.349859, 1.349859, 0, 0},
		{policy.RecipeLoss(), -1, 1, 2.718282, 2.718282, 0, 0},
		{policy.RecipeLoss(), -1, 1.2, 3, 0, 0, 1},
		{policy.RecipeLoss(), .5, .3, -.65, 0, 1, 0},
		{cispo, 1, -.3, 1, -1, 0, 0},
		{cispo, 1, .3, 1.349859, -1.349859, 0, 0},
		{cispo, -1, 1.2, -3.320117, 3.320117, 0, 0},
		{sapo, 1, -.3, -1.742259, -.728515, 0, 0},
		{sapo, 1, 0, -2, -1, 0, 0},
		{sapo, 1, .3, -2.346333, -1.309381, 0, 0},
		{sapo, 1, 1.2, -3.642118, -1.081901, 0, 0},
		{sapo, -1, -.3, 1.647168, .727269, 0, 0},
		{sapo, -1, 0, 1.904762, 1, 0, 0},
		{sapo, -1, .3, 2.250739, 1.305324, 0, 0},
		{sapo, -1, 1.2, 3.503012, .982563, 0, 0},
	} {
		t.Run(fmt.Sprintf("%s/A%g/d%g", c.o.Kind, c.a, c.delta), func(t *testing.T) {
			lp := -1.0
			loss, m, grad := policy.Loss([][]float64{{lp}}, [][]float64{{lp - c.delta}}, [][]float64{{c.a}}, nil, c.o)
			assert.InDelta(t, c.loss, loss, printed, "loss")
			assert.InDelta(t, c.grad, grad[0][0], printed, "gradient")
			assert.InDelta(t, c.hi, m.ClipHigher, printed, "clipped above")
			assert.InDelta(t, c.lo, m.ClipLower, printed, "clipped by the dual")
		})
	}
}

func TestKLTable(t *testing.T) {
	for _, c := range []struct{ lp, ref, value, grad float64 }{
		{-1, -1.5, .106531, .393469},
		{-1.5, -1, .148721, -.648721},
		{-.01, -5, 3.996806, .993194},
		{-5, -.01, 10, 0},
		{-.5, -30, 10, 0},
	} {
		value, grad := policy.KLLowVar.At(c.lp, c.ref)
		assert.InDelta(t, c.value, value, printed)
		assert.InDelta(t, c.grad, grad, printed)
	}
	require.ErrorContains(t, policy.KLFull.Check(), "whole distributions")
	require.ErrorContains(t, policy.KLKind("k4").Check(), `kl "k4"`)
}

func TestKLController(t *testing.T) {
	for _, c := range []struct{ kl, want float64 }{{.5, .010256}, {.05, .009744}, {.11, .010128}} {
		ctrl := policy.KLController{Coef: .01, Target: .1, Horizon: 10000}
		ctrl.Update(c.kl, 1280)
		assert.InDelta(t, c.want, ctrl.Coef, printed)
	}
	require.Error(t, policy.KLController{Coef: .01, Horizon: 1}.Check())
	require.Error(t, policy.KLController{Coef: math.NaN()}.Check())
	require.ErrorContains(t, policy.Objective{Loss: policy.RecipeLoss(), KLCoef: -1}.Check(), "kl coefficient -1")
}

// fake is a batch of random ragged rows with holes and one row fully off, whose
// log-ratios keep away from every edge where a loss is not smooth.
func fake(o policy.LossOptions) policy.Batch {
	r := seed.Rand(5, "loss", string(o.Kind), string(o.Average))
	var b policy.Batch
	for i, n := range []int{7, 1, 12, 5, 3} {
		var lp, old, ref, adv []float64
		var on []bool
		for range n {
			l := -3 * r.Float64()
			d := 1.6*r.Float64() - .8
			for _, edge := range []float64{math.Log(1 - o.ClipLow), math.Log(1 + o.ClipHigh), math.Log(o.ClipDual)} {
				if math.Abs(d-edge) < .01 {
					d += .05
				}
			}
			lp, old, ref = append(lp, l), append(old, l-d), append(ref, l+.5*r.NormFloat64()+.01)
			adv = append(adv, r.NormFloat64())
			on = append(on, i != 3 && r.IntN(5) > 0)
		}
		b.LogProbs, b.Old, b.Ref = append(b.LogProbs, lp), append(b.Old, old), append(b.Ref, ref)
		b.Advantages, b.Mask = append(b.Advantages, adv), append(b.Mask, on)
	}
	return b
}

// TestGradientsAreDifferences checks every loss, average and KL kind against
// central differences. GSPO per token and CISPO hold a factor constant, so for
// these the held factor is part of the function that is differentiated below.
func TestGradientsAreDifferences(t *testing.T) {
	const (
		h = 1e-6
		// Central differences in float64 have an error of about h^2 and 1e-16/h.
		tolerance = 1e-8
	)
	for _, kind := range []policy.LossKind{policy.LossDefault, policy.LossGSPO, policy.LossSAPO} {
		for _, avg := range []policy.Average{policy.AverageToken, policy.AverageSeq, policy.AverageLength} {
			for _, kl := range []policy.KLKind{policy.KLNone, policy.KL1, policy.KLAbs, policy.KLSquare, policy.KLLowVar} {
				t.Run(fmt.Sprintf("%s/%s/%s", kind, avg, kl), func(t *testing.T) {
					o := policy.Objective{Loss: policy.RecipeLoss(), KL: kl, KLCoef: .3}
					o.Loss.Kind, o.Loss.Average, o.Loss.Length = kind, avg, 9
					require.NoError(t, o.Check())
					b := fake(o.Loss)
					grad := o.Eval(b).Grad
					for i, row := range b.LogProbs {
						for j := range row {
							lp := row[j]
							row[j] = lp + h
							up := o.Eval(b).Loss
							row[j] = lp - h
							down := o.Eval(b).Loss
							row[j] = lp
							assert.InDelta(t, (up-down)/(2*h), grad[i][j], tolerance, "token %d of row %d", j, i)
						}
					}
				})
			}
		}
	}
}

// TestHeldFactors checks the two kinds whose gradient is not the derivative of
// the value. CISPO's is that of -A w logp for the constant w; GSPO per token's
// sums over a row to that of GSPO.
func TestHeldFactors(t *testing.T) {
	const tolerance = 1e-9 // two orders of summation in float64, and upstream's 1e-8 in one of them
	o := policy.RecipeLoss()
	o.Kind = policy.LossCISPO
	b := fake(o)
	_, _, grad := policy.Loss(b.LogProbs, b.Old, b.Advantages, b.Mask, o)
	n := float64(b.Mask.Count(b.LogProbs))
	for i, row := range b.LogProbs {
		for j, lp := range row {
			want := 0.0
			if b.Mask[i][j] {
				ratio := math.Exp(lp - b.Old[i][j])
				want = -b.Advantages[i][j] * min(max(ratio, 1-o.ClipLow), 1+o.ClipHigh) / n
			}
			assert.InDelta(t, want, grad[i][j], tolerance)
		}
	}
	for _, avg := range []policy.Average{policy.AverageToken, policy.AverageSeq} {
		o.Kind, o.Average = policy.LossGSPO, avg
		seq, _, g1 := policy.Loss(b.LogProbs, b.Old, b.Advantages, b.Mask, o)
		o.Kind = policy.LossGSPOToken
		tok, _, g2 := policy.Loss(b.LogProbs, b.Old, b.Advantages, b.Mask, o)
		assert.Equal(t, seq, tok)
		s1, s2 := policy.Sums(g1), policy.Sums(g2)
		assert.InDeltaSlice(t, s2, s1, 1e-7, "the row moves as a whole") // 1e-8 per token count
	}
}

func TestValueAndFullKLGradients(t *testing.T) {
	const (
		h         = 1e-6
		tolerance = 1e-8 // as above
	)
	b := fake(policy.RecipeLoss())
	eval := func() (float64, [][]float64) {
		loss, _, g := policy.ValueLoss(b.LogProbs, b.Ref, b.Old, b.Mask, .4, policy.AverageSeq, 0)
		return loss, g
	}
	_, grad := eval()
	for i, row := range b.LogProbs {
		for j, v := range row {
			row[j] = v + h
			up, _ := eval()
			row[j] = v - h
			down, _ := eval()
			row[j] = v
			assert.InDelta(t, (up-down)/(2*h), grad[i][j], tolerance)
		}
	}
	logp, ref := []float64{-1, -2, -.7}, []float64{-2, -.4, -1.5}
	g := make([]float64, 3)
	policy.FullKL(g, logp, ref)
	for v := range logp {
		lp := logp[v]
		logp[v] = lp + h
		up := policy.FullKL(nil, logp, ref)
		logp[v] = lp - h
		down := policy.FullKL(nil, logp, ref)
		logp[v] = lp
		assert.InDelta(t, (up-down)/(2*h), g[v], tolerance)
	}
}

// TestCutsDoNotMatter: token and sequence averages of an optimiser step are the
// same for any micro-batches, in value and gradient.
func TestCutsDoNotMatter(t *testing.T) {
	const tolerance = 1e-8 // upstream's 1e-8 in each denominator
	for _, avg := range []policy.Average{policy.AverageToken, policy.AverageSeq, policy.AverageLength} {
		o := policy.Objective{Loss: policy.RecipeLoss(), KL: policy.KLLowVar, KLCoef: .01}
		o.Loss.Average, o.Loss.Length = avg, 20
		b := fake(o.Loss)
		whole := policy.SizeOf(b.LogProbs, b.Mask)
		want := o.Eval(b)
		for _, each := range []int{1, 2, 3} {
			loss := 0.0
			for at := 0; at < whole.Rows; at += each {
				end := min(at+each, whole.Rows)
				part := policy.Batch{LogProbs: b.LogProbs[at:end], Old: b.Old[at:end], Ref: b.Ref[at:end], Advantages: b.Advantages[at:end], Mask: b.Mask[at:end]}
				got := o.Eval(part)
				w := avg.Weight(policy.SizeOf(part.LogProbs, part.Mask), whole, false)
				loss += w * got.Loss
				for i, row := range got.Grad {
					for j, g := range row {
						assert.InDelta(t, want.Grad[at+i][j], w*g, tolerance)
					}
				}
			}
			assert.InDelta(t, want.Loss, loss, tolerance, "%s by %d rows", avg, each)
		}
	}
}

// TestFirstUpdateIsOnPolicy: with the drawing policy as the trained one and the
// reference, every ratio is 1, no clip is active and the divergence is 0; a
// group of equal rewards then has no gradient at all.
func TestFirstUpdateIsOnPolicy(t *testing.T) {
	o := policy.Objective{Loss: policy.RecipeLoss(), KL: policy.KLLowVar, KLCoef: .01}
	b := fake(o.Loss)
	b.Old, b.Ref = b.LogProbs, b.LogProbs
	adv, err := policy.GroupAdvantages([]float64{1, .1, .9, .9, .9}, []int{0, 0, 1, 1, 1}, policy.AdvantageOptions{Estimator: policy.GRPO})
	require.NoError(t, err)
	b.Advantages = policy.Spread(adv, b.LogProbs)
	r := o.Eval(b)
	assert.Zero(t, r.KL)
	assert.Zero(t, r.Metrics.PPOKL)
	assert.Zero(t, r.Metrics.ClipHigher)
	n := float64(b.Mask.Count(b.LogProbs))
	for i, row := range r.Grad {
		for j, g := range row {
			want := 0.0
			if b.Mask[i][j] {
				want = -adv[i] / n
			}
			assert.InDelta(t, want, g, 1e-9, "upstream's 1e-8 in the denominator")
			if i >= 2 {
				assert.Zero(t, g, "a group of equal rewards")
			}
		}
	}
}

func TestLossOptionsRefuse(t *testing.T) {
	for want, change := range map[string]func(*policy.LossOptions){
		`loss "ppo"`:       func(o *policy.LossOptions) { o.Kind = "ppo" },
		`average "mean"`:   func(o *policy.LossOptions) { o.Average = "mean" },
		"lower clip 1.5":   func(o *policy.LossOptions) { o.ClipLow = 1.5 },
		"lower clip NaN":   func(o *policy.LossOptions) { o.ClipLow = math.NaN() },
		"upper clip -0.1":  func(o *policy.LossOptions) { o.ClipHigh = -.1 },
		"dual clip 1 ":     func(o *policy.LossOptions) { o.ClipDual = 1 },
		"sapo tau 0 and 1": func(o *policy.LossOptions) { o.Kind, o.TauPos = policy.LossSAPO, 0 },
	} {
		o := policy.RecipeLoss()
		change(&o)
		require.ErrorContains(t, o.Check(), want)
	}
}
