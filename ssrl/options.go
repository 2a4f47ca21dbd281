package ssrl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"ssrl/internal/config"
)

// DecodeOptions fills option structs from a YAML file (its contents and name;
// nil for none) and from key=value words, of which later ones win. An option
// belongs to the first struct that has it; one that none has is an error that
// suggests the nearest.
func DecodeOptions(file []byte, name string, words []string, into ...any) error {
	return config.Decode(file, name, words, into...)
}

// CheckOutput refuses a place for a trained model before any work is done: one
// that cannot be written to, or that holds something already, unless resume.
func CheckOutput(dir string, resume bool) error {
	if dir == "" {
		return errors.New("no output directory")
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && resume:
		return fmt.Errorf("%s: nothing to resume", dir)
	case errors.Is(err, fs.ErrNotExist):
		return writable(parent(dir))
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s: not a directory (want a new or empty one)", dir)
	case err != nil:
		return err
	case len(entries) > 0 && !resume:
		return fmt.Errorf("%s: not empty (want a new or empty directory)", dir)
	}
	return writable(dir)
}

// parent is the nearest folder above dir that is there.
func parent(dir string) string {
	for up := filepath.Dir(dir); ; up = filepath.Dir(up) {
		if _, err := os.Stat(up); err == nil || up == filepath.Dir(up) {
			return up
		}
	}
}

// checkRoom refuses a directory, there or to be made, on a disk that has less room.
func checkRoom(dir string, bytes int64) error {
	const mega = 1 << 20
	if free, ok := freeBytes(parent(filepath.Join(dir, "file"))); ok && free < uint64(bytes) {
		return fmt.Errorf("%s: %d MB free (want %d MB)", dir, free/mega, (bytes+mega-1)/mega)
	}
	return nil
}

func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".ssrl-*")
	var where *fs.PathError
	if errors.As(err, &where) {
		return fmt.Errorf("%s: cannot be written to: %w", dir, where.Err)
	}
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}
