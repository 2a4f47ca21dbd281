package main

// #include "front.h"
import "C"

import (
	"sync"
	"unsafe"
)

// handles are the values that C holds, by number. A number is never given out
// twice, so a handle that was closed is known to be, and one that never was a
// handle is not read from.
var handles = struct {
	sync.Mutex
	next   uintptr
	values map[uintptr]any
}{next: firstHandle, values: map[uintptr]any{}}

const (
	// firstHandle is above the page that Go takes for a mistake in a pointer.
	firstHandle = 1 << 16
	// handleStep keeps the low bits 0, as in any pointer.
	handleStep = 16
)

// newHandle hands a value to C.
func newHandle(v any) unsafe.Pointer {
	handles.Lock()
	defer handles.Unlock()
	handles.next += handleStep
	handles.values[handles.next] = v
	return C.ssrl__pointer(C.uintptr_t(handles.next))
}

// valueOf is the value behind a handle, nil if there is none.
func valueOf(handle unsafe.Pointer) any {
	handles.Lock()
	defer handles.Unlock()
	return handles.values[uintptr(handle)]
}

// open is the value of a handle.
func open[T any](handle unsafe.Pointer, name string) (T, error) {
	v, ok := valueOf(handle).(T)
	switch {
	case ok:
		return v, nil
	case handle == nil:
		return v, invalid("%s is NULL", name)
	}
	return v, invalid("%s is closed or another kind of handle", name)
}

// closeHandle forgets a handle and lets f close its value. NULL and closed
// handles are nothing to close.
func closeHandle[T any](handle unsafe.Pointer, f func(T)) {
	_ = guard(func() error {
		if v, ok := forget[T](handle); ok {
			f(v)
		}
		return nil
	})
}

// forget takes a value of type T out of C's hands. Of two threads one gets it.
func forget[T any](handle unsafe.Pointer) (T, bool) {
	handles.Lock()
	defer handles.Unlock()
	v, ok := handles.values[uintptr(handle)].(T)
	if ok {
		delete(handles.values, uintptr(handle))
	}
	return v, ok
}
