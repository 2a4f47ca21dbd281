package ssrl

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"path/filepath"
	"reflect"
	"slices"

	"ssrl/internal/formats"
	"ssrl/internal/outdir"
	"ssrl/internal/parallel"
	"ssrl/internal/rgbd"
	"ssrl/internal/shard"
)

// GenerateOptions configures GenerateDataset.
type GenerateOptions struct {
	Tasks    []string `json:"tasks"` // for TaskByName; nil means all five, or none beside Own
	Own      []Task   `json:"-"`     // tasks of the caller's own, asked after those
	Seed     uint64   `json:"seed"`
	PerImage int      `json:"per_image"` // questions of each task and frame; 0 means 1
	Shard    int      `json:"shard"`     // makes only this part of the frames, counted from 0
	Shards   int      `json:"shards"`    // parts in all; 0 means 1
	Workers  int      `json:"workers"`   // 0 means one for each processor
	// Format is the layout: dir, which "" means, parquet, parquet-paths, alpaca,
	// sharegpt or webdataset.
	Format string `json:"format"`
	// Validation is the part of the frames, from 0 to 1, whose questions make a
	// validation split: none of its frames is in the train split. Which ones
	// depends on Seed and the frames' names alone. 0 means that there is no split.
	Validation float64 `json:"validation"`
	// Shuffled takes the frames in an order drawn from Seed instead of by name.
	Shuffled bool `json:"shuffled"`

	// Skipped hears, in order, of frames that cannot carry a task, and of
	// broken frames, with an empty task.
	Skipped func(frame, task string, why error) `json:"-"`
	// Notice hears, in order, of what was done to a frame: its depth rescaled.
	// Frame is empty for what concerns the whole source.
	Notice func(frame, text string) `json:"-"`
	// Progress hears how many frames are done.
	Progress func(done, total int) `json:"-"`
}

// GenerateDataset makes a dataset of every frame of src in the new or empty
// directory out, and returns the number of samples. An unfinished run of the
// same arguments, which only a killed process leaves, is finished.
//
// The bytes written depend on the frames and the options alone, not on Workers;
// the samples and images of all shards are those of an unsharded run, in its
// order. Images below out are not frames. Broken frames are left out while others
// remain; no sample at all is an error, and so is a second run into a finished
// dataset. After an error nothing is left in out.
//
// What Skipped hears is in skipped.jsonl, or skipped-I-of-N.jsonl where the files
// of shards may lie together: a line {"frame","task","why"} each.
func GenerateDataset(ctx context.Context, src Source, out string, opts GenerateOptions) (int, error) {
	g, err := opts.generator()
	if err != nil {
		return 0, err
	}
	if out == "" {
		return 0, errors.New("generate: no output directory")
	}
	found, err := src.list(out)
	if err != nil {
		return 0, err
	}
	names, layout, err := opts.plan(src, found.names)
	if err != nil {
		return 0, err
	}
	made := missing(out)
	w, err := formats.Create(out, formats.Format(opts.Format), layout)
	if err != nil {
		return 0, err
	}
	note := g.Skipped
	var unsaid error // what could not be noted
	g.Skipped = func(frame, task string, why error) {
		unsaid = cmp.Or(unsaid, w.Skip(shard.Skip{Frame: frame, Task: task, Why: why.Error()}))
		if note != nil {
			note(frame, task, why)
		}
	}
	if found.notice != "" && g.Notice != nil {
		g.Notice("", found.notice)
	}
	n, err := g.writeAll(ctx, found, names, w, opts.Progress)
	if err = cmp.Or(err, unsaid); err == nil {
		err = w.Close()
	}
	if err != nil {
		w.Abort()
		discard(out, made)
		var left outdir.Unfinished
		if errors.As(err, &left) { // no longer
			err = left.Why
		}
		return 0, err
	}
	return n, nil
}

// plan picks the frames of a shard, in order, and says how they are written.
func (o *GenerateOptions) plan(src Source, all []string) (names []string, w formats.WriteOptions, err error) {
	w = formats.WriteOptions{Shard: o.Shard, Shards: o.Shards}
	if o.Validation > 0 {
		if w.Validation, err = formats.Split(all, o.Validation, o.Seed); err != nil {
			return nil, w, err
		}
	}
	if o.Shuffled {
		all = formats.Order(all, "order", o.Seed)
	}
	names = all[share(len(all), o.Shard, o.Shards):share(len(all), o.Shard+1, o.Shards)]
	if len(names) == 0 {
		return nil, w, fmt.Errorf("images %s: shard %d of %d has no frame (want at most %d shards)", src.Images, o.Shard, o.Shards, len(all))
	}
	run := map[string]any{"images": filepath.Clean(src.Images), "depth": cleanUnlessEmpty(src.Depth), "unit": src.Unit,
		"tasks": o.Tasks, "per_image": max(o.PerImage, 1), "shard": o.Shard, "shards": o.Shards}
	if o.Validation > 0 {
		run["validation"] = o.Validation
	}
	if o.Shuffled {
		run["shuffled"] = true
	}
	for name, value := range map[string]any{"associations": cleanUnlessEmpty(src.Associations), "max_difference": src.MaxDifference,
		"refuse": src.Mismatch == refuse, "ignore_orientation": src.IgnoreOrientation} {
		if !reflect.ValueOf(value).IsZero() { // as a run before there was the option
			run[name] = value
		}
	}
	w.Run.Seed = o.Seed
	w.Run.Run, err = json.Marshal(run)
	return names, w, err
}

