package ssrl

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"ssrl/internal/formats"
	"ssrl/internal/rgbd"
	"ssrl/internal/shard"
)

// DatasetWriter writes samples to a directory. Use it from one goroutine.
type DatasetWriter struct {
	w      *formats.Writer
	dir    string
	made   bool // dir, by this writer
	closed bool
}

// CreateDataset starts a dataset in a new or empty directory, or in the
// unfinished one that a killed program with the same seed and options left.
// options, which may be nil, is kept in the manifest for readers.
func CreateDataset(dir string, seed uint64, options any) (*DatasetWriter, error) {
	return CreateDatasetAs("dir", dir, seed, options)
}

// DatasetFormats returns the names of the formats that are written.
func DatasetFormats() []string {
	var names []string
	for _, f := range formats.Formats() {
		names = append(names, string(f))
	}
	return names
}

// CreateDatasetAs is CreateDataset in a format of GenerateOptions. Only our own,
// dir, has a manifest to keep options in; in all of them they tell runs apart.
func CreateDatasetAs(format, dir string, seed uint64, options any) (*DatasetWriter, error) {
	if dir == "" {
		return nil, errors.New("no dataset directory")
	}
	f, err := formats.ParseFormat(format)
	if err != nil {
		return nil, fmt.Errorf("dataset %s: %w", dir, err)
	}
	run, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("dataset %s: options: %w", dir, err)
	}
	made := missing(dir)
	w, err := formats.Create(dir, f, formats.WriteOptions{Run: shard.Options{Seed: seed, Run: run}})
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

// Close brings the dataset to the disk; without it there is none.
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

// DatasetOptions say how datasets of other programs are read. The zero options
// are the defaults of EasyR1 and LLaMA-Factory.
type DatasetOptions struct {
	// Problem, Answer and Images name the columns; "" means problem, answer and images.
	Problem string `json:"prompt_key"`
	Answer  string `json:"answer_key"`
	Images  string `json:"image_key"`
	// ImageDir is where the paths of pictures start; "" means the dataset's folder.
	ImageDir string `json:"image_dir"`
	// Name picks a dataset of the folder's dataset_info.json.
	Name string `json:"dataset"`
}

func (o DatasetOptions) reading() formats.Options {
	return formats.Options{Problem: o.Problem, Answer: o.Answer, Images: o.Images, ImageDir: o.ImageDir, Name: o.Name}
}

// Dataset reads the samples of a dataset. It is safe for concurrent use until
// Close.
type Dataset struct {
	path   string
	d      *formats.Dataset
	closed atomic.Bool
}

// OpenDataset opens a dataset of any format: a directory of ours, or files of
// other programs. These are a file (.parquet, .json, .jsonl or .tar), a folder of
// such files, or one with dataset_info.json: Parquet and JSON as EasyR1 and
// Hugging Face datasets have them, alpaca and ShareGPT of LLaMA-Factory,
// WebDataset. PATH@SPLIT takes one split of a folder; without, it is train.
//
// It refuses an unfinished run, ours of a newer version, and the first row that
// makes no sample, by its number from 0. Rows that LLaMA-Factory leaves out are
// in Skipped.
func OpenDataset(path string) (*Dataset, error) { return OpenDatasetAs(path, DatasetOptions{}) }

// OpenDatasetAs is OpenDataset with the columns and folders of o.
func OpenDatasetAs(path string, o DatasetOptions) (*Dataset, error) {
	if path == "" {
		return nil, errors.New("no dataset (want a dataset directory)")
	}
	reading := o.reading()
	reading.Questions = true
	d, err := formats.Open(path, reading)
	var where *fs.PathError
	switch {
	case errors.As(err, &where) && where.Path == path:
		return nil, fmt.Errorf("dataset %s: %w", path, where.Err)
	case err != nil:
		return nil, formatError{err}
	}
	return &Dataset{path: path, d: d}, nil
}

// Len returns the number of samples.
func (d *Dataset) Len() int { return d.d.Len() }

// Skipped says of each row that was left out which it is and why.
func (d *Dataset) Skipped() []error {
	var out []error
	for _, s := range d.d.Skipped() {
		out = append(out, fmt.Errorf("%s row %d: %s", s.File, s.Row, s.Why))
	}
	return out
}

// Text reads sample i, counted from 0, without its images. A sample that has no
// ID in its file has its number for one.
func (d *Dataset) Text(i int) (*Sample, error) {
	s, _, err := d.text(i)
	return s, err
}

func (d *Dataset) text(i int) (*Sample, formats.Row, error) {
	if d.closed.Load() {
		return nil, formats.Row{}, fmt.Errorf("dataset %s: %w", d.path, ErrClosed)
	}
	if i < 0 || i >= d.d.Len() {
		return nil, formats.Row{}, formatError{fmt.Errorf("%s: sample %d (want 0 to %d)", d.path, i, d.d.Len()-1)}
	}
	row, err := d.d.At(i)
	if err != nil {
		return nil, row, d.explain(err)
	}
	s := &Sample{ID: row.ID, Task: row.Task, Source: row.Source, Problem: row.Problem, Answer: row.Answer, Meta: row.Meta}
	if row.Response != row.Answer && row.Response != `\boxed{`+row.Answer+"}" { // not the bare answer, as we write it
		s.Response = row.Response
	}
	if s.ID == "" {
		s.ID = strconv.Itoa(i)
	}
	return s, row, nil
}

// At reads sample i, counted from 0, with its images.
func (d *Dataset) At(i int) (*Sample, error) {
	s, row, err := d.text(i)
	if err != nil {
		return nil, err
	}
	for n := range row.Images {
		img, err := d.image(i, n, row)
		if err != nil {
			return nil, d.explain(fmt.Errorf("sample %s: %w", s.ID, err))
		}
		s.Images = append(s.Images, img)
	}
	return s, nil
}

// image reads picture n of row i. Ours are decoded as frames are, others as the
// programs that they are from do.
func (d *Dataset) image(i, n int, row formats.Row) (image.Image, error) {
	if row.Own {
		data, err := d.d.Image(i, n)
		if err != nil {
			return nil, err
		}
		return rgbd.DecodeImage(data, filepath.Join(filepath.Dir(row.File), filepath.FromSlash(row.Images[n].Path)))
	}
	p, err := d.d.Picture(i, n)
	if err != nil {
		return nil, err
	}
	return p.RGB(), nil
}

// explain says which error of this package a reader's error is.
func (d *Dataset) explain(err error) error {
	var where *fs.PathError
	switch {
	case errors.Is(err, os.ErrClosed):
		return fmt.Errorf("dataset %s: %w", d.path, ErrClosed)
	case errors.As(err, &where):
		return err
	}
	return formatError{err}
}

// Close gives the files back.
func (d *Dataset) Close() error {
	d.closed.Store(true)
	return d.d.Close()
}
