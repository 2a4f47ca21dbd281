//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package safetensors

import (
	"fmt"
	"math"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapFile maps a whole file read-only and returns how to unmap it.
func mapFile(path string) ([]byte, func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	switch {
	case !st.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s: not a file", path)
	case st.Size() == 0: // cannot be mapped
		return nil, func() error { return nil }, nil
	case st.Size() > math.MaxInt:
		return nil, nil, fmt.Errorf("%s: %d bytes do not fit this machine's addresses", path, st.Size())
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(st.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, &os.PathError{Op: "map", Path: path, Err: err}
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}

// forget takes mapped pages that lie wholly in data out of this process's
// memory. They come back from the file when they are read again.
func forget(data []byte) {
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(data)))) & (page - 1)
	if n := (len(data) - skip) &^ (page - 1); n > 0 {
		unix.Madvise(data[skip:skip+n], unix.MADV_DONTNEED) // advice: a failure costs memory only
	}
}

// syncDir makes a rename in dir survive a power cut.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
