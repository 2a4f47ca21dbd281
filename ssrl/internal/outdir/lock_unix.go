//go:build unix

package outdir

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps other writers out of a directory until the file is closed, the
// end of the process included. File systems without locks are used unlocked.
func lock(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		f.Close()
		return nil, errors.New("another writer is at work here")
	}
	return f, nil
}
