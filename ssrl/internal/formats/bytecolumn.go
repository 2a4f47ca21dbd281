package formats

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"ssrl/internal/formats/parquet"
)

// byteColumn reads single cells of a column of encoded pictures. It keeps the
// page that it read last, as rows are often read in order.
type byteColumn struct {
	leaf   *parquet.Leaf
	pages  []pagePlace
	starts []rowStart // of each row

	mu   sync.Mutex
	last int // of pages; page is decoded
	page *parquet.Page
}

type pagePlace struct {
	ref       parquet.Ref
	continues bool // it begins inside the row before
}

// rowStart is the first entry of a row.
type rowStart struct{ page, entry int32 }

func (c *byteColumn) addPage(p *parquet.Page) {
	c.pages = append(c.pages, pagePlace{p.Ref, len(p.Rep) > 0 && p.Rep[0] != 0})
}

// cell returns picture n of a row.
func (c *byteColumn) cell(row, n int) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.starts[row]
	for number, from := int(at.page), int(at.entry); ; number, from = number+1, 0 {
		page, err := c.load(number)
		if err != nil {
			return nil, err
		}
		for i, e := range c.leaf.Entries(page) {
			switch {
			case i < from:
				continue
			case i > from && e.Rep == 0:
				return nil, errChanged
			case !element(c.leaf, e):
				continue
			case n > 0:
				n--
				continue
			case e.Value < 0:
				return nil, errChanged
			}
			return bytes.Clone(page.Values.Bytes[e.Value]), nil
		}
		if number+1 == len(c.pages) || !c.pages[number+1].continues {
			return nil, errChanged
		}
	}
}

// errChanged ends the reading of a file that is not what it was.
var errChanged = errors.New("the file changed since it was opened")

// load decodes a page.
func (c *byteColumn) load(number int) (*parquet.Page, error) {
	if c.page != nil && c.last == number {
		return c.page, nil
	}
	page, err := c.leaf.Page(c.pages[number].ref)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", err, errChanged)
	}
	c.last, c.page = number, page
	return page, nil
}
