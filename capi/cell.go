package main

// #include <stdlib.h>
// #include "front.h"
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// newCell hands a Go value to C as a cell that holds its number. All handles of
// ssrl.h are such cells.
func newCell(v any) unsafe.Pointer {
	cell := C.malloc(C.sizeof_ssrl_model)
	*(*cgo.Handle)(cell) = cgo.NewHandle(v)
	return cell
}

// freeCell forgets the value.
func freeCell(cell unsafe.Pointer) {
	h := (*cgo.Handle)(cell)
	h.Delete()
	*h = 0
	C.free(cell)
}

// valueOf is the value of a cell, nil for NULL.
func valueOf(cell unsafe.Pointer) any {
	if cell == nil {
		return nil
	}
	return (*cgo.Handle)(cell).Value()
}

// open is the value of a handle.
func open[T any](cell unsafe.Pointer, name string) (T, error) {
	v, ok := valueOf(cell).(T)
	if !ok {
		return v, invalid("%s is NULL or another kind of handle", name)
	}
	return v, nil
}

// closeCell frees a cell after f has closed its value. NULL is nothing to close.
func closeCell[T any](cell unsafe.Pointer, f func(T)) {
	_ = guard(func() error {
		v, err := open[T](cell, "handle")
		if err != nil {
			return err
		}
		freeCell(cell)
		f(v)
		return nil
	})
}
