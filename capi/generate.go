package main

// #include "front.h"
import "C"

import (
	"fmt"
	"iter"
	"unsafe"

	"ssrl"
)

// frameOptions are those of ssrl_generate_samples. Every other call has the
// options of the struct that it hands to package ssrl.
type frameOptions struct {
	Tasks    []string `json:"tasks"`
	Seed     uint64   `json:"seed"`
	PerFrame int      `json:"per_frame"`
	Workers  int      `json:"workers"`
	Unit     string   `json:"unit"`
	Mismatch string   `json:"mismatch"`
}

// generator is what frameOptions ask for, beside own tasks.
func (o frameOptions) generator(own []ssrl.Task) (ssrl.Generator, error) {
	g := ssrl.Generator{Seed: o.Seed, PerFrame: o.PerFrame, Workers: o.Workers}
	if o.Workers < 0 {
		return g, invalid("%d workers (want 0, for one a processor, or more)", o.Workers)
	}
	for _, name := range o.Tasks {
		t, err := ssrl.TaskByName(name)
		if err != nil {
			return g, argument{err}
		}
		g.Tasks = append(g.Tasks, t)
	}
	if o.Tasks != nil && len(o.Tasks)+len(own) == 0 {
		return g, invalid("no tasks (want shuffle, flip, crop, depth or position)")
	}
	g.Tasks = append(g.Tasks, own...)
	return g, nil
}

//export libssrl_generate_samples
func libssrl_generate_samples(frame *C.ssrl__frame, opts *C.ssrl__text, own *C.ssrl__task, n C.int32_t, fn C.ssrl_sample_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		var o frameOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		if fn == nil {
			return invalid("fn is NULL")
		}
		f, err := frameOf(frame, o.Unit, o.Mismatch)
		if err != nil {
			return err
		}
		call := newCall()
		tasks, err := tasksOf(own, n, call.stop)
		if err != nil {
			return err
		}
		g, err := o.generator(tasks)
		if err != nil {
			return err
		}
		return begin(nil, call, func() error { return generate(call, g, f, callback{fn, user}) })
	})
}

// generate hands the samples of one frame over. No sample at all is an error
// that tells why.
func generate(c *call, g ssrl.Generator, f *ssrl.Frame, to callback) error {
	var why error
	g.Skipped = func(_, _ string, err error) {
		if why == nil {
			why = fmt.Errorf("frame %s: %w", f.Name, err)
		}
	}
	g.Notice = notice
	made := 0
	for s, err := range g.Samples(c.ctx, one(f)) {
		if err == nil {
			err = to.hand(s)
		}
		if err != nil {
			return err
		}
		made++
	}
	if made > 0 {
		return nil
	}
	return why
}

func one(f *ssrl.Frame) iter.Seq2[*ssrl.Frame, error] {
	return func(yield func(*ssrl.Frame, error) bool) { yield(f, nil) }
}

// notice tells the log what was done to a frame.
func notice(frame, text string) {
	if frame != "" {
		text = "frame " + frame + ": " + text
	}
	logf(warningLevel, "%s", text)
}

//export libssrl_generate_dataset
func libssrl_generate_dataset(images, out, opts *C.ssrl__text, own *C.ssrl__task, n C.int32_t, skipped C.ssrl_skipped_fn, progress C.ssrl_progress_fn, user unsafe.Pointer, job **C.ssrl_job, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		var o struct {
			ssrl.GenerateOptions
			ssrl.Source
		}
		if err := options(opts, &o); err != nil {
			return err
		}
		if o.Images != "" {
			return invalid("options: images is an argument of its own")
		}
		var err error
		if o.Images, err = textOf(images, "images_dir"); err != nil {
			return err
		}
		dir, err := textOf(out, "out_dir")
		if err != nil {
			return err
		}
		call := newCall()
		if o.Own, err = tasksOf(own, n, call.stop); err != nil {
			return err
		}
		o.Notice = notice
		o.Skipped = func(frame, task string, why error) {
			switch {
			case call.ctx.Err() != nil:
			case skipped == nil:
				logf(warningLevel, "frame %s left out: %v", frame, why)
			case handSkipped(skipped, user, frame, task, why) != nil:
				call.stop(errStopped)
			}
		}
		o.Progress = func(done, total int) {
			call.at(int64(done), int64(total))
			handProgress(progress, user, call)
		}
		return begin(job, call, func() error {
			_, err := ssrl.GenerateDataset(call.ctx, o.Source, dir, o.GenerateOptions)
			return err
		})
	})
}

func handSkipped(fn C.ssrl_skipped_fn, user unsafe.Pointer, frame, task string, why error) error {
	var a arena
	defer a.free()
	if C.ssrl__call_skipped(fn, user, a.text(frame), a.text(task), a.text(why.Error())) != 0 {
		return errStopped
	}
	return nil
}

// handProgress tells how far a call is, and stops it if the caller wants.
func handProgress(fn C.ssrl_progress_fn, user unsafe.Pointer, c *call) {
	if fn != nil && c.ctx.Err() == nil && C.ssrl__call_progress(fn, user, C.int64_t(c.done.Load()), C.int64_t(c.total.Load())) != 0 {
		c.stop(errStopped)
	}
}
