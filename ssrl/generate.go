package ssrl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"ssrl/internal/parallel"
	"ssrl/internal/rgbd"
	"ssrl/internal/shard"
)

// GenerateOptions configures GenerateDataset.
type GenerateOptions struct {
	Tasks    []string `json:"tasks"` // names; nil means all five
	Seed     uint64   `json:"seed"`
	PerImage int      `json:"per_image"` // questions of each task and frame; 0 means 1
	Shard    int      `json:"shard"`     // makes only this part of the frames, counted from 0
	Shards   int      `json:"shards"`    // parts in all; 0 means 1
	Workers  int      `json:"workers"`   // 0 means one for each processor

	// Skipped hears, in order, of frames that cannot carry a task, and of
	// broken frames, with an empty task.
	Skipped func(frame, task string, why error) `json:"-"`
	// Progress hears how many frames are done.
	Progress func(done, total int) `json:"-"`
}

// GenerateDataset makes a dataset of every frame of src in the new or empty
// directory out, and returns the number of samples. An unfinished run of the
// same arguments is finished. The bytes written depend on the frames and the
// options alone, not on Workers; the samples and images of all shards are those
// of an unsharded run. Broken frames are left out while others remain; no
// sample at all is an error, and so is a second run into a finished dataset.
func GenerateDataset(ctx context.Context, src Source, out string, opts GenerateOptions) (int, error) {
	g, err := opts.generator()
	if err != nil {
		return 0, err
	}
	names, err := src.Names()
	if err != nil {
		return 0, err
	}
	names = names[len(names)*opts.Shard/opts.Shards : len(names)*(opts.Shard+1)/opts.Shards]
	run, err := json.Marshal(map[string]any{"images": src.Images, "depth": src.Depth, "unit": src.Unit, "tasks": opts.Tasks,
		"per_image": g.PerFrame, "shard": opts.Shard, "shards": opts.Shards})
	if err != nil {
		return 0, err
	}
	w, err := shard.Create(out, shard.Options{Seed: opts.Seed, Run: run})
	if err != nil {
		return 0, err
	}
	n, err := g.writeAll(ctx, src, names, w, opts.Progress)
	if err != nil {
		w.Abort()
		return 0, err
	}
	return n, w.Close()
}

// generator checks the options and fills the defaults in.
func (o *GenerateOptions) generator() (Generator, error) {
	g := Generator{Seed: o.Seed, PerFrame: max(o.PerImage, 1), Workers: o.Workers, Skipped: o.Skipped}
	if o.Tasks == nil {
		for _, t := range AllTasks() {
			o.Tasks = append(o.Tasks, t.Name())
		}
	}
	seen := map[string]bool{}
	for _, name := range o.Tasks {
		t, err := TaskByName(name)
		if err != nil {
			return g, err
		}
		if seen[name] {
			return g, fmt.Errorf("task %s is named twice", name)
		}
		seen[name] = true
		g.Tasks = append(g.Tasks, t)
	}
	if o.Shards == 0 {
		o.Shards = 1
	}
	if o.Shards < 1 || o.Shard < 0 || o.Shard >= o.Shards || o.PerImage < 0 || len(o.Tasks) == 0 {
		return g, fmt.Errorf("generate: shard %d of %d, %d questions an image, %d tasks (want a shard from 0 to below their number, at least one question and task)",
			o.Shard, o.Shards, g.PerFrame, len(o.Tasks))
	}
	return g, nil
}

// written is a sample as it goes to disk, or why there is none.
type written struct {
	outcome
	images [][]byte
}

func (g Generator) writeAll(ctx context.Context, src Source, names []string, w *shard.Writer, progress func(done, total int)) (int, error) {
	samples, done := 0, 0
	var broken error
	for frame, err := range parallel.Ordered(ctx, g.workers(), each(names), func(_ context.Context, name string) ([]written, error) { return g.frame(src, name) }) {
		switch {
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case err != nil:
			if broken == nil {
				broken = err
			}
			g.skip(outcome{frame: names[done], why: err})
		}
		for _, s := range frame {
			if s.why != nil {
				g.skip(s.outcome)
				continue
			}
			if err := w.Write(s.onDisk(), s.images, ".png"); err != nil {
				return 0, err
			}
			samples++
		}
		if done++; progress != nil {
			progress(done, len(names))
		}
	}
	switch {
	case samples > 0:
		return samples, nil
	case broken != nil:
		return 0, broken
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	}
	return 0, fmt.Errorf("%d frames, not one sample: %w", len(names), ErrUnsuitable)
}

// frame makes and encodes the samples of one frame.
func (g Generator) frame(src Source, name string) ([]written, error) {
	f, err := src.Open(name)
	if err != nil {
		return nil, err
	}
	made, err := g.make(f)
	if err != nil {
		return nil, err
	}
	out := make([]written, len(made))
	for i, o := range made {
		out[i].outcome = o
		if o.why == nil {
			if out[i].images, err = encodeImages(o.sample); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func encodeImages(s *Sample) ([][]byte, error) {
	var out [][]byte
	for _, img := range s.Images {
		var b bytes.Buffer
		if err := rgbd.EncodePNG(&b, rgbd.FromImage(img)); err != nil {
			return nil, err
		}
		out = append(out, b.Bytes())
	}
	return out, nil
}

// onDisk is the sample's line, without its images.
func (o outcome) onDisk() shard.Sample { return lineOf(o.sample) }

func lineOf(s *Sample) shard.Sample {
	return shard.Sample{ID: s.ID, Task: s.Task, Source: s.Source, Problem: s.Problem, Answer: s.Answer, Meta: s.Meta}
}

func each(names []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, n := range names {
			if !yield(n, nil) {
				return
			}
		}
	}
}
