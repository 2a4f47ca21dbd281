package main

// #include "front.h"
import "C"

import (
	"context"
	"sync/atomic"
	"unsafe"

	"ssrl"
)

// model is what an ssrl_model stands for. Its gate is that of its trainers too.
type model struct {
	gate    gate
	m       *ssrl.Model
	adapted atomic.Bool // an adapter is there, and alone learns
}

// enterModel begins a call on a model.
func enterModel(handle *C.ssrl_model) (*model, *call, error) {
	m, err := open[*model](unsafe.Pointer(handle), "model")
	if err != nil {
		return nil, nil, err
	}
	c, err := m.gate.enter()
	return m, c, err
}

// inModel runs f in a call on a model.
func inModel(handle *C.ssrl_model, job **C.ssrl_job, f func(*model, *call) error) error {
	m, c, err := enterModel(handle)
	if err != nil {
		return err
	}
	return begin(job, c, func() error { return f(m, c) })
}

//export libssrl_model_create
func libssrl_model_create(dir, preset *C.ssrl__text, seed C.uint64_t, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		name, err := textOf(preset, "preset")
		if err != nil {
			return err
		}
		return ssrl.CreateModel(path, name, uint64(seed))
	})
}

//export libssrl_model_open
func libssrl_model_open(out **C.ssrl_model, dir, opts *C.ssrl__text, progress C.ssrl_progress_fn, user unsafe.Pointer, job **C.ssrl_job, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out == nil {
			return invalid("out is NULL")
		}
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		var o ssrl.ModelOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		c := newCall()
		o.Progress = func(read, total int64) {
			c.at(read, total)
			handProgress(progress, user, c)
		}
		return begin(job, c, func() error {
			m, err := openModel(c.ctx, path, o)
			if err == nil {
				*out = (*C.ssrl_model)(newHandle(m))
			}
			return err
		})
	})
}

func openModel(ctx context.Context, path string, o ssrl.ModelOptions) (*model, error) {
	if memoryLimit.Load() > 0 && o.DType != "bf16" {
		in, err := ssrl.Inspect(ctx, path, ssrl.InspectOptions{})
		if err == nil && in.Model != nil {
			err = reserve("model "+path, weightBytes(in.Model.Parameters))
		}
		if err != nil {
			return nil, err
		}
	}
	m, err := ssrl.OpenModel(ctx, path, o)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil { // closed or interrupted behind the last weight
		m.Close()
		return nil, context.Cause(ctx)
	}
	logf(noteLevel, "model %s: %d weights", path, m.Parameters())
	out := &model{gate: gate{name: "model", limit: 1, free: func() { m.Close() }}, m: m}
	out.adapted.Store(o.Adapter != "")
	return out, nil
}

// weightBytes is what weights take in memory as float32.
func weightBytes(parameters int64) int64 { return 4 * parameters }

//export libssrl_model_adapt
func libssrl_model_adapt(m *C.ssrl_model, opts *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		var o ssrl.AdapterOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		return inModel(m, nil, func(m *model, _ *call) error {
			err := m.m.AddAdapter(o)
			if err == nil {
				m.adapted.Store(true)
			}
			return asArgument(err)
		})
	})
}

//export libssrl_model_merge
func libssrl_model_merge(m *C.ssrl_model, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		return inModel(m, nil, func(m *model, _ *call) error {
			m.adapted.Store(false)
			return m.m.MergeAdapter()
		})
	})
}

//export libssrl_model_save
func libssrl_model_save(m *C.ssrl_model, dir *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		return inModel(m, nil, func(m *model, _ *call) error { return m.m.Save(path) })
	})
}

//export libssrl_model_close
func libssrl_model_close(m *C.ssrl_model) {
	closeHandle(unsafe.Pointer(m), func(m *model) { m.gate.close() })
}
