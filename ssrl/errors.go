package ssrl

import "errors"

// A program can act on these five; every other error is text for a person.
// Use errors.Is: errors that carry them also name the file or value at fault.
// A missing file is fs.ErrNotExist and a stopped call is context.Cause of its
// context, as everywhere in Go.
var (
	// ErrFormat says that a file or text is not what it should be: cut short,
	// damaged, of another or a newer format, or in contradiction to itself.
	ErrFormat = errors.New("malformed input")

	// ErrUnsuitable says that a frame cannot carry a task, for want of depth,
	// texture or size. Another frame may.
	ErrUnsuitable = errors.New("unsuitable frame")

	// ErrDevice says that a device does not exist, cannot be used or has failed.
	ErrDevice = errors.New("device unusable")

	// ErrMemory says that the device's memory is too small for the call. The
	// text names the bytes wanted, the bytes free and the option that helps.
	ErrMemory = errors.New("out of memory")

	// ErrClosed says that the value, or one that it was made from, was closed.
	ErrClosed = errors.New("closed")
)
