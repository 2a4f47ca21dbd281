//go:build linux || darwin

package ssrl

import "syscall"

// freeBytes is the room on the disk of a folder, where that can be told.
func freeBytes(dir string) (free uint64, ok bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
