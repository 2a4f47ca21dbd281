package shard

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Create starts a dataset in dir, which is new, empty, or an unfinished run of
// the same arguments. Such a run starts over: what it wrote is made again, byte
// for byte, by a caller whose samples depend on the arguments alone.
func Create(dir string, opts Options) (*Writer, error) { return create(dir, opts, realDisk()) }

func create(dir string, opts Options, d disk) (*Writer, error) {
	r, err := newRun(opts)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: a file (want a new or empty directory)", dir)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	held, err := lock(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	w := &Writer{dir: dir, run: r, disk: d, held: held, ids: map[string]bool{}, tasks: map[string]int{}}
	if err := w.start(); err != nil {
		held.Close()
		return nil, err
	}
	return w, nil
}

// start takes the directory over and opens the files.
func (w *Writer) start() error {
	fresh, err := w.claim()
	if err != nil {
		return err
	}
	if fresh {
		data, err := encode(w.run)
		if err != nil {
			return err
		}
		if err := w.disk.replace(filepath.Join(w.dir, runName), data); err != nil {
			return err
		}
	}
	samples, images := filepath.Join(w.dir, samplesName), filepath.Join(w.dir, imagesName)
	if err := errors.Join(remove(samples), os.RemoveAll(images)); err != nil {
		return err
	}
	if err := os.Mkdir(images, 0o777); err != nil {
		return err
	}
	f, err := w.disk.create(samples)
	if err != nil {
		return err
	}
	w.open(f)
	return nil
}

// claim finds out whether the directory may be written to, and whether it is
// fresh or holds an unfinished run of the same arguments.
func (w *Writer) claim() (fresh bool, err error) {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return false, err
	}
	other, begun := "", false
	for _, e := range entries {
		switch e.Name() {
		case manifestName:
			return false, fmt.Errorf("%s: a finished dataset (want a new or empty directory)", w.dir)
		case runName:
			begun = true
		case runName + ".tmp": // a run that ended before it began
		default:
			other = e.Name()
		}
	}
	if !begun {
		if other != "" {
			return false, fmt.Errorf("%s: not empty, holds %s (want a new or empty directory)", w.dir, other)
		}
		return true, nil
	}
	path := filepath.Join(w.dir, runName)
	data, err := readSmall(path)
	if err != nil {
		return false, err
	}
	var old run
	if err := json.Unmarshal(data, &old); err != nil {
		return false, fmt.Errorf("%s: %w (want the arguments of an unfinished run)", path, err)
	}
	if !w.run.equal(old) {
		return false, fmt.Errorf("%s: an unfinished run of other arguments: %v (want %v)", w.dir, old, w.run)
	}
	return false, nil
}
