package main

// #include "front.h"
import "C"

import (
	"sync"
	"unsafe"

	"ssrl"
)

// trainer is what an ssrl_trainer stands for. It lives as long as C or a call
// holds it; nothing in it needs closing.
type trainer struct {
	model *model
	t     ssrl.Trainer
	call  *call          // that is running, for the reward to stop
	drawn []ssrl.Rollout // that wait for an update

	mu   sync.Mutex
	done int
	last ssrl.Stats
}

// inTrainer runs f in a call on a trainer, which is a call on its model.
func inTrainer(handle *C.ssrl_trainer, job **C.ssrl_job, f func(*trainer, *call) error) error {
	t, err := open[*trainer](unsafe.Pointer(handle), "trainer")
	if err != nil {
		return err
	}
	c, err := t.model.gate.enter()
	if err != nil {
		return err
	}
	return begin(job, c, func() error {
		t.call = c
		return f(t, c)
	})
}

// copies are the arrays as large as the weights that a trainer adds: the
// gradient, two moments, and the reference.
const copies, copiesWithReference = 3, 4

// start makes a trainer of a model.
func start(out **C.ssrl_trainer, m *C.ssrl_model, arrays int64, make func(*trainer) (ssrl.Trainer, error)) error {
	return inModel(m, nil, func(m *model, _ *call) error {
		if !m.adapted.Load() {
			if err := reserve("trainer", arrays*weightBytes(m.m.Parameters())); err != nil {
				return err
			}
		}
		t := &trainer{model: m}
		var err error
		if t.t, err = make(t); err != nil {
			return asArgument(err)
		}
		*out = (*C.ssrl_trainer)(newHandle(t))
		return nil
	})
}

//export libssrl_sft_new
func libssrl_sft_new(out **C.ssrl_trainer, m *C.ssrl_model, opts *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out == nil {
			return invalid("out is NULL")
		}
		var o ssrl.SFTOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		return start(out, m, copies, func(t *trainer) (ssrl.Trainer, error) { return ssrl.NewSFT(t.model.m, o) })
	})
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

// taken tells the caller about a step, if it went well.
func (t *trainer) taken(out *C.ssrl_step, st ssrl.Stats, err error) error {
	if err != nil {
		return err
	}
	t.took(st)
	if out != nil {
		*out = stepOf(st)
	}
	return nil
}

//export libssrl_trainer_step
func libssrl_trainer_step(handle *C.ssrl_trainer, batch *C.ssrl__sample, n C.int32_t, out *C.ssrl_step, job **C.ssrl_job, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out != nil {
			*out = C.ssrl_step{}
		}
		samples, err := batchOf(batch, n, job != nil)
		if err != nil {
			return err
		}
		return inTrainer(handle, job, func(t *trainer, call *call) error {
			st, err := t.t.Step(call.ctx, samples)
			return t.taken(out, st, err)
		})
	})
}

//export libssrl_trainer_run
func libssrl_trainer_run(handle *C.ssrl_trainer, d *C.ssrl__dataset, steps C.int64_t, opts *C.ssrl__text, fn C.ssrl_step_fn, user unsafe.Pointer, job **C.ssrl_job, err *C.ssrl_error) C.ssrl_status {
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
		set, reading, err := enterDataset(d)
		if err != nil {
			return err
		}
		err = inTrainer(handle, job, func(t *trainer, call *call) error {
			defer reading.leave()
			call.at(int64(t.t.Done()), int64(steps))
			for st, err := range ssrl.Run(call.ctx, t.t, set, o) {
				if err != nil {
					return err
				}
				t.took(st)
				call.done.Store(int64(st.N))
				if err := t.report(call, st, fn, user); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			reading.leave()
		}
		return err
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
func libssrl_trainer_done(handle *C.ssrl__trainer) (n C.int64_t) {
	_ = guard(func() error {
		t, err := open[*trainer](unsafe.Pointer(handle), "trainer")
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
func libssrl_trainer_metrics(handle *C.ssrl__trainer, fn C.ssrl_text_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		t, err := open[*trainer](unsafe.Pointer(handle), "trainer")
		if err != nil {
			return err
		}
		if fn == nil {
			return invalid("fn is NULL")
		}
		t.mu.Lock()
		metrics := t.last.Metrics
		t.mu.Unlock()
		if metrics == nil {
			metrics = map[string]float64{}
		}
		return handJSON(fn, user, metrics)
	})
}

//export libssrl_trainer_save
func libssrl_trainer_save(handle *C.ssrl_trainer, dir *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		return inTrainer(handle, nil, func(t *trainer, _ *call) error { return t.t.Save(path) })
	})
}

//export libssrl_trainer_resume
func libssrl_trainer_resume(handle *C.ssrl_trainer, dir *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		return inTrainer(handle, nil, func(t *trainer, _ *call) error {
			if err := t.t.Resume(path); err != nil {
				return err
			}
			t.drawn = nil
			t.took(ssrl.Stats{})
			return nil
		})
	})
}

//export libssrl_trainer_close
func libssrl_trainer_close(handle *C.ssrl_trainer) {
	closeHandle(unsafe.Pointer(handle), func(*trainer) {})
}
