package ssrl

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"

	"ssrl/internal/formats"
	"ssrl/internal/gallery"
	"ssrl/internal/rgbd"
)

// records are the samples of a dataset of any format, with their pictures as
// they are stored and the rows that are conversations. It is safe for
// concurrent use until close.
type records struct {
	format string // in words
	seed   *uint64
	run    json.RawMessage // options that the dataset was made with, nil: not known
	*formats.Dataset
}

// record is one sample without its pictures.
type record struct {
	id, task, source, problem, answer string
	meta                              json.RawMessage
	pictures                          int
	at                                string // names the sample in errors
}

// openRecords opens a dataset. Its manifest, if it has one, was checked by then.
func openRecords(path string, o DatasetOptions) (*records, error) {
	d, err := formats.Open(path, o.reading())
	if err != nil {
		return nil, formatError{err}
	}
	r := &records{Dataset: d}
	if d.Len() == 0 { // a split of ours that no frame fell into
		r.format = formatName(formats.Row{Own: true})
		return r, nil
	}
	row, err := d.At(0)
	if err != nil {
		d.Close()
		return nil, formatError{err}
	}
	r.format = formatName(row)
	var m struct {
		Seed *uint64         `json:"seed"`
		Run  json.RawMessage `json:"options"`
	}
	if data, err := smallFile(filepath.Join(filepath.Dir(row.File), "manifest.json")); row.Own && err == nil && json.Unmarshal(data, &m) == nil {
		r.seed, r.run = m.Seed, m.Run
	}
	return r, nil
}

// isOwn reports whether path is a dataset directory of ours, finished or not.
func isOwn(path string) bool {
	return there(filepath.Join(path, "manifest.json")) || there(filepath.Join(path, "run.json"))
}

// formatName calls a dataset by the kind of its first file.
func formatName(row formats.Row) string {
	if row.Own {
		return "directory"
	}
	switch strings.ToLower(filepath.Ext(row.File)) {
	case ".parquet":
		return "Parquet"
	case ".tar":
		return "WebDataset"
	case ".json":
		return "JSON"
	}
	return "JSON lines"
}

func (r *records) at(i int) (record, error) {
	row, err := r.At(i)
	if err != nil {
		return record{}, formatError{err}
	}
	problem, answer := row.Problem, row.Answer
	if problem == "" && answer == "" {
		problem, answer = spoken(row.Messages)
	}
	at := row.String()
	if row.Own {
		at = "sample " + row.ID
	}
	return record{row.ID, row.Task, row.Source, problem, answer, row.Meta, len(row.Images), at}, nil
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

// picture reads picture n of sample i. Ours are decoded as frames are, others as
// the programs that they are from do.
func (r *records) picture(i, n int) (gallery.Picture, error) {
	data, err := r.Image(i, n)
	if err != nil {
		return gallery.Picture{}, formatError{err}
	}
	if r.format == "directory" {
		return gallery.Picture{Data: data}, nil
	}
	return gallery.Picture{Data: data, Decode: func() (*rgbd.RGB, error) {
		p, err := r.Picture(i, n)
		if err != nil {
			return nil, err
		}
		return p.RGB(), nil
	}}, nil
}

// each calls do for every sample, in order.
func (r *records) each(ctx context.Context, do func(i int, s record) error) error {
	for i := range r.Len() {
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
