// Package parquet reads columns of Parquet files that nobody vouches for.
//
// A Leaf is read page by page, in order or by place, so that one row of a large
// file costs one page. Files are read as pyarrow, datasets, pandas, polars and
// DuckDB write them: data pages of both versions, plain, dictionary and delta
// encodings, without compression or with Snappy, gzip or zstd. Sources: the
// Apache Parquet format 2.11, parquet.thrift, Encodings.md and Compression.md.
//
// Nothing is allocated that the bytes of the file do not account for: a count in
// a header is held against what follows it, and a page against maxPage. That is
// why the decoders are our own: those of parquet-go 0.32 reserve what a header
// claims, and its LZ4 doubles a buffer without end on damaged input.
//
// Limits: no LZ4, LZO or Brotli, no encryption, no BYTE_STREAM_SPLIT or INT96
// values, columns in the file itself, at most 1 GiB and 4,194,304 values a page.
package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	magic     = "PAR1"
	maxFooter = 64 << 20 // bytes
	maxPage   = 1 << 30  // bytes of a page, packed or not
	maxValues = 1 << 22  // values of a page
	maxRows   = 1 << 40  // rows of a file, which are not held in memory
)

// Kind is the physical type of a column.
type Kind int

// The kinds, with parquet.thrift's numbers.
const (
	Boolean   Kind = 0
	Int32     Kind = 1
	Int64     Kind = 2
	int96     Kind = 3
	Float     Kind = 4
	Double    Kind = 5
	ByteArray Kind = 6
	fixed     Kind = 7
)

func (k Kind) String() string {
	names := []string{"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"}
	if k < 0 || int(k) >= len(names) {
		return fmt.Sprintf("type %d", int(k))
	}
	return names[k]
}

// File is an opened file. It is immutable and safe for concurrent use.
type File struct {
	Rows   int64
	Meta   map[string]string // key-value metadata; huggingface is one key
	Leaves []*Leaf           // in the order of the schema

	in     io.ReaderAt
	groups []group
}

// Leaf is a column that holds values.
type Leaf struct {
	Path []string // names from the top
	Kind Kind
	// Null says that the writer knew no type: every value is null. Text says that
	// byte arrays are UTF-8 by the writer's word.
	Null, Text bool
	// MaxRep is the number of lists around the value, MaxDef the level of a value
	// that is there.
	MaxRep, MaxDef int
	// Element is the level from which on an element of the innermost list exists,
	// null or not. It is 0 outside lists.
	Element int

	file   *File
	number int // of all leaves
}

// group is a row group.
type group struct {
	rows   int64
	first  int64 // row
	chunks []chunk
}

// chunk is a column's part of a row group.
type chunk struct {
	codec      codec
	start, end int64 // of its pages in the file
	values     int64
}

// Open reads the footer. Errors do not name the file.
func Open(in io.ReaderAt, size int64) (*File, error) {
	const frame = 8 // footer length and magic
	if size == 0 {
		return nil, errors.New("empty file (want Parquet)")
	}
	var head [4]byte
	if size < int64(len(magic))+frame {
		return nil, fmt.Errorf("%d bytes (want a Parquet file)", size)
	}
	if _, err := in.ReadAt(head[:], 0); err != nil {
		return nil, err
	}
	if string(head[:]) == "PARE" {
		return nil, errors.New("an encrypted Parquet file")
	}
	if string(head[:]) != magic {
		return nil, fmt.Errorf("begins with %q (want a Parquet file)", head[:])
	}
	var tail [frame]byte
	if _, err := in.ReadAt(tail[:], size-frame); err != nil {
		return nil, err
	}
	if string(tail[4:]) != magic {
		return nil, fmt.Errorf("ends with %q (want a whole Parquet file)", tail[4:])
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if length > size-frame-int64(len(magic)) || length > maxFooter {
		return nil, fmt.Errorf("footer of %d bytes in a file of %d (want %d at most)", length, size, maxFooter)
	}
	footer := make([]byte, length)
	if _, err := in.ReadAt(footer, size-frame-length); err != nil {
		return nil, err
	}
	f := &File{in: in}
	if err := f.parse(footer, size-frame-length); err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	return f, nil
}
