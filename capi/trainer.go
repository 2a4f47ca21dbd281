package main

// #include "front.h"
import "C"

import (
	"encoding/json"
	"math"
	"sync"
	"unsafe"

	"ssrl"
)

// trainer is what an ssrl_trainer stands for. It lives as long as C or a call
// holds it; nothing in it needs closing.
type trainer struct {
	model *model
	t     ssrl.Trainer
	call  *call // that is running, for the reward to stop

	mu   sync.Mutex
	done int
	last ssrl.Stats
}

// inTrainer runs f in a call on a trainer, which is a call on its model.
func inTrainer(cell *C.ssrl_trainer, f func(*trainer, *call) error) error {
	t, err := open[*trainer](unsafe.Pointer(cell), "trainer")
	if err != nil {
		return err
	}
	call, err := t.model.gate.enter()
	if err != nil {
		return err
	}
	defer call.leave()
	t.call = call
	return call.cause(f(t, call))
}

// start makes a trainer of a model.
func start(out **C.ssrl_trainer, m *C.ssrl_model, make func(*trainer) (ssrl.Trainer, error)) error {
	return inModel(m, func(m *model, _ *call) error {
		t := &trainer{model: m}
		var err error
		if t.t, err = make(t); err != nil {
			return asArgument(err)
		}
		*out = (*C.ssrl_trainer)(newCell(t))
		return nil
	})
}

//export libssrl_sft_new
func libssrl_sft_new(out **C.ssrl_trainer, m *C.ssrl_model, opts *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out == nil {
			return invalid("out is NULL")
		}
		*out = nil
		var o ssrl.SFTOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		return start(out, m, func(t *trainer) (ssrl.Trainer, error) { return ssrl.NewSFT(t.model.m, o) })
	})
}

//export libssrl_grpo_new
func libssrl_grpo_new(out **C.ssrl_trainer, m *C.ssrl_model, fn C.ssrl_reward_fn, user unsafe.Pointer, opts *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out == nil {
			return invalid("out is NULL")
		}
		*out = nil
		var o ssrl.GRPOOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		return start(out, m, func(t *trainer) (ssrl.Trainer, error) {
			reward := ssrl.Exact
			if fn != nil {
				reward = t.reward(fn, user)
			}
			return ssrl.NewGRPO(t.model.m, reward, o)
		})
	})
}

// reward asks the caller what an answer is worth. A caller that has had enough,
// or gives no number, stops the step.
func (t *trainer) reward(fn C.ssrl_reward_fn, user unsafe.Pointer) ssrl.Reward {
	return func(s *ssrl.Sample, answer string) ssrl.Score {
		if t.call.ctx.Err() != nil {
			return ssrl.Score{}
		}
		var a arena
		defer a.free()
		value := (*C.double)(a.alloc(C.sizeof_double))
		*value = 0
		if C.ssrl__call_reward(fn, user, a.sample(s), a.text(answer), value) != 0 {
			t.call.stop(errStopped)
		}
		v := float64(*value)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.call.stop(invalid("sample %s: a reward of %g (want a finite one)", s.ID, v))
			v = 0
		}
		return ssrl.Score{Overall: v}
	}
}

// took remembers a step for ssrl_trainer_metrics and ssrl_trainer_done.
func (t *trainer) took(st ssrl.Stats) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done, t.last = t.t.Done(), st
}

func stepOf(st ssrl.Stats) C.ssrl_step {
	return C.ssrl_step{n: C.int64_t(st.N), loss: C.double(st.Loss), reward: C.double(st.Reward), kl: C.double(st.KL),
		grad_norm: C.double(st.GradNorm), tokens: C.int64_t(st.Tokens)}
}

//export libssrl_trainer_step
func libssrl_trainer_step(cell *C.ssrl_trainer, batch *C.ssrl__sample, n C.int32_t, out *C.ssrl_step, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out != nil {
			*out = C.ssrl_step{}
		}
		samples, err := batchOf(batch, n)
		if err != nil {
			return err
		}
		return inTrainer(cell, func(t *trainer, call *call) error {
			st, err := t.t.Step(call.ctx, samples)
			if err != nil {
				return err
			}
			t.took(st)
			if out != nil {
				*out = stepOf(st)
			}
			return nil
		})
	})
}

//export libssrl_trainer_run
func libssrl_trainer_run(cell *C.ssrl_trainer, d *C.ssrl__dataset, steps C.int64_t, opts *C.ssrl__text, fn C.ssrl_step_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		var o ssrl.RunOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		if o.Steps != 0 {
			return invalid("options: steps is an argument of its own")
		}
		if steps < 0 {
			return invalid("%d steps (want 0 or more)", steps)
		}
		o.Steps = int(steps)
		return inDataset(d, func(d *ssrl.Dataset) error {
			return inTrainer(cell, func(t *trainer, call *call) error {
				for st, err := range ssrl.Run(call.ctx, t.t, d, o) {
					if err != nil {
						return err
					}
					t.took(st)
					if err := t.report(call, st, fn, user); err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
}

// report shows the caller a step, with model and trainer free.
func (t *trainer) report(call *call, st ssrl.Stats, fn C.ssrl_step_fn, user unsafe.Pointer) error {
	if fn == nil {
		return nil
	}
	defer func() { t.call = call }() // the callback may have made other calls
	return call.outside(func() error {
		var a arena
		defer a.free()
		step := (*C.ssrl_step)(a.alloc(C.sizeof_ssrl_step))
		*step = stepOf(st)
		if C.ssrl__call_step(fn, user, step) != 0 {
			return errStopped
		}
		return nil
	})
}

//export libssrl_trainer_done
func libssrl_trainer_done(cell *C.ssrl__trainer) (n C.int64_t) {
	_ = guard(func() error {
		t, err := open[*trainer](unsafe.Pointer(cell), "trainer")
		if err != nil {
			return err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		n = C.int64_t(t.done)
		return nil
	})
	return n
}

//export libssrl_trainer_metrics
func libssrl_trainer_metrics(cell *C.ssrl__trainer, fn C.ssrl_text_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		t, err := open[*trainer](unsafe.Pointer(cell), "trainer")
		if err != nil {
			return err
		}
		if fn == nil {
			return invalid("fn is NULL")
		}
		t.mu.Lock()
		metrics := t.last.Metrics
		t.mu.Unlock()
		text := []byte("{}")
		if metrics != nil {
			if text, err = json.Marshal(metrics); err != nil {
				return err
			}
		}
		return handText(fn, user, string(text))
	})
}

//export libssrl_trainer_save
func libssrl_trainer_save(cell *C.ssrl_trainer, dir *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		return inTrainer(cell, func(t *trainer, _ *call) error { return t.t.Save(path) })
	})
}

//export libssrl_trainer_resume
func libssrl_trainer_resume(cell *C.ssrl_trainer, dir *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		return inTrainer(cell, func(t *trainer, _ *call) error {
			if err := t.t.Resume(path); err != nil {
				return err
			}
			t.took(ssrl.Stats{})
			return nil
		})
	})
}

//export libssrl_trainer_close
func libssrl_trainer_close(cell *C.ssrl_trainer) {
	closeCell(unsafe.Pointer(cell), func(*trainer) {})
}
