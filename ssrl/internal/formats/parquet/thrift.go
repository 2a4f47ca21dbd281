package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Types of Thrift's compact protocol (thrift-compact-protocol.md).
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

const (
	maxDepth = 16      // of structures within each other; Parquet's own nest 6 deep
	maxNodes = 4 << 20 // values of one message: 256 MiB at most
)

// node is a decoded Thrift value.
type node struct {
	kind byte
	id   int16 // of a field
	num  int64 // integers; 1 for true
	raw  []byte
	kids []node // fields of a struct, elements of a list
}

// errShort says that a message goes on behind the bytes at hand.
var errShort = errors.New("ends early")

// thriftReader decodes messages of the compact protocol from untrusted bytes.
type thriftReader struct {
	data  []byte
	nodes int
}

// parseThrift decodes the struct that data begins with and says how many bytes
// it takes. The result refers to data.
func parseThrift(data []byte) (node, int, error) {
	r := thriftReader{data: data}
	n := node{kind: thriftStruct}
	err := r.fields(&n, 0)
	return n, len(data) - len(r.data), err
}

// field returns the field with this number, or an empty node.
func (n node) field(id int16) node {
	for _, k := range n.kids {
		if k.id == id {
			return k
		}
	}
	return node{}
}

// has reports whether a struct has this field.
func (n node) has(id int16) bool { return n.field(id).kind != thriftStop }

func (r *thriftReader) fields(n *node, depth int) error {
	var id int16
	for {
		b, err := r.byte()
		if err != nil {
			return err
		}
		kind := b & 15
		if kind == thriftStop {
			return nil
		}
		if delta := int16(b >> 4); delta != 0 {
			id += delta
		} else {
			v, err := r.varint()
			if err != nil {
				return err
			}
			id = int16(v)
		}
		field := node{kind: kind, id: id}
		if kind == thriftTrue || kind == thriftFalse {
			field.num = int64(2 - kind)
		} else if err := r.value(&field, depth); err != nil {
			return err
		}
		if err := r.add(n, field); err != nil {
			return err
		}
	}
}

func (r *thriftReader) add(n *node, kid node) error {
	if r.nodes++; r.nodes > maxNodes {
		return fmt.Errorf("more than %d values", maxNodes)
	}
	n.kids = append(n.kids, kid)
	return nil
}

// value reads what follows the type of a field or list.
func (r *thriftReader) value(n *node, depth int) (err error) {
	if depth > maxDepth {
		return fmt.Errorf("structures more than %d deep", maxDepth)
	}
	switch n.kind {
	case thriftByte:
		var b byte
		b, err = r.byte()
		n.num = int64(int8(b))
	case thriftI16, thriftI32, thriftI64:
		n.num, err = r.varint()
	case thriftDouble:
		n.raw, err = r.take(8)
	case thriftBinary:
		var size uint64
		if size, err = r.uvarint(); err == nil {
			n.raw, err = r.take(size)
		}
	case thriftList, thriftSet:
		err = r.list(n, depth)
	case thriftStruct:
		err = r.fields(n, depth+1)
	default: // maps too: Parquet has none
		err = fmt.Errorf("a value of type %d", n.kind)
	}
	return err
}

func (r *thriftReader) list(n *node, depth int) error {
	b, err := r.byte()
	if err != nil {
		return err
	}
	size, kind := uint64(b>>4), b&15
	if size == 15 {
		if size, err = r.uvarint(); err != nil {
			return err
		}
	}
	if size > uint64(len(r.data)) { // an element takes a byte at least
		return errShort
	}
	for range size {
		kid := node{kind: kind}
		if kind == thriftTrue || kind == thriftFalse {
			b, err := r.byte()
			if err != nil {
				return err
			}
			kid.num = int64(b & 1)
		} else if err := r.value(&kid, depth+1); err != nil {
			return err
		}
		if err := r.add(n, kid); err != nil {
			return err
		}
	}
	return nil
}

func (r *thriftReader) byte() (byte, error) {
	if len(r.data) == 0 {
		return 0, errShort
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b, nil
}

func (r *thriftReader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.data)) {
		return nil, errShort
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b, nil
}

func (r *thriftReader) uvarint() (uint64, error) {
	v, n := binary.Uvarint(r.data)
	if n == 0 {
		return 0, errShort
	}
	if n < 0 {
		return 0, errors.New("a number of more than 64 bits")
	}
	r.data = r.data[n:]
	return v, nil
}

// varint reads a zigzag number.
func (r *thriftReader) varint() (int64, error) {
	v, err := r.uvarint()
	return int64(v>>1) ^ -int64(v&1), err
}
