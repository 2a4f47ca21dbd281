package main

// #include "front.h"
import "C"

import (
	"math"
	"slices"
	"unsafe"

	"ssrl"
)

//export libssrl_grpo_new
func libssrl_grpo_new(out **C.ssrl_trainer, m *C.ssrl_model, fn C.ssrl_reward_fn, user unsafe.Pointer, opts *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out == nil {
			return invalid("out is NULL")
		}
		var o ssrl.GRPOOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		arrays := int64(copies)
		if o.KL > 0 {
			arrays = copiesWithReference
		}
		return start(out, m, arrays, func(t *trainer) (ssrl.Trainer, error) {
			reward := ssrl.Exact
			if fn != nil {
				reward = func(s *ssrl.Sample, answer string) ssrl.Score { return rewardOf(fn, user, t.call)(s, answer) }
			}
			return ssrl.NewGRPO(t.model.m, reward, o)
		})
	})
}

// inGRPO is inTrainer for trainers of that kind.
func inGRPO(handle *C.ssrl_trainer, job **C.ssrl_job, f func(*trainer, *ssrl.GRPO, *call) error) error {
	return inTrainer(handle, job, func(t *trainer, c *call) error {
		g, ok := t.t.(*ssrl.GRPO)
		if !ok {
			return invalid("trainer of ssrl_sft_new (want one of ssrl_grpo_new)")
		}
		return f(t, g, c)
	})
}

// rollout is a Rollout as it is handed out.
type rollout struct {
	Sample int    `json:"sample"`
	Answer string `json:"answer"`
	Finish string `json:"finish"`
	score
	Advantage float64 `json:"advantage"`
}

//export libssrl_grpo_rollouts
func libssrl_grpo_rollouts(handle *C.ssrl_trainer, batch *C.ssrl__sample, n C.int32_t, fn C.ssrl_text_fn, user unsafe.Pointer, job **C.ssrl_job, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		samples, err := batchOf(batch, n, true)
		if err != nil {
			return err
		}
		return inGRPO(handle, job, func(t *trainer, g *ssrl.GRPO, c *call) error {
			t.drawn = nil
			drawn, err := g.Rollouts(c.ctx, samples)
			if err == nil {
				err = c.stopped() // by the reward
			}
			if err != nil {
				return err
			}
			for _, r := range drawn {
				if fn == nil {
					break
				}
				err := handJSON(fn, user, rollout{slices.Index(samples, r.Sample), r.Answer, r.Finish, score(r.Score), r.Advantage})
				if err != nil {
					return err
				}
			}
			t.drawn = drawn
			return nil
		})
	})
}

//export libssrl_grpo_update
func libssrl_grpo_update(handle *C.ssrl_trainer, advantages *C.ssrl__double, n C.int32_t, out *C.ssrl_step, job **C.ssrl_job, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out != nil {
			*out = C.ssrl_step{}
		}
		if n < 0 {
			return invalid("%d advantages (want one for each answer)", n)
		}
		var own []float64
		if advantages != nil {
			own = slices.Clone(unsafe.Slice((*float64)(advantages), n))
		}
		return inGRPO(handle, job, func(t *trainer, g *ssrl.GRPO, c *call) error {
			if len(t.drawn) == 0 {
				return invalid("no answers to learn from (want ssrl_grpo_rollouts first)")
			}
			if advantages != nil {
				if err := replace(t.drawn, own); err != nil {
					return err
				}
			}
			st, err := g.Update(c.ctx, t.drawn)
			if err == nil {
				t.drawn = nil
			}
			return t.taken(out, st, err)
		})
	})
}

// replace sets the advantages of rollouts.
func replace(drawn []ssrl.Rollout, advantages []float64) error {
	if len(advantages) != len(drawn) {
		return invalid("%d advantages of %d answers (want one for each)", len(advantages), len(drawn))
	}
	for i, a := range advantages {
		if math.IsNaN(a) || math.IsInf(a, 0) {
			return invalid("advantage %d is %g (want a finite number)", i, a)
		}
	}
	for i, a := range advantages {
		drawn[i].Advantage = a
	}
	return nil
}
