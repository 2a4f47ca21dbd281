package ssrl

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"ssrl/internal/rgbd"
	"ssrl/internal/shard"
)

// DatasetWriter writes samples to a directory. Use it from one goroutine.
type DatasetWriter struct {
	w *shard.Writer
}

// CreateDataset starts a dataset in a new or empty directory. options, which
// may be nil, is kept in the manifest for readers.
func CreateDataset(dir string, seed uint64, options any) (*DatasetWriter, error) {
	run, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	w, err := shard.Create(dir, shard.Options{Seed: seed, Run: run})
	if err != nil {
		return nil, err
	}
	return &DatasetWriter{w}, nil
}

// Write appends a sample. Images are stored as PNG.
func (d *DatasetWriter) Write(s *Sample) error {
	images, err := encodeImages(s)
	if err != nil {
		return err
	}
	return d.w.Write(lineOf(s), images, ".png")
}

// Close writes the manifest; without it there is no dataset.
func (d *DatasetWriter) Close() error { return d.w.Close() }

// Abort gives up what was written.
func (d *DatasetWriter) Abort() { d.w.Abort() }

// Dataset reads a dataset directory. It is safe for concurrent use.
type Dataset struct {
	dir string
	r   *shard.Reader
}

// OpenDataset opens a finished dataset. It refuses one without a manifest, the
// mark of an unfinished run, and one of a newer version.
func OpenDataset(dir string) (*Dataset, error) {
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
		return nil, formatError{err}
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
		return nil, formatError{err}
	}
	s := fromLine(line)
	for _, path := range line.Images {
		data, err := d.r.Image(path)
		if err != nil {
			return nil, fmt.Errorf("sample %s: %w", line.ID, err)
		}
		img, err := rgbd.DecodeImage(data, filepath.Join(d.dir, path))
		if err != nil {
			return nil, formatError{fmt.Errorf("sample %s: %w", line.ID, err)}
		}
		s.Images = append(s.Images, img)
	}
	return s, nil
}

// Close gives the files back.
func (d *Dataset) Close() error { return d.r.Close() }
