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

// maxPixels bounds a picture or depth map that is read from the caller's memory.
const maxPixels = 1 << 28

// pixels is the area of a picture, or an error that names it.
func pixels(width, height C.int32_t, what string) (int, error) {
	if width < 1 || height < 1 || int64(width) > maxPixels/int64(height) {
		return 0, invalid("%s of %dx%d pixels (want 1 to %d)", what, width, height, maxPixels)
	}
	return int(width) * int(height), nil
}

// imageOf copies a picture.
func imageOf(m *C.ssrl__image, what string) (image.Image, error) {
	if m == nil || m.rgb == nil {
		return nil, invalid("%s is NULL", what)
	}
	n, err := pixels(m.width, m.height, what)
	if err != nil {
		return nil, err
	}
	out := image.NewNRGBA(image.Rect(0, 0, int(m.width), int(m.height)))
	rgb := unsafe.Slice((*byte)(m.rgb), 3*n)
	for i := range n {
		p, q := rgb[3*i:3*i+3:3*i+3], out.Pix[4*i:4*i+4:4*i+4]
		q[0], q[1], q[2], q[3] = p[0], p[1], p[2], 255
	}
	return out, nil
}

// imagesOf copies n pictures.
func imagesOf(images *C.ssrl__image, n C.int32_t, what string) ([]image.Image, error) {
	if n < 0 || n > 0 && images == nil {
		return nil, invalid("%d images of %s at NULL (want none, or an array of them)", n, what)
	}
	list := unsafe.Slice(images, n)
	var out []image.Image
	for i := range list {
		m, err := imageOf(&list[i], "an image of "+what)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// depthOf copies a depth map.
func depthOf(d *C.ssrl__depth, relative bool) (*ssrl.Depth, error) {
	if d == nil {
		return nil, nil
	}
	if d.metres == nil {
		return nil, invalid("depth.metres is NULL (want values, or NULL instead of the depth)")
	}
	n, err := pixels(d.width, d.height, "depth")
	if err != nil {
		return nil, err
	}
	out := &ssrl.Depth{Width: int(d.width), Height: int(d.height), Metres: make([]float32, n), Relative: relative}
	copy(out.Metres, unsafe.Slice((*float32)(d.metres), n))
	return out, nil
}

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
func batchOf(batch *C.ssrl__sample, n C.int32_t) ([]*ssrl.Sample, error) {
	if n < 1 || batch == nil {
		return nil, invalid("batch of %d samples (want an array of at least one)", n)
	}
	list := unsafe.Slice(batch, n)
	out := make([]*ssrl.Sample, n)
	for i := range list {
		var err error
		if out[i], err = sampleOf(&list[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func sampleOf(c *C.ssrl_sample) (*ssrl.Sample, error) {
	s := &ssrl.Sample{ID: textOr(c.id, ""), Task: textOr(c.task, ""), Source: textOr(c.source, ""), Meta: json.RawMessage(textOr(c.meta, ""))}
	var err error
	if s.Problem, err = textOf(c.problem, "sample "+s.ID+": problem"); err != nil {
		return nil, err
	}
	if s.Answer, err = textOf(c.answer, "sample "+s.ID+": answer"); err != nil {
		return nil, err
	}
	s.Images, err = imagesOf(c.images, c.n_images, "sample "+s.ID)
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
		source: a.text(s.Source), meta: a.text(string(s.Meta)), n_images: C.int32_t(len(s.Images))}
	images := unsafe.Slice((*C.ssrl_image)(a.alloc(C.sizeof_ssrl_image*len(s.Images))), len(s.Images))
	for i, m := range s.Images {
		size := m.Bounds().Size()
		images[i] = C.ssrl_image{rgb: (*C.uint8_t)(a.alloc(3 * size.X * size.Y)), width: C.int32_t(size.X), height: C.int32_t(size.Y)}
		pack(unsafe.Slice((*byte)(images[i].rgb), 3*size.X*size.Y), m)
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
