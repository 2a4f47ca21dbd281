package demo

import (
	"context"
	"iter"
	"strconv"

	"ssrl"
	"ssrl/internal/seed"
)

// tasks are the five tasks, asked in a few words. At 56 pixels the lines between
// patches would cover a seventh of what can be seen of a seam, so only labels
// are drawn, and a digit of five pixels is helped by a colour.
func tasks() []ssrl.Task { return []ssrl.Task{shuffle, flip, crop, depth, position} }

var (
	shuffle  = ssrl.Shuffle{NoBorder: true, Brief: true}
	flip     = ssrl.Flip{NoBorder: true, Brief: true}
	crop     = ssrl.Crop{Brief: true}
	depth    = ssrl.DepthOrder{Brief: true, Coloured: true}
	position = ssrl.Position{Brief: true, Coloured: true}
)

// samples draws questions of new scenes without end. Stages have frames of
// their own.
func (r *run) samples(ctx context.Context, stage string) iter.Seq2[*ssrl.Sample, error] {
	return draw(ctx, tasks(), seed.Key(r.Seed, "demo", stage), r.Pixels)
}

// draw asks one question of each task about each of the scenes of a seed.
func draw(ctx context.Context, tasks []ssrl.Task, s uint64, pixels int) iter.Seq2[*ssrl.Sample, error] {
	frames := func(yield func(*ssrl.Frame, error) bool) {
		for i := 0; ; i++ {
			if !yield(ssrl.Scene(s, i, pixels, pixels)) {
				return
			}
		}
	}
	return ssrl.Generator{Tasks: tasks, Seed: s}.Samples(ctx, frames)
}

// seldom are samples, few of them of crop and position.
func (r *run) seldom(ctx context.Context, stage string) iter.Seq2[*ssrl.Sample, error] {
	return func(yield func(*ssrl.Sample, error) bool) {
		seen := map[string]int{}
		for s, err := range r.samples(ctx, stage) {
			if err == nil && (s.Task == "crop" || s.Task == "position") {
				if seen[s.Task]++; seen[s.Task]%r.Seldom != 0 {
					continue
				}
			}
			if !yield(s, err) {
				return
			}
		}
	}
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
