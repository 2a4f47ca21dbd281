package parquet

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"strings"
)

// Page types of parquet.thrift.
const (
	dataPage       = 0
	indexPage      = 1
	dictionaryPage = 2
	dataPageV2     = 3
)

// headerSizes are how many bytes are read for a page's header: those with
// statistics of long strings take more.
var headerSizes = []int64{512, 64 << 10, 16 << 20}

// Page is a decoded page of a leaf.
type Page struct {
	Values Values
	// Rep and Def are the levels of every entry, nulls and empty lists included;
	// nil where the leaf's MaxRep or MaxDef is 0.
	Rep, Def []uint8
	Entries  int
	// First is the row of the first entry with Rep 0, Rows how many such entries
	// there are. Entries before it belong to the row before.
	First int64
	Rows  int
	Ref   Ref
}

// Ref is the place of a page. It stays good for the file that it is from.
type Ref struct {
	group  int
	offset int64
	first  int64
}

func (l *Leaf) String() string { return strings.Join(l.Path, ".") }

// cursor walks the pages of a chunk.
type cursor struct {
	leaf       *Leaf
	chunk      chunk
	group      int
	at         int64 // in the file
	dictionary Values
	known      bool // dictionary is the chunk's
}

// Pages decodes the pages of all row groups in order. An error ends them.
func (l *Leaf) Pages() iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		for g, group := range l.file.groups {
			c := l.cursor(g)
			rows, entries := int64(0), int64(0)
			for entries < c.chunk.values || rows < group.rows {
				p, err := c.next()
				if err == io.EOF {
					err = fmt.Errorf("%d rows of %d entries (want %d of %d)", rows, entries, group.rows, c.chunk.values)
				}
				if err == nil {
					p.First = group.first + rows
					p.Ref.first = p.First
					rows += int64(p.Rows)
					entries += int64(p.Entries)
					if rows > group.rows || rows == 0 && p.Entries > 0 {
						err = fmt.Errorf("entries for %d rows (want %d)", rows, group.rows)
					}
				}
				if err != nil {
					yield(nil, fmt.Errorf("column %s: row group %d: %w", l, g, err))
					return
				}
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}

// Page decodes the page at ref.
func (l *Leaf) Page(ref Ref) (*Page, error) {
	c := l.cursor(ref.group)
	c.at = ref.offset
	p, err := c.next()
	if err == io.EOF {
		err = errShort
	}
	if err != nil {
		return nil, fmt.Errorf("column %s: row group %d: %w", l, ref.group, err)
	}
	p.First, p.Ref.first = ref.first, ref.first
	return p, nil
}

func (l *Leaf) cursor(g int) *cursor {
	c := l.file.groups[g].chunks[l.number]
	return &cursor{leaf: l, chunk: c, group: g, at: c.start}
}

// next decodes the next data page; io.EOF ends the chunk.
func (c *cursor) next() (*Page, error) {
	for {
		if c.at >= c.chunk.end {
			return nil, io.EOF
		}
		start := c.at
		h, data, err := c.read()
		if err != nil {
			return nil, fmt.Errorf("page at byte %d: %w", start, err)
		}
		switch h.kind {
		case dictionaryPage:
			err = c.setDictionary(h, data)
		case dataPage, dataPageV2:
			if !c.known && (h.encoding == plainDictionary || h.encoding == rleDictionary) {
				if err = c.findDictionary(); err != nil {
					return nil, err
				}
			}
			var p *Page
			if p, err = c.decode(h, data); err == nil {
				p.Ref = Ref{group: c.group, offset: start}
				return p, nil
			}
		case indexPage:
		default:
			err = fmt.Errorf("type %d", h.kind)
		}
		if err != nil {
			return nil, fmt.Errorf("page at byte %d: %w", start, err)
		}
	}
}

// header is what a page says of itself.
type header struct {
	kind             int64
	packed, size     int // bytes of its data as stored, as decoded
	count            int // values, nulls included
	encoding         int64
	rep, def         int   // bytes of levels, version 2
	plain            bool  // version 2, stored without compression
	repForm, defForm int64 // encodings of levels, version 1
	checksum         uint32
	checked          bool
}

// read reads the page at c.at, header and data, and moves behind it.
func (c *cursor) read() (header, []byte, error) {
	h, n, err := c.header()
	if err != nil {
		return h, nil, err
	}
	from := c.at + int64(n)
	if int64(h.packed) > c.chunk.end-from {
		return h, nil, fmt.Errorf("%d bytes (want %d at most, the rest of the column)", h.packed, c.chunk.end-from)
	}
	data := make([]byte, h.packed)
	if _, err := c.leaf.file.in.ReadAt(data, from); err != nil {
		return h, nil, err
	}
	if h.checked && crc32.ChecksumIEEE(data) != h.checksum {
		return h, nil, errors.New("damaged: its checksum is another")
	}
	c.at = from + int64(h.packed)
	return h, data, nil
}

func (c *cursor) header() (h header, n int, err error) {
	var node node
	for _, size := range headerSizes {
		room := c.chunk.end - c.at
		data := make([]byte, min(size, room))
		if _, err := c.leaf.file.in.ReadAt(data, c.at); err != nil {
			return h, 0, err
		}
		node, n, err = parseThrift(data)
		if err == nil || !errors.Is(err, errShort) || size >= room {
			break
		}
	}
	if err != nil {
		return h, 0, fmt.Errorf("header: %w", err)
	}
	h, err = newHeader(node)
	return h, n, err
}

// newHeader takes the fields of PageHeader, DataPageHeader, DictionaryPageHeader
// and DataPageHeaderV2, by their numbers.
func newHeader(n node) (header, error) {
	h := header{kind: n.field(1).num, checked: n.has(4), checksum: uint32(n.field(4).num)}
	var packed, size, count, rep, def int64
	size, packed = n.field(2).num, n.field(3).num
	switch h.kind {
	case dataPage:
		d := n.field(5)
		count, h.encoding = d.field(1).num, d.field(2).num
		h.defForm, h.repForm = d.field(3).num, d.field(4).num
	case dictionaryPage:
		d := n.field(7)
		count, h.encoding = d.field(1).num, d.field(2).num
	case dataPageV2:
		d := n.field(8)
		count, h.encoding = d.field(1).num, d.field(4).num
		def, rep = d.field(5).num, d.field(6).num
		h.plain = d.has(7) && d.field(7).num == 0
	}
	for _, f := range []struct {
		name        string
		value, most int64
	}{{"bytes", packed, maxPage}, {"bytes unpacked", size, maxPage}, {"values", count, maxValues},
		{"bytes of levels", rep, packed}, {"bytes of levels", def, packed - rep}} {
		if f.value < 0 || f.value > f.most {
			return h, fmt.Errorf("%d %s (want 0 to %d)", f.value, f.name, f.most)
		}
	}
	h.packed, h.size, h.count, h.rep, h.def = int(packed), int(size), int(count), int(rep), int(def)
	return h, nil
}

func (c *cursor) setDictionary(h header, data []byte) error {
	data, err := c.chunk.codec.unpack(data, h.size)
	if err != nil {
		return err
	}
	c.dictionary, err = decodePlain(c.leaf.Kind, data, h.count)
	c.known = err == nil
	return err
}

// findDictionary reads the dictionary, the first page of a chunk that has one.
func (c *cursor) findDictionary() error {
	first := *c
	first.at = c.chunk.start
	h, data, err := first.read()
	if err == nil && h.kind != dictionaryPage {
		err = errors.New("no dictionary")
	}
	if err == nil {
		err = c.setDictionary(h, data)
	}
	if err != nil {
		return fmt.Errorf("dictionary at byte %d: %w", c.chunk.start, err)
	}
	return nil
}

// decode turns a data page into values with levels.
func (c *cursor) decode(h header, data []byte) (*Page, error) {
	p := &Page{Entries: h.count}
	var err error
	if h.kind == dataPageV2 {
		data, err = c.levelsV2(p, h, data)
	} else {
		data, err = c.levelsV1(p, h, data)
	}
	if err != nil {
		return nil, err
	}
	values := h.count
	if p.Def != nil {
		values = 0
		for _, d := range p.Def {
			if int(d) == c.leaf.MaxDef {
				values++
			}
		}
	}
	p.Rows = h.count
	if p.Rep != nil {
		p.Rows = 0
		for _, r := range p.Rep {
			if r == 0 {
				p.Rows++
			}
		}
	}
	if values == 0 { // all null: some writers leave no data at all
		return p, nil
	}
	p.Values, err = decodeValues(c.leaf.Kind, h.encoding, data, values, c.dictionary)
	return p, err
}

func (c *cursor) levelsV1(p *Page, h header, data []byte) (rest []byte, err error) {
	if c.leaf.MaxRep > 0 && h.repForm != rle || c.leaf.MaxDef > 0 && h.defForm != rle {
		return nil, fmt.Errorf("levels in encodings %d and %d (want RLE, %d)", h.repForm, h.defForm, rle)
	}
	if data, err = c.chunk.codec.unpack(data, h.size); err != nil {
		return nil, err
	}
	if p.Rep, data, err = levelsV1(data, h.count, c.leaf.MaxRep); err != nil {
		return nil, err
	}
	p.Def, data, err = levelsV1(data, h.count, c.leaf.MaxDef)
	return data, err
}

func (c *cursor) levelsV2(p *Page, h header, data []byte) (rest []byte, err error) {
	if p.Rep, err = decodeLevels(data[:h.rep], h.count, c.leaf.MaxRep); err != nil {
		return nil, err
	}
	data = data[h.rep:]
	if p.Def, err = decodeLevels(data[:h.def], h.count, c.leaf.MaxDef); err != nil {
		return nil, err
	}
	data = data[h.def:]
	if h.plain {
		return data, nil
	}
	size := h.size - h.rep - h.def
	if size < 0 || size == 0 && len(data) == 0 {
		return nil, nil // nothing but nulls
	}
	return c.chunk.codec.unpack(data, size)
}

// Entries yields every entry of a page with its levels and its value's place in
// Values, -1 where there is none. leaf is the page's own.
func (l *Leaf) Entries(p *Page) iter.Seq2[int, Entry] {
	return func(yield func(int, Entry) bool) {
		value := 0
		for i := range p.Entries {
			e := Entry{Def: l.MaxDef, Value: -1}
			if p.Rep != nil {
				e.Rep = int(p.Rep[i])
			}
			if p.Def != nil {
				e.Def = int(p.Def[i])
			}
			if e.Def == l.MaxDef {
				e.Value = value
				value++
			}
			if !yield(i, e) {
				return
			}
		}
	}
}

// Entry is one place of a page.
type Entry struct {
	Rep, Def int
	Value    int // in Page.Values, -1 for none
}
