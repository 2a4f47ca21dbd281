package formats

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"unicode/utf8"

	"ssrl/internal/formats/parquet"
)

// parquetPart is a Parquet file. Text is held in memory, pictures are not.
type parquetPart struct {
	name     string
	f        *os.File
	imageDir string
	rows     []parquetRow
	pictures *byteColumn // nil: all are paths
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
	in, err := parquet.Open(f, size)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	} else {
		err = p.read(in, o)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

// scan is one reading of a file. It goes column by column, so it keeps the fault
// of the first row that has one.
type scan struct {
	in     *parquet.File
	part   *parquetPart
	strong map[string]string // every text once
	bytes  int               // of strong
	cells  int
	row    int // of fault
	fault  error
}

// read reads all columns and checks all rows.
func (p *parquetPart) read(in *parquet.File, o Options) error {
	s := scan{in: in, part: p, strong: map[string]string{}}
	if err := s.columns(o); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	s.check()
	if s.fault != nil {
		return fmt.Errorf("%s row %d: %w", p.name, s.row, s.fault)
	}
	return nil
}

func (s *scan) columns(o Options) error {
	if s.in.Rows > maxRows {
		return fmt.Errorf("%d rows (want at most %d)", s.in.Rows, maxRows)
	}
	if s.in.Rows == 0 {
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
		leaf, err := s.textLeaf(c.name, c.needed, c.number)
		if err != nil {
			return err
		}
		if leaf == nil {
			continue
		}
		if err := s.text(leaf, c.needed, c.to); err != nil {
			return err
		}
	}
	return s.images(o.Images)
}

// fail keeps the fault of a row.
func (s *scan) fail(row int, err error) {
	if s.fault == nil || row < s.row {
		s.row, s.fault = row, err
	}
}

// leaves returns the leaves of a column.
func (s *scan) leaves(column string) (out []*parquet.Leaf) {
	for _, l := range s.in.Leaves {
		if l.Path[0] == column {
			out = append(out, l)
		}
	}
	return out
}

// textLeaf finds a column of strings, or of integers if they will do. Columns
// that are not needed are left alone when they hold something else.
func (s *scan) textLeaf(name string, needed, number bool) (*parquet.Leaf, error) {
	want := "strings"
	if number {
		want += " or integers"
	}
	leaves := s.leaves(name)
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

// text reads a column of strings or integers.
func (s *scan) text(l *parquet.Leaf, needed bool, to func(*parquetRow) *string) error {
	row := 0
	for page, err := range l.Pages() {
		if err != nil {
			return err
		}
		for _, e := range l.Entries(page) {
			if row == len(s.part.rows) {
				s.part.rows = append(s.part.rows, parquetRow{})
			}
			switch {
			case e.Value < 0 && needed:
				s.fail(row, fmt.Errorf("%s is null", l))
			case e.Value < 0:
			case l.Kind == parquet.ByteArray:
				text := page.Values.Bytes[e.Value]
				if !utf8.Valid(text) {
					s.fail(row, fmt.Errorf("%s is not UTF-8: %.40q", l, text))
				}
				if *to(&s.part.rows[row]), err = s.keep(text); err != nil {
					return err
				}
			default:
				if *to(&s.part.rows[row]), err = s.keep(strconv.AppendInt(nil, page.Values.Ints[e.Value], 10)); err != nil {
					return err
				}
			}
			row++
		}
	}
	return nil
}

// keep returns text as a string that does not hold the page in memory.
func (s *scan) keep(text []byte) (string, error) {
	if t, ok := s.strong[string(text)]; ok {
		return t, nil
	}
	if s.bytes += len(text); s.bytes > maxText {
		return "", fmt.Errorf("more than %d bytes of text", maxText)
	}
	t := string(text)
	s.strong[t] = t
	return t, nil
}

// images reads the column of pictures: a list or one, of structs {bytes, path},
// of paths or data URIs, or of bytes.
func (s *scan) images(column string) error {
	var data, path *parquet.Leaf
	leaves := s.leaves(column)
	wrong := func(l *parquet.Leaf) error {
		return fmt.Errorf("column %q: %s holds %s (want pictures: {bytes, path}, bytes or paths)", column, l, l.Kind)
	}
	for _, l := range leaves {
		name := l.Path[len(l.Path)-1]
		switch {
		case l.Null:
		case len(leaves) > 1 && name != "bytes" && name != "path":
		case l.Kind != parquet.ByteArray || l.MaxRep > 1:
			return wrong(l)
		case name == "path" || l.Text && name != "bytes":
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
	upright := path != nil && data != nil && s.declared(column) && decodes(leaves)
	if path != nil {
		if err := s.paths(path, upright); err != nil {
			return err
		}
	}
	if data != nil {
		return s.bytesOf(data, path, upright)
	}
	return nil
}

// element reports whether an entry of a column of pictures is one: in a list
// that is not empty, or alone and not null.
func element(l *parquet.Leaf, e parquet.Entry) bool {
	if l.MaxRep == 0 {
		return e.Value >= 0
	}
	return e.Def >= l.Element
}

func (s *scan) paths(l *parquet.Leaf, upright bool) error {
	row := -1
	for page, err := range l.Pages() {
		if err != nil {
			return err
		}
		for _, e := range l.Entries(page) {
			if e.Rep == 0 {
				row++
			}
			if !element(l, e) {
				continue
			}
			c := cell{Image: Image{Upright: upright}}
			if e.Value >= 0 {
				text := page.Values.Bytes[e.Value]
				if !utf8.Valid(text) {
					s.fail(row, fmt.Errorf("image path %.40q is not UTF-8", text))
				}
				if c.Path, err = s.keep(text); err != nil {
					return err
				}
			}
			if err := s.add(row, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *scan) add(row int, c cell) error {
	if s.cells++; s.cells > maxRows {
		return fmt.Errorf("more than %d pictures", maxRows)
	}
	s.part.rows[row].cells = append(s.part.rows[row].cells, c)
	return nil
}

// bytesOf reads a column of encoded pictures; path is the one beside it, or nil.
func (s *scan) bytesOf(l, path *parquet.Leaf, upright bool) error {
	column := &byteColumn{leaf: l}
	s.part.pictures = column
	row, k := -1, 0
	for page, err := range l.Pages() {
		if err != nil {
			return err
		}
		column.addPage(page)
		for i, e := range l.Entries(page) {
			if e.Rep == 0 {
				row, k = row+1, 0
				column.starts = append(column.starts, rowStart{int32(len(column.pages) - 1), int32(i)})
			}
			if !element(l, e) {
				continue
			}
			cells := s.part.rows[row].cells
			switch {
			case k < len(cells):
			case path == nil || l.MaxRep == 0:
				if err := s.add(row, cell{Image: Image{Upright: upright}}); err != nil {
					return err
				}
				cells = s.part.rows[row].cells
			default:
				s.fail(row, errors.New("images: more bytes than paths"))
				continue
			}
			if e.Value >= 0 {
				cells[k].inside = true
				if err := checkHeader(page.Values.Bytes[e.Value]); err != nil {
					s.fail(row, imageError(k, err))
				}
			}
			k++
		}
	}
	return nil
}

// declared reports whether the Hugging Face metadata calls the column an Image,
// or a list of them in any of its spellings (datasets 5.0, features.py).
func (s *scan) declared(column string) bool {
	var meta struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	if json.Unmarshal([]byte(s.in.Meta["huggingface"]), &meta) != nil {
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

// check looks at whole rows, once all columns are there.
func (s *scan) check() {
	rows := s.part.rows
	if s.fault != nil {
		rows = rows[:s.row]
	}
	for i := range rows {
		r := &rows[i]
		for n, c := range r.cells {
			if !c.inside && isURI(c.Path) {
				data, err := dataURI(c.Path)
				if err == nil {
					err = checkHeader(data)
				}
				if err != nil {
					s.fail(i, imageError(n, err))
					return
				}
				r.cells[n].data = data
				r.cells[n].Path = ""
				continue
			}
			if err := c.check(s.part.imageDir); err != nil {
				s.fail(i, imageError(n, err))
				return
			}
		}
		var err error
		if r.problem, err = question(r.problem, len(r.cells)); err != nil {
			s.fail(i, err)
			return
		}
	}
}

func (p *parquetPart) len() int { return len(p.rows) }

func (p *parquetPart) row(i int) (Row, error) {
	r := p.rows[i]
	out := Row{File: p.name, Number: i, ID: r.id, Task: r.task, Source: r.source, Problem: r.problem, Answer: r.answer}
	for _, c := range r.cells {
		out.Images = append(out.Images, c.Image)
	}
	return out, nil
}

func (p *parquetPart) image(i, n int) ([]byte, error) {
	c := p.rows[i].cells[n]
	var data []byte
	var err error
	if c.inside {
		data, err = p.pictures.cell(i, n)
	} else {
		data, err = c.load(p.imageDir)
	}
	if err != nil {
		return nil, fmt.Errorf("%s row %d: %w", p.name, i, imageError(n, err))
	}
	return data, nil
}

func (p *parquetPart) close() error { return p.f.Close() }
