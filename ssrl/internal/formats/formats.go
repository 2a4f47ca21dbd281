// Package formats reads and writes datasets in the forms that other programs
// use: Parquet with pictures inside or as paths (EasyR1, Hugging Face datasets,
// Spatial-SSRL-81k), alpaca and ShareGPT JSON (LLaMA-Factory), JSON lines with
// paths or data URIs, WebDataset tar files, and our own directory.
//
// Open tells them apart and gives every one as rows: a question with its answer,
// or a conversation, and encoded pictures. It looks at every row but decodes no
// picture: of those inside the file it reads the headers, of the others that the
// files are there. Errors name the file and the row, counted from 0 as pyarrow
// and pandas do. Create writes samples, whole or not at all.
//
// Limits: 16,777,216 rows, a record of JSON 256 MiB, a picture 256 MiB, 2 GiB of
// text held for Parquet. Parquet files are read once when they are opened.
// Pictures are PNG, JPEG or PNM. Tar files are not compressed.
package formats

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

const (
	maxRows   = 1 << 24
	maxRecord = 256 << 20 // bytes of a JSON value
	maxImage  = 256 << 20 // bytes of an encoded picture
	maxText   = 2 << 30   // bytes of text that a Parquet file may put into memory
	maxInfo   = 16 << 20  // bytes of dataset_info.json
)

// Options say how files that are not ours are read. The zero Options are
// EasyR1's and LLaMA-Factory's defaults.
type Options struct {
	// Problem, Answer and Images name the columns: EasyR1's prompt_key,
	// answer_key and image_key. Empty means problem, answer and images.
	Problem, Answer, Images string
	// ImageDir is where paths of pictures start: EasyR1's image_dir,
	// LLaMA-Factory's media_dir. Empty means the folder of the dataset.
	ImageDir string
	// Name picks a dataset of the folder's dataset_info.json.
	Name string
	// Questions refuses rows that are more than one question with its answer.
	Questions bool
}

// withDefaults fills the column names in.
func (o Options) withDefaults() Options {
	for _, f := range []struct {
		to    *string
		value string
	}{{&o.Problem, "problem"}, {&o.Answer, "answer"}, {&o.Images, "images"}} {
		if *f.to == "" {
			*f.to = f.value
		}
	}
	return o
}

// Row is one sample.
type Row struct {
	File   string
	Number int  // of the row in File, from 0; rows that were skipped count
	Own    bool // it is of our own directory

	ID, Task, Source string // empty where the file has none

	// Problem holds one <image> for each of Images, Answer the truth. Both are
	// empty for a conversation of more than one question.
	Problem, Answer string
	// Response is what a conversation of one question has for an answer, of which
	// Answer is what stands in its box. Meta is our own samples' geometry, or nil.
	Response string
	Meta     json.RawMessage

	// System and Messages are a conversation for supervised training, nil for a
	// plain question: user and assistant in turns, the user first.
	System   string
	Messages []Message

	Images []Image
}

// Message is one turn of a conversation. Text holds <image> where a picture belongs.
type Message struct {
	Role string // user or assistant
	Text string
}

// Image is a picture of a row; Dataset.Image reads its bytes.
type Image struct {
	// Path is what the file says: relative to Options.ImageDir, or only a name
	// where the bytes are inside. It may be empty.
	Path string
	// Upright says that the picture is turned by its EXIF orientation, as datasets
	// does with columns declared as Image. Others are taken as they are stored.
	Upright bool
}

// String names the row for errors.
func (r Row) String() string { return fmt.Sprintf("%s row %d", r.File, r.Number) }

// Skip is a row that was left out, as LLaMA-Factory leaves it out.
type Skip struct {
	File string
	Row  int // from 0
	Why  string
}

// part is one file of a dataset.
type part interface {
	len() int
	row(i int) (Row, error)
	image(i, n int) ([]byte, error)
	close() error
}

// Dataset is a sequence of rows from one or more files. It is safe for
// concurrent use until Close.
type Dataset struct {
	parts   []part
	ends    []int // rows up to and with each part
	skipped []Skip
}

// Open opens a dataset: a file (.parquet, .json, .jsonl, .tar), a folder of such
// files of one kind, a folder with dataset_info.json, or our own directory.
//
// PATH@SPLIT takes one split of a folder, by the words in file names that
// datasets knows (train, validation, test and their relatives); without, it is
// train. A folder whose files name no split, and a single file, are all train.
func Open(path string, o Options) (*Dataset, error) {
	src, err := find(path, o)
	if err != nil {
		return nil, err
	}
	d := &Dataset{}
	if err := d.open(src, o.withDefaults()); err != nil {
		d.Close()
		return nil, err
	}
	if d.Len() == 0 && src.kind != kindOwn { // whose manifest says so
		return nil, errors.Join(fmt.Errorf("%s: no rows%s", path, d.whyEmpty()), d.Close())
	}
	return d, nil
}

// whyEmpty tells of the first row that was skipped.
func (d *Dataset) whyEmpty() string {
	if len(d.skipped) == 0 {
		return ""
	}
	s := d.skipped[0]
	return fmt.Sprintf(": %d skipped, row %d: %s", len(d.skipped), s.Row, s.Why)
}

func (d *Dataset) open(src source, o Options) error {
	if o.ImageDir == "" {
		o.ImageDir = src.imageDir
	}
	for _, file := range src.files {
		var p part
		var err error
		switch src.kind {
		case kindOwn:
			p, err = openOwn(file)
		case kindParquet:
			p, err = openParquet(file, o)
		case kindTar:
			p, err = openTar(file, o)
		default:
			p, err = openJSON(file, src, o, &d.skipped)
		}
		if err != nil {
			return err
		}
		d.parts = append(d.parts, p)
		d.ends = append(d.ends, d.Len()+p.len())
		if d.Len() > maxRows {
			return fmt.Errorf("%s: more than %d rows", file, maxRows)
		}
	}
	return nil
}

// Len returns the number of rows.
func (d *Dataset) Len() int {
	if len(d.ends) == 0 {
		return 0
	}
	return d.ends[len(d.ends)-1]
}

// Skipped returns the rows that were left out.
func (d *Dataset) Skipped() []Skip { return d.skipped }

// At returns row i, counted from 0 over all files without the skipped rows.
func (d *Dataset) At(i int) (Row, error) {
	p, i := d.part(i)
	return p.row(i)
}

// Image reads the encoded bytes of picture n of row i.
func (d *Dataset) Image(i, n int) ([]byte, error) {
	p, i := d.part(i)
	return p.image(i, n)
}

// part finds the file of row i. A row that is not there is the caller's fault.
func (d *Dataset) part(i int) (part, int) {
	if i < 0 || i >= d.Len() {
		panic(fmt.Sprintf("formats: row %d of %d", i, d.Len()))
	}
	k := sort.SearchInts(d.ends, i+1)
	if k > 0 {
		i -= d.ends[k-1]
	}
	return d.parts[k], i
}

// Close gives the files back.
func (d *Dataset) Close() error {
	var errs []error
	for _, p := range d.parts {
		errs = append(errs, p.close())
	}
	d.parts, d.ends = nil, nil
	return errors.Join(errs...)
}

// openRegular opens a file. A pipe or device, which could block for ever, is
// refused.
func openRegular(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// exists reports whether there is anything at a path below dir.
func exists(dir string, elem ...string) bool {
	_, err := os.Stat(filepath.Join(append([]string{dir}, elem...)...))
	return err == nil
}
