package optim

import (
	"fmt"

	"ssrl/internal/tensor"
)

// Options are the numbers of Adam with decoupled weight decay (arXiv 1711.05101).
type Options struct {
	Beta1, Beta2, Eps float64
	Decay             float64 // weight decay, times the learning rate
	MaxNorm           float64 // gradients are scaled to this norm at most; 0: never
}

// RecipeOptions are those of Spatial-SSRL's GRPO; SFT's decay is 0.
func RecipeOptions() Options {
	return Options{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Decay: 0.01, MaxNorm: 1}
}

// Check refuses settings that have no meaning.
func (o Options) Check() error {
	switch {
	case !(o.Beta1 >= 0 && o.Beta1 < 1 && o.Beta2 >= 0 && o.Beta2 < 1):
		return fmt.Errorf("betas %g and %g (want 0 <= beta < 1)", o.Beta1, o.Beta2)
	case !(o.Eps > 0):
		return fmt.Errorf("eps %g (want > 0)", o.Eps)
	case !(o.Decay >= 0):
		return fmt.Errorf("weight decay %g (want >= 0)", o.Decay)
	case !(o.MaxNorm >= 0):
		return fmt.Errorf("largest gradient norm %g (want >= 0)", o.MaxNorm)
	}
	return nil
}

// AdamW steps parameters on a device. Steps is its state beside the moments:
// save and restore both.
type AdamW struct {
	Options
	Steps int // taken so far
}

// Moments gives every parameter that has none its two moments, zeroed.
func Moments(dev tensor.Device, params []Param) {
	for i := range params {
		p := &params[i]
		if p.M == nil {
			p.M = dev.New(p.Value.Rows, p.Value.Cols)
		}
		if p.V == nil {
			p.V = dev.New(p.Value.Rows, p.Value.Cols)
		}
	}
}

// Step clips the gradients by their global norm, moves every parameter, and
// zeroes the gradients. It returns the norm before clipping. If that is not
// finite it changes nothing and returns a *NotFiniteError.
func (o *AdamW) Step(dev tensor.Device, params []Param, rate float64) (norm float64, err error) {
	norm, err = Norm(dev, params)
	if err != nil {
		return norm, err
	}
	o.Steps++
	a := tensor.AdamW{
		LR: rate, B1: o.Beta1, B2: o.Beta2, Eps: o.Eps, Decay: o.Decay,
		Step: o.Steps, GradScale: float32(ClipScale(norm, o.MaxNorm)),
	}
	for _, p := range params {
		dev.AdamW(p.Value, p.M, p.V, p.Grad, a)
	}
	ZeroGrads(dev, params)
	return norm, nil
}
