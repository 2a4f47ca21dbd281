package main

// #include "front.h"
import "C"

import (
	"context"
	"unsafe"

	"ssrl"
)

// model is what an ssrl_model stands for. Its gate is that of its trainers too.
type model struct {
	gate gate
	m    *ssrl.Model
}

// inModel runs f in a call on a model.
func inModel(cell *C.ssrl_model, f func(*model, *call) error) error {
	m, err := open[*model](unsafe.Pointer(cell), "model")
	if err != nil {
		return err
	}
	call, err := m.gate.enter()
	if err != nil {
		return err
	}
	defer call.leave()
	return call.cause(f(m, call))
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
func libssrl_model_open(out **C.ssrl_model, dir, opts *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out == nil {
			return invalid("out is NULL")
		}
		*out = nil
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		var o ssrl.ModelOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		m, err := ssrl.OpenModel(context.Background(), path, o)
		if err != nil {
			return err
		}
		*out = (*C.ssrl_model)(newCell(&model{gate: gate{name: "model", limit: 1, free: func() { m.Close() }}, m: m}))
		return nil
	})
}

//export libssrl_model_generate
func libssrl_model_generate(m *C.ssrl_model, prompt *C.ssrl__text, images *C.ssrl__image, n C.int32_t, opts *C.ssrl__text, fn C.ssrl_text_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		var o struct {
			ssrl.Sampling
			Format bool `json:"format"`
		}
		if err := options(opts, &o); err != nil {
			return err
		}
		if fn == nil {
			return invalid("fn is NULL")
		}
		text, err := textOf(prompt, "prompt")
		if err != nil {
			return err
		}
		p := ssrl.Prompt{Text: text}
		if o.Format {
			p.Text = ssrl.WithFormat(text)
		}
		if p.Images, err = imagesOf(images, n, "the prompt"); err != nil {
			return err
		}
		return inModel(m, func(m *model, call *call) error {
			for piece, err := range m.m.Generate(call.ctx, p, o.Sampling) {
				if err == nil {
					err = handText(fn, user, piece)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// handText shows the caller a piece of text.
func handText(fn C.ssrl_text_fn, user unsafe.Pointer, s string) error {
	var a arena
	defer a.free()
	if C.ssrl__call_text(fn, user, a.text(s), C.size_t(len(s))) != 0 {
		return errStopped
	}
	return nil
}

//export libssrl_model_save
func libssrl_model_save(m *C.ssrl_model, dir *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		return inModel(m, func(m *model, _ *call) error { return m.m.Save(path) })
	})
}

//export libssrl_model_close
func libssrl_model_close(m *C.ssrl_model) {
	closeCell(unsafe.Pointer(m), func(m *model) { m.gate.close() })
}
