package policy

import (
	"fmt"
	"math"
)

// LossKind names the surrogate objective.
type LossKind string

const (
	LossDefault   LossKind = "default"    // PPO with asymmetric and dual clipping
	LossGSPO      LossKind = "gspo"       // ratio of whole rows (arXiv 2507.18071)
	LossGSPOToken LossKind = "gspo_token" // the same value, gradient per token
	LossCISPO     LossKind = "cispo"      // clipped ratio as a constant weight (arXiv 2506.13585)
	LossSAPO      LossKind = "sapo"       // smooth gate instead of a clip
)

// LossOptions are the objective's settings. RecipeLoss has the recipe's.
type LossOptions struct {
	Kind           LossKind
	Average        Average
	Length         int     // AverageLength's constant, tokens
	ClipLow        float64 // the ratio is clipped to [1-ClipLow, 1+ClipHigh]
	ClipHigh       float64
	ClipDual       float64 // cap on the ratio where the advantage is negative
	TauPos, TauNeg float64 // SAPO's steepness for advantages >= 0 and < 0
}

// RecipeLoss is the objective that Spatial-SSRL was trained with (EasyR1's defaults and example script).
func RecipeLoss() LossOptions {
	return LossOptions{
		Kind: LossDefault, Average: AverageToken,
		ClipLow: 0.2, ClipHigh: 0.3, ClipDual: 3,
		TauPos: 1, TauNeg: 1.05,
	}
}

// Check refuses settings that have no meaning.
func (o LossOptions) Check() error {
	switch o.Kind {
	case LossDefault, LossGSPO, LossGSPOToken, LossCISPO, LossSAPO:
	default:
		return fmt.Errorf("loss %q (want default, gspo, gspo_token, cispo or sapo)", string(o.Kind))
	}
	if err := o.Average.Check(o.Length); err != nil {
		return err
	}
	switch {
	case !(o.ClipLow >= 0 && o.ClipLow <= 1):
		return fmt.Errorf("lower clip %g (want 0 to 1)", o.ClipLow)
	case !(o.ClipHigh >= 0):
		return fmt.Errorf("upper clip %g (want >= 0)", o.ClipHigh)
	case o.Kind.clips() && !(o.ClipDual > 1):
		return fmt.Errorf("dual clip %g (want > 1)", o.ClipDual)
	case o.Kind == LossSAPO && !(o.TauPos > 0 && o.TauNeg > 0):
		return fmt.Errorf("sapo tau %g and %g (want > 0)", o.TauPos, o.TauNeg)
	}
	return nil
}

func (k LossKind) clips() bool { return k != LossCISPO && k != LossSAPO }

// LossMetrics are the means that EasyR1 reports beside the loss.
type LossMetrics struct {
	PPOKL       float64 // mean of old - new log-probability
	EntropyLoss float64 // average of -logp over drawn tokens; an estimate, not optimised
	Clips       bool    // whether the kind has clip fractions
	ClipHigher  float64 // share of tokens where the ratio's clip is active
	ClipLower   float64 // share of tokens where the dual clip is active
}

// Loss returns the policy loss over the rows, its metrics, and its derivative
// by every log-probability (0 where the mask is off). All arrays are [row][token].
func Loss(logp, old, adv [][]float64, mask Mask, o LossOptions) (loss float64, m LossMetrics, grad [][]float64) {
	sameShape("loss", logp, mask, old, adv)
	grad = like(logp)
	weights := o.Average.weights(logp, mask, o.Length)
	var kl, higher, lower, n float64
	for i, row := range logp {
		x := o.logRatios(row, old[i], mask, i)
		var sum, slope, count float64
		for t, lp := range row {
			if !mask.on(i, t) {
				continue
			}
			tok := o.token(x[t], lp, adv[i][t])
			sum += tok.loss
			slope += tok.grad
			grad[i][t] = weights[i] * tok.grad
			kl += old[i][t] - lp
			higher += tok.higher
			lower += tok.lower
			count++
		}
		loss += weights[i] * sum
		n += count
		if o.Kind == LossGSPO { // every token moves the one ratio of the row
			for t := range row {
				if mask.on(i, t) {
					grad[i][t] = weights[i] * slope / (count + tiny)
				}
			}
		}
	}
	m = LossMetrics{PPOKL: kl / (n + tiny), EntropyLoss: -weighted(logp, mask, weights), Clips: o.Kind.clips()}
	if m.Clips {
		m.ClipHigher, m.ClipLower = higher/(n+tiny), lower/(n+tiny)
	}
	return loss, m, grad
}

// logRatios returns log pi/pi_old per token, or the row's mean of it on each
// token for the sequence-level kinds.
func (o LossOptions) logRatios(logp, old []float64, mask Mask, i int) []float64 {
	x := make([]float64, len(logp))
	var sum, n float64
	for t := range logp {
		if mask.on(i, t) {
			x[t] = logp[t] - old[t]
			sum += x[t]
			n++
		}
	}
	if o.Kind == LossGSPO || o.Kind == LossGSPOToken {
		for t := range x {
			x[t] = sum / (n + tiny)
		}
	}
	return x
}

type tokenLoss struct{ loss, grad, higher, lower float64 }

// token is the loss of one token and its derivative by x = log ratio.
// Within the clip interval both branches of the maximum have the same
// slope, which counts whole.
func (o LossOptions) token(x, logp, a float64) tokenLoss {
	ratio := math.Exp(clamp(x, -logBound, logBound))
	inside := 1.0 // slope of the clamp
	if math.Abs(x) > logBound {
		inside = 0
	}
	switch o.Kind {
	case LossCISPO:
		weight := o.clipped(x)
		return tokenLoss{loss: -a * logp * weight, grad: -a * weight}
	case LossSAPO:
		tau := o.TauPos
		if a < 0 {
			tau = o.TauNeg
		}
		gate := 1 / (1 + math.Exp(-tau*(ratio-1)))
		return tokenLoss{loss: -a * 4 / tau * gate, grad: -a * 4 * gate * (1 - gate) * ratio * inside}
	}
	free, bound, dual := -a*ratio, -a*o.clipped(x), -a*o.ClipDual
	out := tokenLoss{loss: free, grad: free * inside}
	if free < bound {
		out = tokenLoss{loss: bound, higher: 1}
	}
	if a < 0 && out.loss > dual {
		out = tokenLoss{loss: dual, higher: out.higher, lower: 1}
	}
	return out
}

// clipped is the ratio clipped to [1-ClipLow, 1+ClipHigh], by its logarithm.
func (o LossOptions) clipped(x float64) float64 {
	return math.Exp(clamp(x, math.Log(1-o.ClipLow), math.Log(1+o.ClipHigh)))
}
