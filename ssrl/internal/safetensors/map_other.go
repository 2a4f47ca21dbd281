//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package safetensors

import "os"

// mapFile reads a whole file where the system has no mmap.
func mapFile(path string) ([]byte, func() error, error) {
	data, err := os.ReadFile(path)
	return data, func() error { return nil }, err
}

// syncDir does nothing where a directory cannot be opened and synced.
func syncDir(string) error { return nil }

// forget has nothing to give back: the file is a copy.
func forget([]byte) {}
