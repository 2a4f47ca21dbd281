package demo

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"ssrl"
	"ssrl/internal/seed"
)

// tasks are the five tasks, asked in a few words, or those that names holds. At
// 56 pixels the lines between patches would cover a seventh of what can be seen
// of a seam, so only labels are drawn.
func tasks(names []string) (out []ssrl.Task) {
	for _, t := range []ssrl.Task{ssrl.Shuffle{NoBorder: true, Brief: true}, ssrl.Flip{NoBorder: true, Brief: true}, ssrl.Crop{Brief: true}, ssrl.DepthOrder{Brief: true}, ssrl.Position{Brief: true}} {
		if names == nil || slices.Contains(names, t.Name()) {
			out = append(out, t)
		}
	}
	return out
}

// samples draws questions of new scenes without end. Stages have frames of
// their own.
func (r *run) samples(ctx context.Context, stage string, tasks []ssrl.Task) iter.Seq2[*ssrl.Sample, error] {
	s := seed.Key(r.Seed, "demo", stage)
	frames := func(yield func(*ssrl.Frame, error) bool) {
		for i := 0; ; i++ {
			if !yield(ssrl.Scene(s, i, r.Pixels, r.Pixels)) {
				return
			}
		}
	}
	return ssrl.Generator{Tasks: tasks, Seed: s}.Samples(ctx, frames)
}

// batch is the part of a fixed share that a step sees: every epoch is a new order.
func batch(share []*ssrl.Sample, s uint64, step, n int) []*ssrl.Sample {
	perEpoch := max(len(share)/n, 1)
	order := seed.Rand(s, "demo", "epoch", strconv.Itoa(step/perEpoch)).Perm(len(share))
	var out []*ssrl.Sample
	for _, i := range order[step%perEpoch*n:][:min(n, len(share))] {
		out = append(out, share[i])
	}
	return out
}
