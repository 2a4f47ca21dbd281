package main

// #include "front.h"
import "C"

import (
	"math"
	"unsafe"

	"ssrl"
)

//export libssrl_reward
func libssrl_reward(answer, truth *C.ssrl__text, out *C.ssrl_score, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out == nil {
			return invalid("out is NULL")
		}
		a, err := textOf(answer, "answer")
		if err != nil {
			return err
		}
		want, err := textOf(truth, "truth")
		if err != nil {
			return err
		}
		s := ssrl.Exact(&ssrl.Sample{Answer: want}, a)
		*out = C.ssrl_score{overall: C.double(s.Overall), accuracy: C.double(s.Accuracy), format: C.double(s.Format)}
		return nil
	})
}

// rewardOf asks the caller what an answer is worth. A caller that has had enough,
// or gives no number, stops the call.
func rewardOf(fn C.ssrl_reward_fn, user unsafe.Pointer, c *call) ssrl.Reward {
	return func(s *ssrl.Sample, answer string) ssrl.Score {
		if c.ctx.Err() != nil {
			return ssrl.Score{}
		}
		var a arena
		defer a.free()
		out := (*C.ssrl_score)(a.alloc(C.sizeof_ssrl_score))
		*out = C.ssrl_score{}
		if C.ssrl__call_reward(fn, user, a.sample(s), a.text(answer), out) != 0 {
			c.stop(errStopped)
		}
		score := ssrl.Score{Overall: float64(out.overall), Accuracy: float64(out.accuracy), Format: float64(out.format)}
		for _, v := range []float64{score.Overall, score.Accuracy, score.Format} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				c.stop(invalid("sample %s: a reward of %g (want a finite one)", s.ID, v))
				return ssrl.Score{}
			}
		}
		return score
	}
}
