// Package optim turns gradients into steps: learning-rate schedules, clipping
// by the global norm, and AdamW over the parameters of a model, as transformers
// 4.57, EasyR1 b44b311 and PyTorch 2 compute them.
//
// **Limits.** Gradients are those of the whole step: accumulation and the sum
// over ranks happen before. Weight decay applies to every parameter, norms and
// biases too, as in the recipe. AdamW and AnyPrecision: one call at
// a time.
package optim

import (
	"fmt"
	"math"
)

// Kind names the shape of a schedule after its warm-up.
type Kind string

const (
	Constant Kind = "constant"
	Linear   Kind = "linear" // to 0
	Cosine   Kind = "cosine" // half a wave, down to MinRatio
)

// Schedule gives each update its learning rate: linear from 0 over Warmup
// updates, then by Kind until Total.
type Schedule struct {
	Kind          Kind
	Base          float64
	Warmup, Total int     // updates
	MinRatio      float64 // of Base; Cosine only
}

// Check refuses settings that have no meaning.
func (s Schedule) Check() error {
	switch s.Kind {
	case Constant, Linear, Cosine:
	default:
		return fmt.Errorf("schedule %q (want constant, linear or cosine)", string(s.Kind))
	}
	switch {
	case !(s.Base >= 0) || math.IsInf(s.Base, 1):
		return fmt.Errorf("learning rate %g (want a number >= 0)", s.Base)
	case s.Warmup < 0:
		return fmt.Errorf("warm-up of %d updates (want >= 0)", s.Warmup)
	case s.Total < 0:
		return fmt.Errorf("schedule of %d updates (want >= 0)", s.Total)
	case !(s.MinRatio >= 0 && s.MinRatio <= 1):
		return fmt.Errorf("smallest ratio %g of the learning rate (want 0 to 1)", s.MinRatio)
	}
	return nil
}

// Rate is the learning rate of update k, counted from 0. With a warm-up the
// first is 0. Past Total a cosine rises again, as upstream's does.
func (s Schedule) Rate(k int) float64 {
	if k < s.Warmup {
		return s.Base * float64(k) / float64(s.Warmup)
	}
	span := float64(max(1, s.Total-s.Warmup))
	switch s.Kind {
	case Constant:
		return s.Base
	case Linear:
		return s.Base * max(0, float64(s.Total-k)/span)
	case Cosine:
		wave := math.Cos(math.Pi * float64(k-s.Warmup) / span)
		return s.Base * max(s.MinRatio, (1+s.MinRatio)/2+(1-s.MinRatio)/2*wave)
	}
	panic(fmt.Sprintf("optim: schedule %q", string(s.Kind)))
}

// WarmupCeil is ratio of total in updates, rounded up, as transformers does
// (TrainingArguments.get_warmup_steps).
func WarmupCeil(ratio float64, total int) int { return int(math.Ceil(ratio * float64(total))) }

// WarmupFloor is the same rounded down, as EasyR1 does.
func WarmupFloor(ratio float64, total int) int { return int(ratio * float64(total)) }

// Plan is how rows become updates, as in transformers' Trainer.
type Plan struct {
	Rows         int
	Ranks        int
	PerDevice    int // rows of one rank and micro-step
	Accumulation int // micro-steps of one update
	Epochs       int
}

// Check refuses counts below 1.
func (p Plan) Check() error {
	for _, n := range []struct {
		name  string
		value int
	}{
		{"rows", p.Rows}, {"ranks", p.Ranks}, {"batch per device", p.PerDevice},
		{"gradient accumulation", p.Accumulation}, {"epochs", p.Epochs},
	} {
		if n.value < 1 {
			return fmt.Errorf("%s %d (want >= 1)", n.name, n.value)
		}
	}
	return nil
}

// MicroStepsPerEpoch counts micro-steps, the last of which may have fewer rows.
func (p Plan) MicroStepsPerEpoch() int { return ceilDiv(p.Rows, p.Ranks*p.PerDevice) }

// UpdatesPerEpoch counts updates, the last of which may have fewer micro-steps.
func (p Plan) UpdatesPerEpoch() int { return ceilDiv(p.MicroStepsPerEpoch(), p.Accumulation) }

// Updates counts the updates of the whole run.
func (p Plan) Updates() int { return p.Epochs * p.UpdatesPerEpoch() }

func ceilDiv(a, b int) int { return (a + b - 1) / b }
