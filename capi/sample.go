package main

// #include <stdlib.h>
// #include "front.h"
import "C"

import (
	"encoding/json"
	"image"
	"image/color"
	"reflect"
	"unsafe"

	"ssrl"
)

// textOf copies a string that must be there.
func textOf(s *C.ssrl__text, what string) (string, error) {
	if s == nil {
		return "", invalid("%s is NULL", what)
	}
	return C.GoString((*C.char)(s)), nil
}

// textOr copies a string that may be missing.
func textOr(s *C.ssrl__text, missing string) string {
	if s == nil {
		return missing
	}
	return C.GoString((*C.char)(s))
}

// batchOf copies n samples.
// Their pictures are looked at unless keep is set.
func batchOf(batch *C.ssrl__sample, n C.int32_t, keep bool) ([]*ssrl.Sample, error) {
	if n < 1 || batch == nil {
		return nil, invalid("batch of %d samples (want an array of at least one)", n)
	}
	list := unsafe.Slice(batch, n)
	out := make([]*ssrl.Sample, n)
	for i := range list {
		var err error
		if out[i], err = sampleOf(&list[i], keep); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func sampleOf(c *C.ssrl_sample, keep bool) (*ssrl.Sample, error) {
	s := &ssrl.Sample{ID: textOr(c.id, ""), Task: textOr(c.task, ""), Source: textOr(c.source, ""), Response: textOr(c.response, "")}
	var err error
	if meta := textOr(c.meta, ""); meta != "" {
		s.Meta = json.RawMessage(meta)
		if !json.Valid(s.Meta) {
			return nil, invalid("sample %s: meta %.40q (want a JSON object)", s.ID, meta)
		}
	}
	if s.Problem, err = textOf(c.problem, "sample "+s.ID+": problem"); err != nil {
		return nil, err
	}
	if s.Answer, err = textOf(c.answer, "sample "+s.ID+": answer"); err != nil {
		return nil, err
	}
	s.Images, err = imagesOf(c.images, c.n_images, keep, "sample "+s.ID)
	return s, err
}

// arena is C memory that lives as long as a callback.
type arena []unsafe.Pointer

func (a *arena) alloc(size int) unsafe.Pointer {
	p := C.malloc(C.size_t(max(size, 1)))
	*a = append(*a, p)
	return p
}

func (a *arena) free() {
	for _, p := range *a {
		C.free(p)
	}
	*a = (*a)[:0]
}

func (a *arena) text(s string) *C.char {
	p := (*byte)(a.alloc(len(s) + 1))
	dst := unsafe.Slice(p, len(s)+1)
	dst[copy(dst, s)] = 0
	return (*C.char)(unsafe.Pointer(p))
}

// sample is s as ssrl.h has it.
func (a *arena) sample(s *ssrl.Sample) *C.ssrl_sample {
	c := (*C.ssrl_sample)(a.alloc(C.sizeof_ssrl_sample))
	*c = C.ssrl_sample{id: a.text(s.ID), task: a.text(s.Task), problem: a.text(s.Problem), answer: a.text(s.Answer),
		response: a.text(s.Response), source: a.text(s.Source), meta: a.text(string(s.Meta)), n_images: C.int32_t(len(s.Images))}
	images := unsafe.Slice((*C.ssrl_image)(a.alloc(C.sizeof_ssrl_image*len(s.Images))), len(s.Images))
	for i, m := range s.Images {
		images[i] = a.image(m)
	}
	c.images = unsafe.SliceData(images)
	return c
}

// pack writes the colours of m as 3 bytes a pixel.
func pack(dst []byte, m image.Image) {
	if pix := packed(m); len(pix) == len(dst) {
		copy(dst, pix)
		return
	}
	b := m.Bounds()
	i := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			dst[i], dst[i+1], dst[i+2] = c.R, c.G, c.B
			i += 3
		}
	}
}

// packed is the field Pix of the pictures that package ssrl makes, 3 bytes a
// pixel, whose type has no name outside it. Asking them for one colour after
// the other takes 9 ms and 300,000 allocations for 640x480 pixels.
func packed(m image.Image) []byte {
	v := reflect.Indirect(reflect.ValueOf(m))
	if v.Kind() != reflect.Struct {
		return nil
	}
	if pix := v.FieldByName("Pix"); pix.IsValid() && pix.Type() == reflect.TypeFor[[]byte]() {
		return pix.Bytes()
	}
	return nil
}

// callback is a function of the caller's for samples.
type callback struct {
	fn   C.ssrl_sample_fn
	user unsafe.Pointer
}

// hand shows the caller a sample.
func (b callback) hand(s *ssrl.Sample) error {
	var a arena
	defer a.free()
	if C.ssrl__call_sample(b.fn, b.user, a.sample(s)) != 0 {
		return errStopped
	}
	return nil
}
