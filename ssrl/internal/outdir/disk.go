package outdir

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Tmp ends the names of files that are not whole yet.
const Tmp = ".tmp"

// Disk is how writers touch the file system; tests put a full one here.
type Disk struct {
	Create func(path string) (io.WriteCloser, error) // a new file; it must not exist
	Sync   func(path string) error                   // to the medium: a file or a directory
	Rename func(from, to string) error
}

// Real is the computer's own.
func Real() Disk {
	return Disk{
		Create: func(path string) (io.WriteCloser, error) {
			return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		},
		Sync:   syncPath,
		Rename: os.Rename,
	}
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) { // a file system that cannot sync directories
		err = nil
	}
	return errors.Join(err, f.Close())
}

// Put writes a new file.
func (d Disk) Put(path string, data []byte) error {
	f, err := d.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return cmp.Or(err, f.Close())
}

// Replace gives path these contents in one step: whoever looks sees the old
// file, none, or the whole new one.
func (d Disk) Replace(path string, data []byte) error {
	tmp := path + Tmp
	if err := Remove(tmp); err != nil {
		return err
	}
	if err := d.Put(tmp, data); err != nil {
		return err
	}
	if err := d.Sync(tmp); err != nil {
		return err
	}
	if err := d.Rename(tmp, path); err != nil {
		return err
	}
	return d.Sync(filepath.Dir(path))
}

// SyncAll brings every file of a directory, and the directory, to the medium.
func (d Disk) SyncAll(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	const atOnce = 8 // they share journal commits: 5,000 files of 40 kB take 0.6 s, one by one 1.7 s
	errs := make([]error, atOnce)
	var wg sync.WaitGroup
	for k := range atOnce {
		wg.Go(func() {
			for i := k; i < len(entries) && errs[k] == nil; i += atOnce {
				errs[k] = d.Sync(filepath.Join(dir, entries[i].Name()))
			}
		})
	}
	wg.Wait()
	if err := cmp.Or(errs...); err != nil {
		return err
	}
	return d.Sync(dir)
}

// Remove is os.Remove that does not mind a missing file.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
