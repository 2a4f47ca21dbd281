package main

// #include "front.h"
import "C"

import (
	"context"
	"fmt"
	"iter"
	"unsafe"

	"ssrl"
)

//export libssrl_scene
func libssrl_scene(seed C.uint64_t, index, width, height C.int32_t, rgb *C.uint8_t, metres *C.float, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if rgb == nil {
			return invalid("rgb is NULL")
		}
		f, err := ssrl.Scene(uint64(seed), int(index), int(width), int(height))
		if err != nil {
			return asArgument(err)
		}
		n := int(width) * int(height)
		pack(unsafe.Slice((*byte)(rgb), 3*n), f.Image)
		if metres != nil {
			copy(unsafe.Slice((*float32)(metres), n), f.Depth.Metres)
		}
		return nil
	})
}

//export libssrl_generate_samples
func libssrl_generate_samples(rgb *C.ssrl__image, depth *C.ssrl__depth, name, opts *C.ssrl__text, fn C.ssrl_sample_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		var o generatorOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		g, err := o.generator()
		if err != nil {
			return err
		}
		if fn == nil {
			return invalid("fn is NULL")
		}
		f := &ssrl.Frame{Name: textOr(name, "frame")}
		if f.Image, err = imageOf(rgb, "rgb"); err != nil {
			return err
		}
		if f.Depth, err = depthOf(depth, o.Relative); err != nil {
			return err
		}
		return generate(g, f, callback{fn, user})
	})
}

// generate hands the samples of one frame over. No sample at all is an error
// that tells why.
func generate(g ssrl.Generator, f *ssrl.Frame, to callback) error {
	var why error
	g.Skipped = func(_, _ string, err error) {
		if why == nil {
			why = fmt.Errorf("frame %s: %w", f.Name, err)
		}
	}
	made := 0
	for s, err := range g.Samples(context.Background(), one(f)) {
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

//export libssrl_generate_dataset
func libssrl_generate_dataset(images, out, opts *C.ssrl__text, skipped C.ssrl_skipped_fn, progress C.ssrl_progress_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
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
		ctx, stop := context.WithCancelCause(context.Background())
		defer stop(nil)
		o.Skipped = func(frame, task string, why error) {
			if skipped == nil || ctx.Err() != nil {
				return
			}
			var a arena
			defer a.free()
			if C.ssrl__call_skipped(skipped, user, a.text(frame), a.text(task), a.text(why.Error())) != 0 {
				stop(errStopped)
			}
		}
		o.Progress = func(done, total int) {
			if progress != nil && ctx.Err() == nil && C.ssrl__call_progress(progress, user, C.int64_t(done), C.int64_t(total)) != 0 {
				stop(errStopped)
			}
		}
		_, err = ssrl.GenerateDataset(ctx, o.Source, dir, o.GenerateOptions)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	})
}

// dataset is what an ssrl_dataset stands for.
type dataset struct {
	gate gate
	d    *ssrl.Dataset
}

//export libssrl_dataset_open
func libssrl_dataset_open(out **C.ssrl_dataset, dir *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out == nil {
			return invalid("out is NULL")
		}
		*out = nil
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		d, err := ssrl.OpenDataset(path)
		if err != nil {
			return err
		}
		*out = (*C.ssrl_dataset)(newCell(&dataset{gate: gate{name: "dataset", free: func() { d.Close() }}, d: d}))
		return nil
	})
}

// inDataset runs f inside a dataset.
func inDataset(d *C.ssrl__dataset, f func(*ssrl.Dataset) error) error {
	set, err := open[*dataset](unsafe.Pointer(d), "dataset")
	if err != nil {
		return err
	}
	call, err := set.gate.enter()
	if err != nil {
		return err
	}
	defer call.leave()
	return f(set.d)
}

//export libssrl_dataset_len
func libssrl_dataset_len(d *C.ssrl__dataset) (n C.int64_t) {
	_ = guard(func() error {
		return inDataset(d, func(d *ssrl.Dataset) error {
			n = C.int64_t(d.Len())
			return nil
		})
	})
	return n
}

//export libssrl_dataset_at
func libssrl_dataset_at(d *C.ssrl__dataset, i C.int64_t, fn C.ssrl_sample_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if fn == nil {
			return invalid("fn is NULL")
		}
		return inDataset(d, func(d *ssrl.Dataset) error {
			if i < 0 || int64(i) >= int64(d.Len()) {
				return invalid("sample %d of %d (want 0 to %d)", i, d.Len(), d.Len()-1)
			}
			s, err := d.At(int(i))
			if err != nil {
				return err
			}
			return callback{fn, user}.hand(s)
		})
	})
}

//export libssrl_dataset_close
func libssrl_dataset_close(d *C.ssrl_dataset) {
	closeCell(unsafe.Pointer(d), func(d *dataset) { d.gate.close() })
}

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
