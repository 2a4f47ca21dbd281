// Package outdir lets a run fill a directory that others must not take for
// finished before it is.
//
// Claim takes a new or empty directory and marks it with run.json, the run's
// arguments. Until Finish removes the mark only a run of the same arguments may
// have the directory, and finds it cleared of what the first one made.
//
// Limits: on file systems without locks, and elsewhere than on Unix, two runs
// at once are not told apart.
package outdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// RunName is the mark of an unfinished run.
const RunName = "run.json"

// Folder is a directory that a run has to itself until Release.
type Folder struct {
	Path string
	Disk Disk
	held *os.File // the lock
}

// Layout is what a run makes of a directory.
type Layout struct {
	// Last is the file that makes the directory whole, "" if the removed mark does.
	Last string
	// Owns reports whether the run makes files or folders of a name; these are
	// cleared away before it starts again.
	Owns func(name string) bool
}

// Claim takes a directory over. It is new, empty, or holds the unfinished run of
// the same arguments; nothing is touched otherwise.
func Claim(path string, r Run, l Layout, d Disk) (*Folder, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: a file (want a new or empty directory)", path)
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	held, err := lock(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := &Folder{path, d, held}
	if err := f.claim(r, l); err != nil {
		f.Release()
		return nil, err
	}
	return f, nil
}

func (f *Folder) claim(r Run, l Layout) error {
	begun, err := f.survey(r, l)
	if err != nil {
		return err
	}
	if !begun {
		data, err := Encode(r)
		if err != nil {
			return err
		}
		return f.Disk.Replace(f.At(RunName), data)
	}
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if l.Owns(e.Name()) {
			if err := os.RemoveAll(f.At(e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// survey finds out whether the directory may be written to, and whether it holds
// an unfinished run of the same arguments.
func (f *Folder) survey(r Run, l Layout) (begun bool, err error) {
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return false, err
	}
	other := ""
	for _, e := range entries {
		switch name := e.Name(); {
		case name == l.Last:
			return false, fmt.Errorf("%s: a finished dataset (want a new or empty directory)", f.Path)
		case name == RunName:
			begun = true
		case name != RunName+Tmp: // that of a run which ended before it began
			other = name
		}
	}
	if !begun {
		if other != "" {
			return false, fmt.Errorf("%s: not empty, holds %s (want a new or empty directory)", f.Path, other)
		}
		return false, nil
	}
	path := f.At(RunName)
	data, err := ReadSmall(path)
	if err != nil {
		return false, err
	}
	var old Run
	if err := json.Unmarshal(data, &old); err != nil {
		return false, fmt.Errorf("%s: %w (want the arguments of an unfinished run)", path, err)
	}
	if !r.equal(old) {
		return false, fmt.Errorf("%s: an unfinished run of other arguments: %.500v (want %.500v)", f.Path, old, r)
	}
	return true, nil
}

// At is the path of a name in the directory.
func (f *Folder) At(name string) string { return filepath.Join(f.Path, filepath.FromSlash(name)) }

// Create opens a new file below the directory, with the folders above it.
func (f *Folder) Create(name string) (io.WriteCloser, error) {
	path := f.At(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return f.Disk.Create(path)
}

// Finish removes the mark. Everything must be on the medium before.
func (f *Folder) Finish() error { return os.Remove(f.At(RunName)) }

// Release lets others have the directory. After the first time it does nothing.
func (f *Folder) Release() { f.held.Close() }

// Unfinished is an error that left an unfinished run behind.
type Unfinished struct{ Why error }

func (u Unfinished) Error() string { return u.Why.Error() + " (the dataset stays unfinished)" }
func (u Unfinished) Unwrap() error { return u.Why }

// ErrClosed ends a writer that was closed or aborted.
var ErrClosed = errors.New("dataset is closed")
