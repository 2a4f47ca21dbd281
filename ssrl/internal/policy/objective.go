package policy

import "fmt"

// Batch is the rows of a micro-batch or a whole optimiser step, [row][token].
type Batch struct {
	LogProbs   [][]float64 // under the policy being trained
	Old        [][]float64 // under the policy that drew the tokens
	Ref        [][]float64 // under the reference; nil without a KL term
	Advantages [][]float64
	Mask       Mask
}

// Objective is the policy loss plus KLCoef times the average divergence.
type Objective struct {
	Loss   LossOptions
	KL     KLKind // KLNone: no such term
	KLCoef float64
}

// Check refuses settings that have no meaning.
func (o Objective) Check() error {
	if err := o.Loss.Check(); err != nil {
		return err
	}
	if !(o.KLCoef >= 0) {
		return fmt.Errorf("kl coefficient %g (want >= 0)", o.KLCoef)
	}
	return o.KL.Check()
}

// Result is what an optimiser needs and a log wants.
type Result struct {
	Loss    float64     // Policy + KLCoef * KL
	Policy  float64     // actor/pg_loss
	KL      float64     // actor/kl_loss, before its coefficient
	Metrics LossMetrics // actor/ppo_kl and the like
	Grad    [][]float64 // d Loss / d LogProbs
}

// Eval computes the objective and its gradient on a batch. For a part of an
// optimiser step scale Grad by Average.Weight first.
func (o Objective) Eval(b Batch) Result {
	var r Result
	r.Policy, r.Metrics, r.Grad = Loss(b.LogProbs, b.Old, b.Advantages, b.Mask, o.Loss)
	r.Loss = r.Policy
	if o.KL == KLNone {
		return r
	}
	value, slope := KL(o.KL, b.LogProbs, b.Ref, b.Mask)
	weights := o.Loss.Average.weights(b.LogProbs, b.Mask, o.Loss.Length)
	r.KL = weighted(value, b.Mask, weights)
	r.Loss += o.KLCoef * r.KL
	for i, row := range slope {
		for t, g := range row {
			r.Grad[i][t] += o.KLCoef * weights[i] * g
		}
	}
	return r
}
