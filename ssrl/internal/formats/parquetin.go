package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"unicode/utf8"

	"ssrl/internal/formats/parquet"
)

// parquetPart is a Parquet file. Rows are read when they are asked for.
type parquetPart struct {
	name     string
	f        *os.File
	in       *parquet.File
	imageDir string
	texts    []textColumn
	data     *column // of encoded pictures, nil if there is none
	path     *column // of their paths, nil if there is none
	upright  bool
}

// textColumn is a column of strings or integers.
type textColumn struct {
	*column
	needed bool
	to     func(*parquetRow) *string
}

type parquetRow struct {
	id, task, source, problem, answer string
	cells                             []cell
}

// openParquet reads a file once, from its first to its last page.
func openParquet(name string, o Options) (part, error) {
	f, size, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	p := &parquetPart{name: name, f: f, imageDir: o.ImageDir}
	if p.in, err = parquet.Open(f, size); err == nil {
		err = p.columns(o)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	} else {
		err = p.check()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

// columns finds the columns in the schema.
func (p *parquetPart) columns(o Options) error {
	if p.in.Rows > maxRows {
		return fmt.Errorf("%d rows (want at most %d)", p.in.Rows, maxRows)
	}
	if p.in.Rows == 0 {
		return errors.New("no rows")
	}
	for _, c := range []struct {
		name           string
		needed, number bool
		to             func(*parquetRow) *string
	}{
		{o.Problem, true, false, func(r *parquetRow) *string { return &r.problem }},
		{o.Answer, true, true, func(r *parquetRow) *string { return &r.answer }},
		{"id", false, true, func(r *parquetRow) *string { return &r.id }},
		{"task", false, false, func(r *parquetRow) *string { return &r.task }},
		{"source", false, false, func(r *parquetRow) *string { return &r.source }},
	} {
		leaf, err := p.textLeaf(c.name, c.needed, c.number)
		if err != nil {
			return err
		}
		if leaf != nil {
			p.texts = append(p.texts, textColumn{&column{leaf: leaf}, c.needed, c.to})
		}
	}
	return p.images(o.Images)
}

// leaves returns the leaves of a column.
func (p *parquetPart) leaves(column string) (out []*parquet.Leaf) {
	for _, l := range p.in.Leaves {
		if l.Path[0] == column {
			out = append(out, l)
		}
	}
	return out
}

// textLeaf finds a column of strings, or of integers if they will do. Columns
// that are not needed are left alone when they hold something else.
func (p *parquetPart) textLeaf(name string, needed, number bool) (*parquet.Leaf, error) {
	want := "strings"
	if number {
		want += " or integers"
	}
	leaves := p.leaves(name)
	if len(leaves) == 0 {
		if needed {
			return nil, fmt.Errorf("no column %q", name)
		}
		return nil, nil
	}
	l := leaves[0]
	isNumber := l.Kind == parquet.Int32 || l.Kind == parquet.Int64
	good := len(l.Path) == 1 && l.MaxRep == 0 && (l.Kind == parquet.ByteArray || number && isNumber)
	switch {
	case good:
		return l, nil
	case needed && len(l.Path) > 1:
		return nil, fmt.Errorf("column %q is nested (want %s)", name, want)
	case needed:
		return nil, fmt.Errorf("column %q holds %s (want %s)", name, l.Kind, want)
	}
	return nil, nil
}

// images finds the column of pictures: a list or one, of structs {bytes, path},
// of paths or data URIs, or of bytes.
func (p *parquetPart) images(name string) error {
	var data, path *parquet.Leaf
	leaves := p.leaves(name)
	wrong := func(l *parquet.Leaf) error {
		return fmt.Errorf("column %q: %s holds %s (want pictures: {bytes, path}, bytes or paths)", name, l, l.Kind)
	}
	for _, l := range leaves {
		field := l.Path[len(l.Path)-1]
		switch {
		case l.Null:
		case len(leaves) > 1 && field != "bytes" && field != "path":
		case l.Kind != parquet.ByteArray || l.MaxRep > 1:
			return wrong(l)
		case field == "path" || l.Text && field != "bytes":
			path = l
		default:
			data = l
		}
	}
	if len(leaves) > 0 && data == nil && path == nil && !leaves[0].Null {
		return wrong(leaves[0])
	}
	if data != nil && path != nil && data.MaxRep != path.MaxRep {
		return wrong(data)
	}
	p.upright = path != nil && data != nil && p.declared(name) && decodes(leaves)
	if data != nil {
		p.data = &column{leaf: data}
	}
	if path != nil {
		p.path = &column{leaf: path}
	}
	return nil
}

// declared reports whether the Hugging Face metadata calls the column an Image,
// or a list of them in any of its spellings (datasets 5.0, features.py).
func (p *parquetPart) declared(column string) bool {
	var meta struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	if json.Unmarshal([]byte(p.in.Meta["huggingface"]), &meta) != nil {
		return false
	}
	feature := meta.Info.Features[column]
	var list []json.RawMessage
	if json.Unmarshal(feature, &list) == nil && len(list) == 1 {
		feature = list[0]
	}
	var f struct {
		Type    string `json:"_type"`
		Decode  *bool  `json:"decode"`
		Feature *struct {
			Type   string `json:"_type"`
			Decode *bool  `json:"decode"`
		} `json:"feature"`
	}
	if json.Unmarshal(feature, &f) != nil {
		return false
	}
	if f.Feature != nil && (f.Type == "List" || f.Type == "Sequence" || f.Type == "LargeList") {
		f.Type, f.Decode = f.Feature.Type, f.Feature.Decode
	}
	return f.Type == "Image" && (f.Decode == nil || *f.Decode)
}

// decodes reports whether datasets decodes a column of this form: other orders
// or required levels make it ignore its own metadata (rl.md 4.8).
func decodes(leaves []*parquet.Leaf) bool {
	if len(leaves) != 2 || leaves[0].Path[len(leaves[0].Path)-1] != "bytes" {
		return false
	}
	// All levels are optional: struct and field; in a list also list and element.
	most := 2 + 2*leaves[0].MaxRep
	return leaves[0].MaxDef == most && leaves[1].MaxDef == most
}

// check reads every row and refuses the first that makes no sample.
func (p *parquetPart) check() error {
	walkers := map[*column]walker{}
	for _, c := range p.all() {
		walkers[c] = c.walker()
		defer walkers[c].stop()
	}
	for i := range int(p.in.Rows) {
		var broken error // the file, not the row
		r, err := p.build(func(c *column) (v []value, err error) {
			if v, err = walkers[c].row(); err != nil {
				broken = err
			}
			return v, err
		}, true)
		if broken != nil {
			return fmt.Errorf("%s: %w", p.name, broken)
		}
		for n := 0; err == nil && n < len(r.cells); n++ {
			if err = r.cells[n].check(p.imageDir); err != nil {
				err = imageError(n, err)
			}
		}
		if err == nil {
			_, err = question(r.problem, len(r.cells))
		}
		if err != nil {
			return fmt.Errorf("%s row %d: %w", p.name, i, err)
		}
	}
	return nil
}

// all lists the columns that are read.
func (p *parquetPart) all() (out []*column) {
	for _, t := range p.texts {
		out = append(out, t.column)
	}
	for _, c := range []*column{p.data, p.path} {
		if c != nil {
			out = append(out, c)
		}
	}
	return out
}

// build makes a row of its cells, with or without the bytes of pictures. Every
// column is asked, also for a row that turns out to be wrong.
func (p *parquetPart) build(cells func(*column) ([]value, error), withBytes bool) (r parquetRow, fault error) {
	keep := func(err error) {
		if fault == nil {
			fault = err
		}
	}
	for _, t := range p.texts {
		v, err := cells(t.column)
		if err != nil {
			keep(err)
			continue
		}
		text, err := t.text(v)
		keep(err)
		*t.to(&r) = text
	}
	var data, paths []value
	var err error
	if p.data != nil && withBytes {
		data, err = cells(p.data)
		keep(err)
	}
	if p.path != nil {
		paths, err = cells(p.path)
		keep(err)
	}
	if fault != nil {
		return r, fault
	}
	r.cells, fault = p.join(data, paths, withBytes)
	return r, fault
}

// text is the text of a cell, "" for a null that is not needed.
func (t textColumn) text(v []value) (string, error) {
	switch {
	case len(v) != 1 || v[0].null && t.needed:
		return "", fmt.Errorf("%s is null", t.leaf)
	case v[0].null:
		return "", nil
	case t.leaf.Kind != parquet.ByteArray:
		return strconv.FormatInt(v[0].num, 10), nil
	case !utf8.Valid(v[0].bytes):
		return "", fmt.Errorf("%s is not UTF-8: %.40q", t.leaf, v[0].bytes)
	}
	return string(v[0].bytes), nil
}

// join makes pictures of bytes and paths, either of which may be missing. A null
// beside a list is no picture, one in it is.
func (p *parquetPart) join(data, paths []value, withBytes bool) ([]cell, error) {
	n := max(len(data), len(paths))
	if withBytes && p.data != nil && p.path != nil && len(data) != len(paths) {
		return nil, fmt.Errorf("images: %d bytes but %d paths", len(data), len(paths))
	}
	var cells []cell
	for k := range n {
		c := cell{Image: Image{Upright: p.upright}}
		empty := true
		if k < len(paths) && !paths[k].null {
			text := paths[k].bytes
			if !utf8.Valid(text) {
				return nil, imageError(k, fmt.Errorf("path %.40q is not UTF-8", text))
			}
			c.Path, empty = string(text), false
		}
		if k < len(data) && !data[k].null {
			c.data, empty = data[k].bytes, false
			if c.data == nil {
				c.data = []byte{}
			}
		}
		if empty && !p.list() {
			continue
		}
		if c.data == nil && isURI(c.Path) {
			var err error
			if c.data, err = dataURI(c.Path); err != nil {
				return nil, imageError(k, err)
			}
			c.Path = ""
		}
		cells = append(cells, c)
	}
	return cells, nil
}

// list reports whether a cell is a list of pictures.
func (p *parquetPart) list() bool {
	return p.data != nil && p.data.leaf.MaxRep > 0 || p.path != nil && p.path.leaf.MaxRep > 0
}

func (p *parquetPart) len() int { return int(p.in.Rows) }

// read reads row i, with or without the bytes of pictures.
func (p *parquetPart) read(i int, withBytes bool) (parquetRow, error) {
	r, err := p.build(func(c *column) ([]value, error) { return c.cells(i) }, withBytes)
	if err != nil {
		err = fmt.Errorf("%s row %d: %w", p.name, i, err)
	}
	return r, err
}

func (p *parquetPart) row(i int) (Row, error) {
	counted := p.list() && p.path != nil // pictures, by their paths
	r, err := p.read(i, !counted)
	if err != nil {
		return Row{}, err
	}
	out := Row{File: p.name, Number: i, ID: r.id, Task: r.task, Source: r.source, Answer: r.answer}
	for _, c := range r.cells {
		out.Images = append(out.Images, c.Image)
	}
	if out.Problem, err = question(r.problem, len(r.cells)); err != nil {
		return Row{}, fmt.Errorf("%s row %d: %w (%w)", p.name, i, err, errChanged)
	}
	return out, nil
}

func (p *parquetPart) image(i, n int) ([]byte, error) {
	r, err := p.read(i, true)
	if err != nil {
		return nil, err
	}
	if n >= len(r.cells) {
		return nil, fmt.Errorf("%s row %d: %w", p.name, i, errChanged)
	}
	data, err := r.cells[n].load(p.imageDir)
	if err != nil {
		return nil, fmt.Errorf("%s row %d: %w", p.name, i, imageError(n, err))
	}
	return bytes.Clone(data), nil
}

func (p *parquetPart) close() error { return p.f.Close() }
