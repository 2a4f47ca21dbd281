package main

// #include "front.h"
import "C"

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"unsafe"

	"ssrl"
)

// tasksOf are tasks that the caller draws. stop ends the call that asks them.
func tasksOf(own *C.ssrl__task, n C.int32_t, stop func(error)) ([]ssrl.Task, error) {
	if n < 0 || n > 0 && own == nil {
		return nil, invalid("%d own tasks at NULL (want none, or an array of them)", n)
	}
	var tasks []ssrl.Task
	for i, t := range unsafe.Slice(own, n) {
		name := textOr(t.name, "")
		if name == "" || t.make == nil {
			return nil, invalid("own task %d has no name or no function", i)
		}
		make, user := t.make, t.user
		tasks = append(tasks, ssrl.NewTask(name, func(rng *rand.Rand, f *ssrl.Frame) (*ssrl.Sample, error) {
			s, err := drawQuestion(name, make, user, rng.Uint64(), f)
			if errors.Is(err, errStopped) {
				stop(err)
			}
			return s, err
		}))
	}
	return tasks, nil
}

// drawing is a question that a task of the caller's is drawing.
type drawing struct {
	sample *ssrl.Sample
	err    error
}

// drawQuestion lets the caller draw one question.
func drawQuestion(name string, make C.ssrl_task_fn, user unsafe.Pointer, seed uint64, f *ssrl.Frame) (*ssrl.Sample, error) {
	var a arena
	defer a.free()
	d := &drawing{}
	to := newHandle(d)
	defer forget[*drawing](to)
	why := (*C.ssrl_error)(a.alloc(C.sizeof_ssrl_error))
	*why = C.ssrl_error{}
	status := C.ssrl__call_task(make, user, a.frame(f), C.uint64_t(seed), to, why)
	switch {
	case d.err != nil:
		return nil, fmt.Errorf("task %s: %w", name, d.err)
	case status == C.SSRL_EUNSUITABLE:
		return nil, fmt.Errorf("task %s: %s: %w", name, message(why), ssrl.ErrUnsuitable)
	case status != 0:
		return nil, errStopped
	case d.sample == nil:
		return nil, invalid("task %s gave no question and no reason (want give, or SSRL_EUNSUITABLE)", name)
	}
	return d.sample, nil
}

// message is the text of an error that the caller filled.
func message(e *C.ssrl_error) string {
	text := unsafe.Slice((*byte)(unsafe.Pointer(&e.message[0])), len(e.message))
	s, _, _ := strings.Cut(string(text), "\x00")
	if s == "" {
		return "no reason given"
	}
	return strings.ToValidUTF8(s, "?")
}

//export libssrl_give
func libssrl_give(to unsafe.Pointer, sample *C.ssrl__sample) C.int {
	d, err := open[*drawing](to, "to")
	if err != nil {
		return 1
	}
	d.err = guard(func() (err error) {
		if sample == nil {
			return invalid("the question is NULL")
		}
		d.sample, err = sampleOf(sample, true)
		return err
	})
	if d.err != nil {
		return 1
	}
	return 0
}
