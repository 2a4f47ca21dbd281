package main

// #include "front.h"
import "C"

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"ssrl"
)

// memoryLimit is what ssrl_set_limits allows; 0: everything.
var memoryLimit atomic.Int64

//export libssrl_set_limits
func libssrl_set_limits(threads C.int32_t, memory C.int64_t, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		if threads < 0 || memory < 0 {
			return invalid("limits of %d threads and %d bytes (want 0, as it is, or more)", threads, memory)
		}
		if threads > 0 {
			runtime.GOMAXPROCS(int(threads))
		}
		if memory > 0 {
			memoryLimit.Store(int64(memory))
			debug.SetMemoryLimit(int64(memory))
		}
		return nil
	})
}

// reserve says whether memory has room for bytes that are about to be taken.
// What is garbage by now does not count.
func reserve(what string, bytes int64) error {
	limit := memoryLimit.Load()
	if limit == 0 || bytes <= 0 {
		return nil
	}
	if limit-taken() < bytes {
		runtime.GC()
	}
	if free := limit - taken(); free < bytes {
		return fmt.Errorf("%s: %d bytes wanted, %d free of the limit of %d (want a higher one, or dtype bf16): %w", what, bytes, max(free, 0), limit, ssrl.ErrMemory)
	}
	return nil
}

// taken is the memory in use.
func taken() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(min(m.HeapAlloc, math.MaxInt64))
}
