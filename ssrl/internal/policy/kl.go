package policy

import (
	"fmt"
	"math"
)

// KLKind names an estimate of the divergence of the policy from the reference
// by the log-probabilities of the tokens drawn.
type KLKind string

const (
	KL1         KLKind = "kl"         // d; as a loss its gradient means nothing, use it in the reward
	KLAbs       KLKind = "abs"        // |d|
	KLSquare    KLKind = "mse"        // d^2/2
	KLLowVar    KLKind = "low_var_kl" // e^-d + d - 1, clamped to 10 (Schulman's k3)
	KLFull      KLKind = "full"       // over the whole vocabulary: FullKL
	KLNone      KLKind = ""           // no reference
	lowVarBound        = 10           // clamp of low_var_kl's value
	logBound           = 20           // clamp of log-ratios before exp
)

// Check refuses unknown kinds, and KLFull where only drawn tokens are known.
func (k KLKind) Check() error {
	switch k {
	case KLNone, KL1, KLAbs, KLSquare, KLLowVar:
		return nil
	case KLFull:
		return fmt.Errorf("kl full: needs whole distributions, not the log-probabilities of drawn tokens (want kl, abs, mse or low_var_kl)")
	}
	return fmt.Errorf("kl %q (want kl, abs, mse or low_var_kl)", string(k))
}

// At returns the estimate for one token and its derivative by logp.
func (k KLKind) At(logp, ref float64) (value, grad float64) {
	d := logp - ref
	switch k {
	case KL1:
		return d, 1
	case KLAbs:
		switch {
		case d > 0:
			return d, 1
		case d < 0:
			return -d, -1
		}
		return d, 0 // NaN stays NaN
	case KLSquare:
		return d * d / 2, d
	case KLLowVar:
		q := clamp(-d, -logBound, logBound)
		value = math.Exp(q) - q - 1
		if value > lowVarBound {
			return lowVarBound, 0
		}
		if math.Abs(d) > logBound {
			return value, 0
		}
		return value, 1 - math.Exp(q)
	}
	panic(fmt.Sprintf("policy: kl %q", string(k)))
}

// KL is At for every token that counts; 0 elsewhere.
func KL(kind KLKind, logp, ref [][]float64, mask Mask) (value, grad [][]float64) {
	sameShape("kl", logp, mask, ref)
	value, grad = like(logp), like(logp)
	for i, row := range logp {
		for t, lp := range row {
			if mask.on(i, t) {
				value[i][t], grad[i][t] = kind.At(lp, ref[i][t])
			}
		}
	}
	return value, grad
}

// FullKL is the divergence sum_v p_v (log p_v - log r_v) between two whole
// distributions given as log-probabilities over the vocabulary. It writes the
// derivative by each log p_v to grad, taking them as independent, as upstream's
// kl_div does; grad may be nil.
func FullKL(grad, logp, ref []float64) float64 {
	if len(logp) != len(ref) || grad != nil && len(grad) != len(logp) {
		panic(fmt.Sprintf("policy: full kl of %d and %d words", len(logp), len(ref)))
	}
	sum := 0.0
	for v, lp := range logp {
		p := math.Exp(lp)
		sum += p * (lp - ref[v])
		if grad != nil {
			grad[v] = p * (lp - ref[v] + 1)
		}
	}
	return sum
}

// clamp keeps NaN.
func clamp(x, low, high float64) float64 {
	if x < low {
		return low
	}
	if x > high {
		return high
	}
	return x
}