// share is the first of n frames that part i of parts begins with: n i / parts
// in 128 bits.
func share(n, i, parts int) int {
	hi, lo := bits.Mul64(uint64(n), uint64(i))
	q, _ := bits.Div64(hi, lo, uint64(parts))
	return int(q)
}

func cleanUnlessEmpty(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Clean(path)
}

// generator checks the options and fills the defaults in.
func (o *GenerateOptions) generator() (Generator, error) {
	g := Generator{Seed: o.Seed, PerFrame: o.PerImage, Workers: o.Workers, Skipped: o.Skipped, Notice: o.Notice}
	if o.Tasks == nil && o.Own == nil {
		for _, t := range AllTasks() {
			o.Tasks = append(o.Tasks, t.Name())
		}
	}
	if len(o.Tasks)+len(o.Own) == 0 {
		return g, errors.New("generate: no tasks (want shuffle, flip, crop, depth or position)")
	}
	for i, name := range o.Tasks {
		t, err := TaskByName(name)
		if err != nil {
			return g, err
		}
		if slices.Contains(o.Tasks[:i], name) {
			return g, fmt.Errorf("task %s is named twice", name)
		}
		g.Tasks = append(g.Tasks, t)
	}
	g.Tasks = append(g.Tasks, o.Own...)
	if o.Shards == 0 {
		o.Shards = 1
	}
	if o.Shard < 0 || o.Shard >= o.Shards {
		return g, fmt.Errorf("generate: shard %d of %d (want 0 to below their number)", o.Shard, o.Shards)
	}
	if o.Workers < 0 {
		return g, fmt.Errorf("generate: %d workers (want 0, for one a processor, or more)", o.Workers)
	}
	if o.Format == "" {
		o.Format = string(formats.Dir)
	}
	if _, err := formats.ParseFormat(o.Format); err != nil {
		return g, fmt.Errorf("generate: %w", err)
	}
	if !(o.Validation >= 0 && o.Validation < 1) {
		return g, fmt.Errorf("generate: validation %v (want a part from 0 to below 1)", o.Validation)
	}
	if err := g.check(); err != nil {
		return g, err
	}
	g.PerFrame = max(g.PerFrame, 1)
	return g, nil
}

// written is a sample as it goes to disk, or why there is none.
type written struct {
	outcome
	images [][]byte
}

// batch is what a part of a frame gave.
type batch struct {
	name   string
	made   []written
	broken error // of the frame
	last   bool  // of the frame
}

func (g Generator) writeAll(ctx context.Context, src listing, names []string, w *formats.Writer, progress func(done, total int)) (int, error) {
	samples, done, reported := 0, 0, ""
	var broken, unsuitable error
	frames := func(yield func(string, error) bool) {
		for _, n := range names {
			if !yield(n, nil) {
				return
			}
		}
	}
	for b, err := range parallel.Ordered(ctx, g.workers(), partsOf(g, frames), func(ctx context.Context, p part[string]) (batch, error) {
		made, err := g.read(ctx, src, p)
		if ctx.Err() != nil {
			return batch{}, context.Cause(ctx)
		}
		return batch{p.of, made, err, p.last}, nil
	}) {
		if err != nil {
			return 0, err
		}
		if b.broken != nil && reported != b.name {
			g.report(outcome{frame: b.name, why: b.broken})
			reported, broken = b.name, cmp.Or(broken, b.broken)
		}
		for _, s := range b.made {
			if s.sample == nil {
				g.report(s.outcome)
				unsuitable = cmp.Or(unsuitable, s.why)
				continue
			}
			if err := w.Write(lineOf(s.sample), s.images, ".png"); err != nil {
				return 0, err
			}
			samples++
		}
		if !b.last {
			continue
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
	}
	return 0, fmt.Errorf("images %s: no sample of %d frames: %w", src.Images, len(names), unsuitable)
}

// read makes and encodes the samples of a part of a frame.
func (g Generator) read(ctx context.Context, src listing, p part[string]) ([]written, error) {
	f, err := src.open(p.of)
	if err != nil {
		return nil, err
	}
	made, err := g.draw(ctx, f, p.from, p.to)
	if err != nil {
		return nil, err
	}
	out := make([]written, len(made))
	for i, o := range made {
		out[i].outcome = o
		if o.sample != nil && ctx.Err() == nil {
			if out[i].images, err = encodeImages(o.sample); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// encodeImages returns the images of s as PNG files.
func encodeImages(s *Sample) ([][]byte, error) {
	var out [][]byte
	for i, img := range s.Images {
		if img == nil {
			return nil, fmt.Errorf("sample %s: image %d is nil", s.ID, i)
		}
		var b bytes.Buffer
		if err := rgbd.EncodePNG(&b, rgbd.FromImage(img)); err != nil {
			return nil, fmt.Errorf("sample %s: image %d: %w", s.ID, i, err)
		}
		out = append(out, b.Bytes())
	}
	return out, nil
}

// lineOf is the line of s, without its images.
func lineOf(s *Sample) shard.Sample {
	return shard.Sample{ID: s.ID, Task: s.Task, Source: s.Source, Problem: s.Problem, Answer: s.Answer, Meta: s.Meta}
}
