package main

// #include "front.h"
import "C"

import (
	"fmt"
	"sync"
	"unsafe"
)

// Levels of the log.
const (
	noteLevel = iota
	warningLevel
	bugLevel
)

// logger is who hears the log. There is one for the process: a bug or a file
// that was left out belongs to no handle that C has.
var logger struct {
	sync.Mutex // held while fn runs
	fn         C.ssrl_log_fn
	user       unsafe.Pointer
}

//export libssrl_set_log
func libssrl_set_log(fn C.ssrl_log_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
	inside := C.ssrl__in_callback() != 0
	return try(err, func() error {
		if inside {
			return invalid("the log is set in a callback (want outside)")
		}
		logger.Lock()
		defer logger.Unlock()
		logger.fn, logger.user = fn, user
		return nil
	})
}

// logf tells whoever listens. What a call does that the listener makes is not
// told: it would have to wait for itself.
func logf(level C.int32_t, format string, args ...any) {
	if C.ssrl__in_log() != 0 {
		return
	}
	logger.Lock()
	defer logger.Unlock()
	if logger.fn == nil {
		return
	}
	var a arena
	defer a.free()
	C.ssrl__call_log(logger.fn, logger.user, level, a.text(fmt.Sprintf(format, args...)))
}
