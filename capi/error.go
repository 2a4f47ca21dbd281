package main

// #include "front.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"unicode/utf8"
	"unsafe"

	"ssrl"
)

// internalError is a panic that was caught at the border.
type internalError struct{ text string }

func (e internalError) Error() string { return e.text }

// guard turns a panic of f into an error: an uncaught one would end the
// program that the library is part of.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			stack := string(debug.Stack())
			err = internalError{fmt.Sprintf("internal error: %v (%s)", r, panicPlace(stack))}
			logf(bugLevel, "%v\n%s", err, stack)
		}
	}()
	return f()
}

// panicPlace is the file and line that panicked: the first below runtime's
// last entry named panic.
func panicPlace(stack string) string {
	if at := strings.LastIndex(stack, "\npanic("); at >= 0 {
		stack = stack[at:]
	}
	lines := strings.Split(stack, "\n")
	for _, line := range lines[min(3, len(lines)):] {
		if place, ok := strings.CutPrefix(line, "\t"); ok && !strings.Contains(place, "/runtime/") {
			place, _, _ = strings.Cut(place, " +0x")
			return place
		}
	}
	return "place unknown"
}

// try runs f, reports how it ended in *err, which may be NULL, and returns the code.
func try(err *C.ssrl_error, f func() error) C.ssrl_status {
	e := guard(f)
	status := code(e)
	if err != nil {
		text := ""
		if e != nil {
			text = e.Error()
		}
		err.code = C.int32_t(status)
		fill(unsafe.Slice((*byte)(unsafe.Pointer(&err.message[0])), len(err.message)), text)
	}
	return status
}

// fill writes text and a zero into dst, cut between characters if it must be.
func fill(dst []byte, text string) {
	if len(text) > len(dst)-1 {
		text = text[:len(dst)-1]
		for len(text) > 0 {
			if r, n := utf8.DecodeLastRuneInString(text); r != utf8.RuneError || n > 1 {
				break
			}
			text = text[:len(text)-1]
		}
	}
	dst[copy(dst, text)] = 0
}

// code is the number of ssrl.h that says what kind of error err is.
func code(err error) C.ssrl_status {
	var (
		internal internalError
		path     *fs.PathError
		link     *os.LinkError
		system   *os.SyscallError
		number   syscall.Errno
	)
	switch {
	case err == nil:
		return C.SSRL_OK
	case errors.As(err, &internal):
		return C.SSRL_EINTERNAL
	case errors.Is(err, errStopped), errors.Is(err, context.Canceled):
		return C.SSRL_ESTOPPED
	case errors.Is(err, errBusy):
		return C.SSRL_EBUSY
	case errors.Is(err, errArgument), errors.Is(err, ssrl.ErrClosed):
		return C.SSRL_EINVALID
	case errors.Is(err, ssrl.ErrFormat):
		return C.SSRL_EFORMAT
	case errors.Is(err, ssrl.ErrUnsuitable):
		return C.SSRL_EUNSUITABLE
	case errors.Is(err, ssrl.ErrDevice):
		return C.SSRL_EDEVICE
	case errors.Is(err, ssrl.ErrMemory):
		return C.SSRL_ENOMEM
	case errors.As(err, &path), errors.As(err, &link), errors.As(err, &system), errors.As(err, &number), errors.Is(err, fs.ErrNotExist):
		return C.SSRL_EIO
	}
	return C.SSRL_ERROR
}

// argument is an error about what the caller passed.
type argument struct{ error }

func (a argument) Is(target error) bool { return target == errArgument }
func (a argument) Unwrap() error        { return a.error }

// invalid says what is wrong with an argument.
func invalid(format string, args ...any) error { return argument{fmt.Errorf(format, args...)} }

// asArgument makes an error of a constructor, whose text is about the options
// it was given, an error about an argument.
func asArgument(err error) error {
	if err == nil || code(err) != C.SSRL_ERROR {
		return err
	}
	return argument{err}
}
