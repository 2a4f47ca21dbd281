package ssrl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"ssrl/internal/formats"
	"ssrl/internal/outdir"
)

// publish lets write fill a folder with files and brings them to dir, which is
// new or empty. A new dir appears whole or not at all. A dir that is there,
// which may be a mount point, gets its files one by one, those of last at the
// end; after an error it is empty again.
func publish(dir, last string, write func(dir string) error) (err error) {
	if dir == "" {
		return errors.New("no output directory")
	}
	dir = filepath.Clean(dir)
	entries, err := os.ReadDir(dir)
	if len(entries) > 0 {
		return fmt.Errorf("%s: not empty (want a new or empty directory)", dir)
	}
	there := err == nil
	within, pattern := dir, ".ssrl-*"
	switch {
	case there:
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s: not a directory (want a new or empty one)", dir)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		within, pattern = filepath.Dir(dir), "."+filepath.Base(dir)+"-*"
		if err := os.MkdirAll(within, 0o777); err != nil {
			return err
		}
	}
	made, err := os.MkdirTemp(within, pattern)
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	if err := write(made); err != nil {
		return err
	}
	if err := outdir.Real().SyncAll(made); err != nil {
		return err
	}
	if there {
		return fill(dir, made, last)
	}
	if err := os.Chmod(made, 0o755); err != nil {
		return err
	}
	if err := os.Rename(made, dir); err != nil {
		return err
	}
	return syncPath(within)
}

// fill moves the files of made to dir, last at the end.
func fill(dir, made, last string) (err error) {
	entries, err := os.ReadDir(made)
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int {
		switch last {
		case a.Name():
			return 1
		case b.Name():
			return -1
		}
		return 0
	})
	var moved []string
	for _, e := range entries {
		to := filepath.Join(dir, e.Name())
		if err := os.Rename(filepath.Join(made, e.Name()), to); err != nil {
			for _, m := range moved {
				os.Remove(m)
			}
			return err
		}
		moved = append(moved, to)
	}
	return syncPath(dir)
}

// syncPath brings a file or folder to the medium.
func syncPath(path string) error { return outdir.Real().Sync(path) }

// missing reports whether nothing is at path.
func missing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// discard removes what an aborted dataset writer left in dir, and dir itself if
// the writer made it. What else is there stays.
func discard(dir string, made bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if name := e.Name(); formats.Owns(name) || strings.TrimSuffix(name, outdir.Tmp) == outdir.RunName {
			os.RemoveAll(filepath.Join(dir, name))
		}
	}
	if made {
		os.Remove(dir)
	}
}
