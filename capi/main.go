// Command capi is the C library of libssrl: the functions of ssrl.h over the Go
// package ssrl. Build it with -buildmode=c-shared or c-archive.
//
// A call goes from ssrl_NAME in front.c, which turns forked children away, to
// libssrl_NAME here. Both have the type that ssrl.h gives them; the compiler
// compares all three.
//
// Limits: the library cannot be unloaded. One Go runtime in a process is the
// tested case; a Go program imports ssrl instead.
package main

// #include "front.h"
import "C"

import (
	"unsafe"

	"ssrl"
)

func main() {}

// version lives as long as the process.
var version = C.CString(ssrl.Version)

//export libssrl_version
func libssrl_version() *C.ssrl__text { return version }

//export libssrl_interrupt
func libssrl_interrupt(handle unsafe.Pointer) {
	_ = guard(func() error {
		switch v := valueOf(handle).(type) {
		case *model:
			v.gate.interrupt()
		case *trainer:
			v.model.gate.interrupt()
		case *writer:
			v.gate.interrupt()
		case *job:
			v.call.stop(errStopped)
		}
		return nil
	})
}
