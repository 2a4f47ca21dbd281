package formats

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"sort"
	"sync"

	"ssrl/internal/formats/parquet"
)

// column reads a column of a Parquet file by rows. Of its pages it holds only
// the places and the page that it read last, as rows are often read in order.
type column struct {
	leaf  *parquet.Leaf
	pages []pagePlace

	mu     sync.Mutex
	last   int // of pages; page is decoded
	page   *parquet.Page
	starts []start // of the rows that begin in page
}

// pagePlace is where a page lies and which rows begin in it.
type pagePlace struct {
	ref       parquet.Ref
	first     int
	continues bool // it begins inside the row before
}

// start is where a row begins in a page.
type start struct{ entry, value int32 }

// value is a cell, or an element of a cell that is a list.
type value struct {
	null  bool
	bytes []byte // of the page; or
	num   int64
}

// place is a position in a page.
type place struct {
	page  *parquet.Page
	entry int // the next one
	value int // in page.Values
}

// take reads the entry at p, which is there, and moves on. Entries of empty and
// missing lists are no elements.
func (c *column) take(p *place) (v value, element bool) {
	l := c.leaf
	def := l.MaxDef
	if p.page.Def != nil {
		def = int(p.page.Def[p.entry])
	}
	v.null = def < l.MaxDef
	if !v.null {
		if l.Kind == parquet.ByteArray {
			v.bytes = p.page.Values.Bytes[p.value]
		} else if p.page.Values.Ints != nil {
			v.num = p.page.Values.Ints[p.value]
		}
		p.value++
	}
	p.entry++
	return v, l.MaxRep == 0 || def >= l.Element
}

// begins reports whether a row begins at p.
func (p place) begins() bool { return p.page.Rep == nil || p.page.Rep[p.entry] == 0 }

// walk yields the cells of every row in order and remembers the pages. An error
// is the last.
func (c *column) walk() iter.Seq2[[]value, error] {
	return func(yield func([]value, error) bool) {
		var row []value
		open := false // row is one
		for page, err := range c.leaf.Pages() {
			if err != nil {
				yield(nil, err)
				return
			}
			c.pages = append(c.pages, pagePlace{page.Ref, int(page.First), len(page.Rep) > 0 && page.Rep[0] != 0})
			for p := (place{page: page}); p.entry < page.Entries; {
				if p.begins() {
					if open && !yield(row, nil) {
						return
					}
					row, open = row[:0], true
				}
				if v, ok := c.take(&p); ok {
					row = append(row, v)
				}
			}
		}
		if open {
			yield(row, nil)
		}
	}
}

// errChanged ends the reading of a file that is not what it was.
var errChanged = errors.New("the file changed since it was opened")

// cells reads those of a row.
func (c *column) cells(row int) ([]value, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	number := sort.Search(len(c.pages), func(i int) bool { return c.pages[i].first > row }) - 1
	if err := c.load(number); err != nil {
		return nil, err
	}
	k := row - c.pages[number].first
	if k >= len(c.starts) {
		return nil, errChanged
	}
	at := place{c.page, int(c.starts[k].entry), int(c.starts[k].value)}
	var out []value
	for first := true; ; first = false {
		if at.entry == at.page.Entries {
			number++
			if number == len(c.pages) || !c.pages[number].continues {
				return out, nil
			}
			if err := c.load(number); err != nil {
				return nil, err
			}
			at = place{page: c.page}
			if at.page.Entries == 0 {
				return nil, errChanged
			}
		}
		if !first && at.begins() {
			return out, nil
		}
		if v, ok := c.take(&at); ok {
			out = append(out, v)
		}
	}
}

// load decodes a page and finds its rows.
func (c *column) load(number int) error {
	if c.page != nil && c.last == number {
		return nil
	}
	page, err := c.leaf.Page(c.pages[number].ref)
	if err != nil {
		return fmt.Errorf("%w (%w)", err, errChanged)
	}
	c.last, c.page, c.starts = number, page, c.starts[:0]
	for p := (place{page: page}); p.entry < page.Entries; c.take(&p) {
		if p.begins() {
			c.starts = append(c.starts, start{int32(p.entry), int32(p.value)})
		}
	}
	return nil
}

// walker pulls the rows of a column.
type walker struct {
	next func() ([]value, error, bool)
	stop func()
}

func (c *column) walker() walker {
	next, stop := iter.Pull2(c.walk())
	return walker{next, stop}
}

// row is the next row. Its values are good until the one after.
func (w walker) row() ([]value, error) {
	v, err, ok := w.next()
	if !ok {
		err = io.ErrUnexpectedEOF
	}
	return v, err
}
