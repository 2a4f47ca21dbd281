package checkpoint

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// volume is what a save does to the disk. Tests stop it anywhere.
type volume interface {
	mkdirAll(dir string) error
	create(name string) (sink, error) // a new file
	syncFile(name string) error       // of a file that something else wrote
	syncDir(dir string) error
	rename(from, to string) error
	removeAll(dir string) error
}

// sink is a file being written.
type sink interface {
	Write(b []byte) (int, error)
	Sync() error
	Close() error
}

type disk struct{}

func (disk) mkdirAll(dir string) error    { return os.MkdirAll(dir, 0o777) }
func (disk) rename(from, to string) error { return os.Rename(from, to) }
func (disk) removeAll(dir string) error   { return os.RemoveAll(dir) }
func (disk) syncDir(dir string) error     { return syncPath(dir, true) }
func (disk) syncFile(name string) error   { return syncPath(name, false) }

func (disk) create(name string) (sink, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// syncPath forces a file or a directory's entries to the disk. Some file
// systems (FUSE, SMB) have no such call for directories and say EINVAL or ENOTSUP.
func syncPath(name string, dir bool) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	err = f.Sync()
	if dir && (errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported)) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// beside is the hidden name of dir's replacement (".new"), of the one that it
// replaces (".old") or of one on its way out (".gone").
func beside(dir, suffix string) string {
	dir = filepath.Clean(dir)
	return filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+suffix)
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// locate returns where the checkpoint of dir lies. Where a save was stopped
// between its two renames that is the new one, which is whole by then, or else
// the old one. It changes nothing.
func locate(dir string) string {
	if exists(dir) || !exists(beside(dir, ".old")) {
		return dir
	}
	if whole(beside(dir, ".new")) {
		return beside(dir, ".new")
	}
	return beside(dir, ".old")
}

// whole tells whether a manifest and files of its sizes are there.
func whole(dir string) bool {
	m, err := readManifest(dir)
	return err == nil && m.verifySizes(dir) == nil
}
