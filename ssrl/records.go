package ssrl

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"ssrl/internal/formats"
	"ssrl/internal/gallery"
	"ssrl/internal/rgbd"
	"ssrl/internal/shard"
)

// records are the samples of a dataset of any format, with their pictures as
// they are stored. It is safe for concurrent use until close.
type records struct {
	format string // in words
	own    *shard.Reader
	other  *formats.Dataset
}

// record is one sample without its pictures.
type record struct {
	id, task, source, problem, answer string
	meta                              []byte
	pictures                          int
	at                                string // names the sample in errors
}

// openRecords opens a dataset: our directory, or one of formats.Open.
func openRecords(path string) (*records, error) {
	if isOwn(path) {
		r, err := shard.Open(path)
		if err != nil {
			return nil, formatError{err}
		}
		return &records{format: "directory", own: r}, nil
	}
	d, err := formats.Open(path, formats.Options{})
	if err != nil {
		return nil, formatError{err}
	}
	return &records{format: formatName(path, d), other: d}, nil
}

// isOwn reports whether path is a dataset directory of ours, finished or not.
func isOwn(path string) bool {
	return there(filepath.Join(path, "manifest.json")) || there(filepath.Join(path, "run.json"))
}

// formatName calls a dataset by the kind of its first file.
func formatName(path string, d *formats.Dataset) string {
	file := path
	if row, err := d.At(0); err == nil {
		file = row.File
	}
	switch strings.ToLower(filepath.Ext(file)) {
	case ".parquet":
		return "Parquet"
	case ".tar":
		return "WebDataset"
	case ".json":
		return "JSON"
	}
	return "JSON lines"
}

func (r *records) len() int {
	if r.own != nil {
		return r.own.Len()
	}
	return r.other.Len()
}

func (r *records) at(i int) (record, error) {
	if r.own != nil {
		s, err := r.own.At(i)
		if err != nil {
			return record{}, formatError{err}
		}
		return record{s.ID, s.Task, s.Source, s.Problem, s.Answer, s.Meta, len(s.Images), "sample " + s.ID}, nil
	}
	row, err := r.other.At(i)
	if err != nil {
		return record{}, formatError{err}
	}
	problem, answer := row.Problem, row.Answer
	if problem == "" && answer == "" {
		problem, answer = spoken(row.Messages)
	}
	return record{id: row.ID, task: row.Task, source: row.Source, problem: problem, answer: answer, meta: row.Meta, pictures: len(row.Images), at: row.String()}, nil
}

// spoken makes a conversation a question with an answer: the last turn.
func spoken(turns []formats.Message) (problem, answer string) {
	if len(turns) == 0 {
		return "", ""
	}
	last := len(turns) - 1
	var said []string
	for _, t := range turns[:last] {
		said = append(said, t.Role+": "+t.Text)
	}
	return strings.Join(said, "\n"), turns[last].Text
}

// picture reads picture n of sample i.
func (r *records) picture(i, n int) (gallery.Picture, error) {
	if r.own == nil {
		data, err := r.other.Image(i, n)
		if err != nil {
			return gallery.Picture{}, formatError{err}
		}
		return gallery.Picture{Data: data, Decode: func() (*rgbd.RGB, error) {
			p, err := r.other.Picture(i, n)
			if err != nil {
				return nil, err
			}
			return p.RGB(), nil
		}}, nil
	}
	s, err := r.own.At(i)
	if err == nil {
		var data []byte
		if data, err = r.own.Image(s.Images[n]); err == nil {
			return gallery.Picture{Data: data}, nil
		}
	}
	return gallery.Picture{}, err
}

// each calls do for every sample, in order.
func (r *records) each(ctx context.Context, do func(i int, s record) error) error {
	for i := range r.len() {
		if i%256 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s, err := r.at(i)
		if err != nil {
			return err
		}
		if err := do(i, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *records) close() error {
	var errs []error
	if r.own != nil {
		errs = append(errs, r.own.Close())
	}
	if r.other != nil {
		errs = append(errs, r.other.Close())
	}
	return errors.Join(errs...)
}
