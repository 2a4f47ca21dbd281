package checkpoint

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Save lets write fill a checkpoint of the given step and puts it at dir,
// replacing one that is there. On an error, of write or of the disk, dir is as it
// was. A directory without a manifest is someone else's and is refused.
func Save(dir string, step int, write func(w *Writer) error) error {
	return save(disk{}, dir, step, write)
}

func save(v volume, dir string, step int, write func(w *Writer) error) error {
	if err := saveFiles(v, filepath.Clean(dir), step, write); err != nil {
		return fmt.Errorf("checkpoint %s: %w", dir, err)
	}
	return nil
}

func saveFiles(v volume, dir string, step int, write func(w *Writer) error) (err error) {
	if step < 0 {
		return fmt.Errorf("step %d (want >= 0)", step)
	}
	if err := replaceable(dir); err != nil {
		return err
	}
	if err := v.mkdirAll(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := settle(v, dir); err != nil {
		return err
	}
	fresh := beside(dir, ".new")
	if err := v.mkdirAll(fresh); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, v.removeAll(fresh))
		}
	}()
	w := &Writer{v: v, dir: fresh, made: map[string]bool{".": true}}
	if err := write(w); err != nil {
		return err
	}
	if err := w.finish(step); err != nil {
		return err
	}
	return swap(v, dir)
}

// replaceable refuses a dir that a save must not replace.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(entries) > 0 && !exists(filepath.Join(dir, manifestName)) {
		return fmt.Errorf("holds files but no %s (want a checkpoint, an empty directory or none)", manifestName)
	}
	return nil
}

// settle ends what an earlier save left half done.
func settle(v volume, dir string) error {
	fresh, old := beside(dir, ".new"), beside(dir, ".old")
	if at := locate(dir); at != dir {
		if err := v.rename(at, dir); err != nil {
			return err
		}
		if err := v.syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	for _, left := range []string{fresh, old} {
		if exists(left) {
			if err := v.removeAll(left); err != nil {
				return err
			}
		}
	}
	return nil
}

// swap puts the finished new checkpoint in its place.
func swap(v volume, dir string) error {
	fresh, old := beside(dir, ".new"), beside(dir, ".old")
	replaces := exists(dir)
	if replaces {
		if err := v.rename(dir, old); err != nil {
			return err
		}
	}
	if err := v.rename(fresh, dir); err != nil {
		if replaces {
			err = errors.Join(err, v.rename(old, dir))
		}
		return err
	}
	if err := v.syncDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if replaces {
		return v.removeAll(old)
	}
	return nil
}

// Writer takes the files of a checkpoint being saved. One call at a time.
type Writer struct {
	v     volume
	dir   string
	files []File
	made  map[string]bool // directories, with slashes
}

// Dir is where the checkpoint is being written, for code that writes files by
// path. What lies there at the end is part of the checkpoint.
func (w *Writer) Dir() string { return w.dir }

// File writes one file from what fill sends, in one pass.
func (w *Writer) File(name string, fill func(io.Writer) error) error {
	if err := checkName(name); err != nil {
		return err
	}
	for _, f := range w.files {
		if f.Name == name {
			return fmt.Errorf("file %q is written twice", name)
		}
	}
	if err := w.mkdir(path.Dir(name)); err != nil {
		return err
	}
	f, err := w.write(name, fill)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w.files = append(w.files, f)
	return nil
}

func (w *Writer) mkdir(dir string) error {
	if w.made[dir] {
		return nil
	}
	if err := w.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	w.made[dir] = true
	return w.v.mkdirAll(filepath.Join(w.dir, filepath.FromSlash(dir)))
}

// write creates a file, syncs it and returns its line.
func (w *Writer) write(name string, fill func(io.Writer) error) (File, error) {
	f, err := w.v.create(filepath.Join(w.dir, filepath.FromSlash(name)))
	if err != nil {
		return File{}, err
	}
	t := &tally{to: f, sum: sha256.New()}
	b := bufio.NewWriterSize(t, 1<<20) // bytes a write to the disk
	err = fill(b)
	if err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return File{}, err
	}
	return File{name, t.n, hex.EncodeToString(t.sum.Sum(nil))}, nil
}

// tally counts and hashes what was really written.
type tally struct {
	to  io.Writer
	sum hash.Hash
	n   int64
}

func (t *tally) Write(b []byte) (int, error) {
	n, err := t.to.Write(b)
	t.sum.Write(b[:n])
	t.n += int64(n)
	return n, err
}

// JSON writes v as indented JSON.
func (w *Writer) JSON(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return w.File(name, func(to io.Writer) error {
		_, err := to.Write(append(text, '\n'))
		return err
	})
}

// finish takes in files that were written by path, writes the manifest and
// syncs the directories.
func (w *Writer) finish(step int) error {
	if err := w.adopt(); err != nil {
		return err
	}
	slices.SortFunc(w.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	m := Manifest{Format: formatName, Version: formatNumber, Step: step, Files: w.files}
	if m.Files == nil {
		m.Files = []File{}
	}
	text := m.encode()
	if len(text) > maxManifest {
		return fmt.Errorf("manifest of %d bytes (want at most %d)", len(text), maxManifest)
	}
	if _, err := w.write(manifestName, func(to io.Writer) error { _, err := to.Write(text); return err }); err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	dirs := make([]string, 0, len(w.made))
	for dir := range w.made {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	for _, dir := range slices.Backward(dirs) {
		if err := w.v.syncDir(filepath.Join(w.dir, filepath.FromSlash(dir))); err != nil {
			return err
		}
	}
	return nil
}

// adopt lists, hashes and syncs the files that File did not write.
func (w *Writer) adopt() error {
	known := map[string]bool{}
	for _, f := range w.files {
		known[f.Name] = true
	}
	return filepath.WalkDir(w.dir, func(at string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(w.dir, at)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if e.IsDir() {
			w.made[name] = true
			return nil
		}
		if known[name] {
			return nil
		}
		if err := checkName(name); err != nil {
			return err
		}
		if !e.Type().IsRegular() {
			return fmt.Errorf("%s: %s (want a regular file)", name, e.Type())
		}
		if err := w.v.syncFile(at); err != nil {
			return err
		}
		n, sum, err := digest(at)
		if err != nil {
			return err
		}
		w.files = append(w.files, File{name, n, sum})
		return nil
	})
}
