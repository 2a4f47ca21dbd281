package main

// #include "front.h"
import "C"

import (
	"time"
	"unsafe"
)

// job is work that goes on after the call that began it.
type job struct {
	call  *call
	ended chan struct{}
	err   error // once ended
}

// begin runs work inside a call and leaves it: now, or in a goroutine if the
// caller asks for a job.
func begin(out **C.ssrl_job, c *call, work func() error) error {
	inside := func() error {
		defer c.leave()
		return c.cause(work())
	}
	if out == nil {
		return inside()
	}
	j := &job{call: c, ended: make(chan struct{})}
	*out = (*C.ssrl_job)(newHandle(j))
	go func() {
		defer close(j.ended)
		j.err = guard(inside)
	}()
	return nil
}

// look waits for the end until the channel or, if that is nil, the end.
func (j *job) look(until <-chan time.Time) (running bool, err error) {
	select {
	case <-j.ended:
		return false, j.err
	default:
	}
	select {
	case <-j.ended:
		return false, j.err
	case <-until:
		return true, nil
	}
}

//export libssrl_job_poll
func libssrl_job_poll(handle *C.ssrl_job, done, total *C.int64_t, err *C.ssrl_error) C.ssrl_status {
	return jobStatus(handle, 0, err, func(c *call) {
		if done != nil {
			*done = C.int64_t(c.done.Load())
		}
		if total != nil {
			*total = C.int64_t(c.total.Load())
		}
	})
}

//export libssrl_job_wait
func libssrl_job_wait(handle *C.ssrl_job, milliseconds C.int32_t, err *C.ssrl_error) C.ssrl_status {
	return jobStatus(handle, milliseconds, err, func(*call) {})
}

// jobStatus waits, tells how far the job is and how it has ended.
func jobStatus(handle *C.ssrl_job, milliseconds C.int32_t, err *C.ssrl_error, tell func(*call)) C.ssrl_status {
	running := false
	status := try(err, func() (e error) {
		j, e := open[*job](unsafe.Pointer(handle), "job")
		if e != nil {
			return e
		}
		var until <-chan time.Time
		switch {
		case milliseconds >= 0:
			t := time.NewTimer(time.Duration(milliseconds) * time.Millisecond)
			defer t.Stop()
			until = t.C
		case C.ssrl__in_callback() != 0:
			return invalid("a job cannot be waited for without end in a callback, which may be its own")
		}
		running, e = j.look(until)
		tell(j.call)
		return e
	})
	if status == C.SSRL_OK && running {
		return C.SSRL_RUNNING
	}
	return status
}

//export libssrl_job_close
func libssrl_job_close(handle *C.ssrl_job) {
	wait := C.ssrl__in_callback() == 0
	closeHandle(unsafe.Pointer(handle), func(j *job) {
		j.call.stop(errStopped)
		if wait {
			<-j.ended
		}
	})
}
