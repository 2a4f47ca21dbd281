package ssrl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ssrl/internal/rgbd"
	"ssrl/internal/shard"
)

// DatasetWriter writes samples to a directory. Use it from one goroutine.
type DatasetWriter struct {
	w      *shard.Writer
	dir    string
	made   bool // dir, by this writer
	closed bool
}

// CreateDataset starts a dataset in a new or empty directory, or in the
// unfinished one that a killed program with the same seed and options left.
// options, which may be nil, is kept in the manifest for readers.
func CreateDataset(dir string, seed uint64, options any) (*DatasetWriter, error) {
	if dir == "" {
		return nil, errors.New("no dataset directory")
	}
	run, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("dataset %s: options: %w", dir, err)
	}
	made := missing(dir)
	w, err := shard.Create(dir, shard.Options{Seed: seed, Run: run})
	if err != nil {
		return nil, err
	}
	return &DatasetWriter{w: w, dir: dir, made: made}, nil
}

// Write appends a sample. Images are stored as PNG. A sample that is refused
// leaves nothing behind.
func (d *DatasetWriter) Write(s *Sample) error {
	if d.closed {
		return fmt.Errorf("dataset %s: %w", d.dir, ErrClosed)
	}
	if s == nil {
		return fmt.Errorf("dataset %s: sample is nil", d.dir)
	}
	images, err := encodeImages(s)
	if err != nil {
		return err
	}
	return d.w.Write(lineOf(s), images, ".png")
}

// Close writes the manifest; without it there is no dataset.
func (d *DatasetWriter) Close() error {
	if d.closed {
		return fmt.Errorf("dataset %s: %w", d.dir, ErrClosed)
	}
	err := d.w.Close()
	d.closed = err == nil
	return err
}

// Abort removes what was written. After Close it does nothing.
func (d *DatasetWriter) Abort() {
	if !d.closed {
		d.closed = true
		d.w.Abort()
		discard(d.dir, d.made)
	}
}

// Dataset reads a dataset directory. It is safe for concurrent use until Close.
type Dataset struct {
	dir string
	r   *shard.Reader
}

// OpenDataset opens a finished dataset. It refuses one without a manifest, the
// mark of an unfinished run, and one of a newer version.
func OpenDataset(dir string) (*Dataset, error) {
	if err := folder("dataset", dir, "a dataset directory"); err != nil {
		return nil, err
	}
	r, err := shard.Open(dir)
	if err != nil {
		return nil, formatError{err}
	}
	return &Dataset{dir, r}, nil
}

// Len returns the number of samples.
func (d *Dataset) Len() int { return d.r.Len() }

// Text reads sample i, counted from 0, without its images.
func (d *Dataset) Text(i int) (*Sample, error) {
	line, err := d.r.At(i)
	if err != nil {
		return nil, d.explain(err)
	}
	return fromLine(line), nil
}

func fromLine(s shard.Sample) *Sample {
	return &Sample{ID: s.ID, Task: s.Task, Source: s.Source, Problem: s.Problem, Answer: s.Answer, Meta: s.Meta}
}

// At reads sample i, counted from 0, with its images.
func (d *Dataset) At(i int) (*Sample, error) {
	line, err := d.r.At(i)
	if err != nil {
		return nil, d.explain(err)
	}
	s := fromLine(line)
	for _, path := range line.Images {
		data, err := d.r.Image(path)
		if err != nil {
			return nil, d.explain(fmt.Errorf("sample %s: %w", line.ID, err))
		}
		img, err := rgbd.DecodeImage(data, filepath.Join(d.dir, path))
		if err != nil {
			return nil, formatError{fmt.Errorf("sample %s: %w", line.ID, err)}
		}
		s.Images = append(s.Images, img)
	}
	return s, nil
}

// explain says which error of this package a reader's error is.
func (d *Dataset) explain(err error) error {
	var where *fs.PathError
	switch {
	case errors.Is(err, os.ErrClosed):
		return fmt.Errorf("dataset %s: %w", d.dir, ErrClosed)
	case errors.As(err, &where):
		return err
	}
	return formatError{err}
}

// Close gives the files back.
func (d *Dataset) Close() error { return d.r.Close() }
