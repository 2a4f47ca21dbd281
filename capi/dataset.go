package main

// #include "front.h"
import "C"

import (
	"encoding/json"
	"unsafe"

	"ssrl"
)

// dataset is what an ssrl_dataset stands for.
type dataset struct {
	gate gate
	d    *ssrl.Dataset
}

//export libssrl_dataset_open
func libssrl_dataset_open(out **C.ssrl_dataset, path, opts *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out == nil {
			return invalid("out is NULL")
		}
		name, err := textOf(path, "path")
		if err != nil {
			return err
		}
		var o ssrl.DatasetOptions
		if err := options(opts, &o); err != nil {
			return err
		}
		d, err := ssrl.OpenDatasetAs(name, o)
		if err != nil {
			return err
		}
		for _, why := range d.Skipped() {
			logf(warningLevel, "row left out: %v", why)
		}
		*out = (*C.ssrl_dataset)(newHandle(&dataset{gate: gate{name: "dataset", free: func() { d.Close() }}, d: d}))
		return nil
	})
}

// enterDataset begins a call on a dataset.
func enterDataset(handle *C.ssrl__dataset) (*ssrl.Dataset, *call, error) {
	d, err := open[*dataset](unsafe.Pointer(handle), "dataset")
	if err != nil {
		return nil, nil, err
	}
	c, err := d.gate.enter()
	return d.d, c, err
}

//export libssrl_dataset_len
func libssrl_dataset_len(handle *C.ssrl__dataset) (n C.int64_t) {
	_ = guard(func() error {
		d, call, err := enterDataset(handle)
		if err == nil {
			n = C.int64_t(d.Len())
			call.leave()
		}
		return err
	})
	return n
}

//export libssrl_dataset_at
func libssrl_dataset_at(handle *C.ssrl__dataset, i C.int64_t, fn C.ssrl_sample_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if fn == nil {
			return invalid("fn is NULL")
		}
		d, call, err := enterDataset(handle)
		if err != nil {
			return err
		}
		return begin(nil, call, func() error {
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
func libssrl_dataset_close(handle *C.ssrl_dataset) {
	closeHandle(unsafe.Pointer(handle), func(d *dataset) { d.gate.close() })
}

// writer is what an ssrl_writer stands for.
type writer struct {
	gate gate
	w    *ssrl.DatasetWriter
}

//export libssrl_writer_open
func libssrl_writer_open(out **C.ssrl_writer, dir, opts *C.ssrl__text, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if out == nil {
			return invalid("out is NULL")
		}
		path, err := textOf(dir, "dir")
		if err != nil {
			return err
		}
		o := struct {
			Format  string          `json:"format"`
			Seed    uint64          `json:"seed"`
			Options json.RawMessage `json:"options"`
		}{Format: "dir"}
		if err := options(opts, &o); err != nil {
			return err
		}
		if o.Options == nil {
			o.Options = json.RawMessage("null")
		}
		w, err := ssrl.CreateDatasetAs(o.Format, path, o.Seed, o.Options)
		if err != nil {
			return asArgument(err)
		}
		*out = (*C.ssrl_writer)(newHandle(&writer{gate: gate{name: "writer", limit: 1, free: w.Abort}, w: w}))
		return nil
	})
}

// inWriter runs f in a call on a writer.
func inWriter(handle *C.ssrl_writer, f func(*ssrl.DatasetWriter) error) error {
	w, err := open[*writer](unsafe.Pointer(handle), "writer")
	if err != nil {
		return err
	}
	call, err := w.gate.enter()
	if err != nil {
		return err
	}
	return begin(nil, call, func() error { return f(w.w) })
}

//export libssrl_writer_add
func libssrl_writer_add(handle *C.ssrl_writer, sample *C.ssrl__sample, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if sample == nil {
			return invalid("sample is NULL")
		}
		s, err := sampleOf(sample, false)
		if err != nil {
			return err
		}
		return inWriter(handle, func(w *ssrl.DatasetWriter) error { return w.Write(s) })
	})
}

//export libssrl_writer_finish
func libssrl_writer_finish(handle *C.ssrl_writer, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error { return inWriter(handle, (*ssrl.DatasetWriter).Close) })
}

//export libssrl_writer_close
func libssrl_writer_close(handle *C.ssrl_writer) {
	closeHandle(unsafe.Pointer(handle), func(w *writer) { w.gate.close() })
}
