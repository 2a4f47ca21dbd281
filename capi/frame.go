package main

// #include "front.h"
import "C"

import (
	"bytes"
	"image"
	"unsafe"

	"ssrl"
)

// maxBytes bounds a picture or depth map that is read from the caller's memory.
const maxBytes = 1 << 36

// pixelBytes are those of a pixel by encoding.
var pixelBytes = map[string]int64{"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1, "16UC1": 2, "32FC1": 4}

// rawOf looks at pixels in the caller's memory.
func rawOf(m *C.ssrl__image, encoding, what string) (ssrl.Raw, error) {
	if m == nil || m.data == nil {
		return ssrl.Raw{}, invalid("%s is NULL", what)
	}
	r := ssrl.Raw{Encoding: textOr(m.encoding, encoding), Width: int(m.width), Height: int(m.height), BigEndian: m.big_endian != 0}
	size, ok := pixelBytes[r.Encoding]
	if !ok {
		return r, invalid("%s: encoding %.20q (want rgb8, bgr8, rgba8, bgra8, mono8, 16UC1 or 32FC1)", what, r.Encoding)
	}
	if r.Width < 1 || r.Height < 1 {
		return r, invalid("%s of %dx%d pixels (want at least 1x1)", what, r.Width, r.Height)
	}
	row := size * int64(r.Width)
	stride := row
	if m.stride != 0 {
		if m.stride > maxBytes || int64(m.stride) < row {
			return r, invalid("%s: %d bytes from row to row (want %d at least for %d pixels of %s)", what, uint64(m.stride), row, r.Width, r.Encoding)
		}
		stride = int64(m.stride)
	}
	if stride > maxBytes/int64(r.Height) {
		return r, invalid("%s of %dx%d pixels, %d bytes from row to row (want at most %d bytes)", what, r.Width, r.Height, stride, int64(maxBytes))
	}
	r.Stride = int(stride)
	r.Data = unsafe.Slice((*byte)(m.data), stride*int64(r.Height-1)+row)
	return r, nil
}

// frameOf looks at a frame in the caller's memory, which it keeps only if it is
// told to.
func frameOf(c *C.ssrl__frame, unit, mismatch string) (*ssrl.Frame, error) {
	if c == nil {
		return nil, invalid("frame is NULL")
	}
	colour, err := rawOf(&c.colour, "rgb8", "colour")
	if err != nil {
		return nil, err
	}
	var depth ssrl.Raw
	if c.depth.data != nil {
		if depth, err = rawOf(&c.depth, "32FC1", "depth"); err != nil {
			return nil, err
		}
		depth.Unit, depth.Mismatch = unit, mismatch
	} else if c.depth.width != 0 || c.depth.height != 0 {
		return nil, invalid("depth is NULL, of %dx%d pixels (want values, or 0x0)", c.depth.width, c.depth.height)
	}
	f, err := ssrl.NewFrame(textOr(c.name, "frame"), colour, depth)
	return f, asArgument(err)
}

// imageOf looks at a picture in the caller's memory, or copies it.
func imageOf(m *C.ssrl__image, keep bool, what string) (image.Image, error) {
	raw, err := rawOf(m, "rgb8", what)
	if err != nil {
		return nil, err
	}
	if keep {
		raw.Data = bytes.Clone(raw.Data)
	}
	f, err := ssrl.NewFrame(what, raw, ssrl.Raw{})
	if err != nil {
		return nil, asArgument(err)
	}
	return f.Image, nil
}

// imagesOf looks at n pictures, or copies them.
func imagesOf(images *C.ssrl__image, n C.int32_t, keep bool, what string) ([]image.Image, error) {
	if n < 0 || n > 0 && images == nil {
		return nil, invalid("%d images of %s at NULL (want none, or an array of them)", n, what)
	}
	list := unsafe.Slice(images, n)
	var out []image.Image
	for i := range list {
		m, err := imageOf(&list[i], keep, "an image of "+what)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// image is m as ssrl.h has it.
func (a *arena) image(m image.Image) C.ssrl_image {
	size := m.Bounds().Size()
	rgb := a.alloc(3 * size.X * size.Y)
	pack(unsafe.Slice((*byte)(rgb), 3*size.X*size.Y), m)
	return C.ssrl_image{data: rgb, width: C.int32_t(size.X), height: C.int32_t(size.Y), stride: C.size_t(3 * size.X), encoding: a.text("rgb8")}
}

// frame is f as ssrl.h has it.
func (a *arena) frame(f *ssrl.Frame) *C.ssrl_frame {
	c := (*C.ssrl_frame)(a.alloc(C.sizeof_ssrl_frame))
	*c = C.ssrl_frame{name: a.text(f.Name), colour: a.image(f.Image)}
	if d := f.Depth; d != nil {
		metres := a.alloc(4 * len(d.Metres))
		copy(unsafe.Slice((*float32)(metres), len(d.Metres)), d.Metres)
		c.depth = C.ssrl_image{data: metres, width: C.int32_t(d.Width), height: C.int32_t(d.Height), stride: C.size_t(4 * d.Width), encoding: a.text("32FC1")}
	}
	return c
}

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

//export libssrl_frames
func libssrl_frames(images, opts *C.ssrl__text, fn C.ssrl_frame_fn, skipped C.ssrl_skipped_fn, user unsafe.Pointer, job **C.ssrl_job, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		src, err := sourceOf(images, opts)
		if err != nil {
			return err
		}
		if fn == nil {
			return invalid("fn is NULL")
		}
		names, err := src.Names()
		if err != nil {
			return err
		}
		call := newCall()
		return begin(job, call, func() error {
			for i, name := range names {
				f, err := src.Open(name)
				if err == nil {
					err = handFrame(fn, user, f)
				} else if skipped != nil {
					err = handSkipped(skipped, user, name, "", err)
				}
				if err == nil {
					err = call.stopped()
				}
				if err != nil {
					return err
				}
				call.at(int64(i+1), int64(len(names)))
			}
			return nil
		})
	})
}

func sourceOf(images, opts *C.ssrl__text) (src ssrl.Source, err error) {
	if err = options(opts, &src); err != nil {
		return src, err
	}
	if src.Images != "" {
		return src, invalid("options: images is an argument of its own")
	}
	src.Images, err = textOf(images, "images_dir")
	return src, err
}

func handFrame(fn C.ssrl_frame_fn, user unsafe.Pointer, f *ssrl.Frame) error {
	var a arena
	defer a.free()
	if C.ssrl__call_frame(fn, user, a.frame(f)) != 0 {
		return errStopped
	}
	return nil
}
