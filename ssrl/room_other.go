//go:build !linux && !darwin

package ssrl

func freeBytes(string) (free uint64, ok bool) { return 0, false }
