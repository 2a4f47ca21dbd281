package parquet

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// Repetition types of parquet.thrift.
const (
	required = 0
	optional = 1
	repeated = 2
)

// Marks of a column's meaning: fields of LogicalType, of which UNKNOWN is
// pyarrow's null type, and the older ConvertedType.
const (
	logicalString  = 1
	logicalUnknown = 11
	convertedUTF8  = 0
)

// maxLevel bounds how deep columns nest, so that levels fit a byte.
const maxLevel = 100

// parse reads the footer, which begins at byte end of the file. Field numbers are
// those of FileMetaData, RowGroup, ColumnChunk and ColumnMetaData.
func (f *File) parse(footer []byte, end int64) error {
	m, _, err := parseThrift(footer)
	if err != nil {
		return err
	}
	if m.has(8) {
		return errors.New("an encrypted file")
	}
	f.Meta = map[string]string{}
	for _, kv := range m.field(5).kids {
		f.Meta[string(kv.field(1).raw)] = string(kv.field(2).raw)
	}
	s := schema{file: f, rest: m.field(2).kids}
	if err := s.root(); err != nil {
		return err
	}
	for i, g := range m.field(4).kids {
		if err := f.group(g, end); err != nil {
			return fmt.Errorf("row group %d: %w", i, err)
		}
	}
	if rows := m.field(3).num; rows != f.Rows {
		return fmt.Errorf("%d rows, but %d in its row groups", rows, f.Rows)
	}
	return nil
}

func (f *File) group(g node, end int64) error {
	out := group{rows: g.field(3).num, first: f.Rows}
	columns := g.field(1).kids
	if out.rows < 0 || out.rows > maxRows-f.Rows {
		return fmt.Errorf("%d rows", out.rows)
	}
	if len(columns) != len(f.Leaves) {
		return fmt.Errorf("%d columns (want the %d of the schema)", len(columns), len(f.Leaves))
	}
	for i, c := range columns {
		chunk, err := f.Leaves[i].chunk(c, end)
		if err != nil && out.rows > 0 { // where there is no row, places mean nothing
			return fmt.Errorf("column %s: %w", f.Leaves[i], err)
		}
		out.chunks = append(out.chunks, chunk)
	}
	f.Rows += out.rows
	f.groups = append(f.groups, out)
	return nil
}

func (l *Leaf) chunk(c node, end int64) (chunk, error) {
	meta := c.field(3)
	if c.has(1) {
		return chunk{}, fmt.Errorf("its data is in another file, %q", c.field(1).raw)
	}
	if meta.kind != thriftStruct {
		return chunk{}, errors.New("no metadata")
	}
	if k := Kind(meta.field(1).num); k != l.Kind {
		return chunk{}, fmt.Errorf("%s (want the schema's %s)", k, l.Kind)
	}
	start, size := meta.field(9).num, meta.field(7).num
	if dictionary := meta.field(11).num; dictionary > 0 && dictionary < start {
		start = dictionary
	}
	if start < int64(len(magic)) || size < 0 || size > end-start {
		return chunk{}, fmt.Errorf("%d bytes from %d on (want them before the footer at %d)", size, start, end)
	}
	values := meta.field(5).num
	if values < 0 {
		return chunk{}, fmt.Errorf("%d values", values)
	}
	return chunk{codec(meta.field(4).num), start, start + size, values}, nil
}

// schema turns the flat list of schema elements into leaves.
type schema struct {
	file *File
	rest []node
}

func (s *schema) root() error {
	if len(s.rest) == 0 {
		return errors.New("no schema")
	}
	children := s.rest[0].field(5).num
	s.rest = s.rest[1:]
	for range children {
		if err := s.element(&Leaf{}); err != nil {
			return err
		}
	}
	if len(s.rest) > 0 {
		return fmt.Errorf("%d schema elements below no column", len(s.rest))
	}
	return nil
}

// element reads one element and those below it; above is the way to it. Field
// numbers are those of SchemaElement.
func (s *schema) element(above *Leaf) error {
	if len(s.rest) == 0 {
		return errors.New("schema ends early")
	}
	e := s.rest[0]
	s.rest = s.rest[1:]
	l := Leaf{Path: append(slices.Clone(above.Path), string(e.field(4).raw)),
		MaxRep: above.MaxRep, MaxDef: above.MaxDef, Element: above.Element, file: s.file}
	if !utf8.Valid(e.field(4).raw) {
		return fmt.Errorf("column name %q is not UTF-8", e.field(4).raw)
	}
	switch e.field(3).num {
	case required:
	case optional:
		l.MaxDef++
	case repeated:
		l.MaxRep++
		l.MaxDef++
		l.Element = l.MaxDef
	default:
		return fmt.Errorf("column %s: repetition %d", &l, e.field(3).num)
	}
	if len(l.Path) > maxLevel {
		return fmt.Errorf("columns more than %d deep", maxLevel)
	}
	if !e.has(5) || e.field(5).num == 0 {
		if !e.has(1) {
			return fmt.Errorf("column %s has no type", &l)
		}
		if t := e.field(1).num; t < 0 || t > math.MaxInt16 {
			return fmt.Errorf("column %s: type %d", &l, t)
		}
		l.Kind = Kind(e.field(1).num)
		l.Null = e.field(10).has(logicalUnknown)
		l.Text = e.field(10).has(logicalString) || e.has(6) && e.field(6).num == convertedUTF8
		l.number = len(s.file.Leaves)
		s.file.Leaves = append(s.file.Leaves, &l)
		return nil
	}
	for range e.field(5).num {
		if err := s.element(&l); err != nil {
			return err
		}
	}
	return nil
}
