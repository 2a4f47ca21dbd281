package rgbd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

const magicHDF5 = "\x89HDF\r\n\x1a\n"

// h5File is an HDF5 file in memory. What is read is what h5py writes with the
// formats of HDF5 1.6 and 1.8 (libver "earliest" and "v108"): superblocks 0 to
// 3, object headers 1 and 2, groups as symbol tables or as links in the header,
// data contiguous, compact or in chunks under a version 1 B-tree. Section
// numbers are those of the HDF5 File Format Specification 3.0.
//
// Every address and count comes from the file. Nothing is allocated by them
// before they are held against its length, and the number of entries looked at
// in all is bounded by it, so loops and shared nodes end.
type h5File struct {
	data   []byte
	budget int // entries that may still be looked at; each takes bytes of the file
}

var errH5Early = errors.New("ends early")

// bytes returns n bytes at addr.
func (f *h5File) bytes(addr, n uint64) ([]byte, error) {
	if addr > uint64(len(f.data)) || n > uint64(len(f.data))-addr {
		return nil, errH5Early
	}
	return f.data[addr : addr+n : addr+n], nil
}

// spend takes n entries from the budget.
func (f *h5File) spend(n int) error {
	if f.budget -= n; f.budget < 0 {
		return errors.New("HDF5 structures point in circles")
	}
	return nil
}

// signed returns n bytes at addr, which begin with signature.
func (f *h5File) signed(addr, n uint64, signature string) ([]byte, error) {
	b, err := f.bytes(addr, n)
	if err == nil && string(b[:len(signature)]) != signature {
		err = fmt.Errorf("no HDF5 %s at byte %d", signature, addr)
	}
	return b, err
}

func u16(b []byte) uint64 { return uint64(binary.LittleEndian.Uint16(b)) }
func u32(b []byte) uint64 { return uint64(binary.LittleEndian.Uint32(b)) }
func u64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// openHDF5 reads the superblock (II.A) and returns the address of the root
// group's object header.
func openHDF5(data []byte) (f *h5File, root uint64, err error) {
	f = &h5File{data, len(data)}
	b, err := f.bytes(0, 48)
	if err != nil {
		return nil, 0, err
	}
	version, sizes := b[8], b[9:11]
	if version < 2 {
		sizes = b[13:15]
	}
	if version > 3 {
		return nil, 0, fmt.Errorf("HDF5 superblock %d (want 0 to 3)", version)
	}
	if sizes[0] != 8 || sizes[1] != 8 {
		return nil, 0, fmt.Errorf("HDF5 addresses of %d bytes and lengths of %d (want 8)", sizes[0], sizes[1])
	}
	base, end, rootAt := uint64(12), uint64(28), uint64(36)
	if version < 2 {
		// A root symbol table entry begins with the offset of its empty name.
		base, end, rootAt = 24, 40, 64
		if version == 1 {
			base, end, rootAt = 28, 44, 68
		}
	}
	if b, err = f.bytes(0, rootAt+8); err != nil {
		return nil, 0, err
	}
	if u64(b[base:]) != 0 {
		return nil, 0, fmt.Errorf("HDF5 base address %d (want 0)", u64(b[base:]))
	}
	if u64(b[end:]) > uint64(len(data)) {
		return nil, 0, errH5Early
	}
	return f, u64(b[rootAt:]), nil
}

// find returns the address of the object header of name in the group at addr.
func (f *h5File) find(group uint64, name string) (addr uint64, err error) {
	messages, err := f.header(group)
	if err != nil {
		return 0, err
	}
	missing := fmt.Errorf("no dataset %q", name)
	for _, m := range messages {
		switch m.kind {
		case h5SymbolTable:
			if len(m.body) < 16 {
				return 0, errH5Early
			}
			names, err := f.heap(u64(m.body[8:]))
			if err != nil {
				return 0, err
			}
			addr, ok, err := f.findInTree(u64(m.body), names, name, -1)
			if err != nil || ok {
				return addr, err
			}
		case h5Link:
			addr, ok, err := linkTo(m.body, name)
			if err != nil || ok {
				return addr, err
			}
		case h5LinkInfo:
			missing = fmt.Errorf("no dataset %q among the links of the root group's header", name)
		}
	}
	return 0, missing
}

// heap returns the names of a group (III.D).
func (f *h5File) heap(addr uint64) ([]byte, error) {
	b, err := f.signed(addr, 32, "HEAP")
	if err != nil {
		return nil, err
	}
	return f.bytes(u64(b[24:]), u64(b[8:]))
}

// findInTree looks for name below a group node (III.A.1). Level is what the
// parent demands, -1 at the root; levels fall, so recursion ends.
func (f *h5File) findInTree(addr uint64, names []byte, name string, level int) (uint64, bool, error) {
	b, err := f.signed(addr, 24, "TREE")
	if err != nil {
		return 0, false, err
	}
	if b[4] != 0 || level >= 0 && int(b[5]) != level {
		return 0, false, fmt.Errorf("HDF5 node at byte %d is of type %d, level %d", addr, b[4], b[5])
	}
	level, n := int(b[5]), u16(b[6:])
	if err := f.spend(1 + int(n)); err != nil {
		return 0, false, err
	}
	// A key, an offset into names, stands before each child and after the last.
	if b, err = f.bytes(addr+24, 16*n+8); err != nil {
		return 0, false, err
	}
	for ; len(b) > 8; b = b[16:] {
		var found uint64
		var ok bool
		if child := u64(b[8:]); level > 0 {
			found, ok, err = f.findInTree(child, names, name, level-1)
		} else {
			found, ok, err = f.findInLeaf(child, names, name)
		}
		if err != nil || ok {
			return found, ok, err
		}
	}
	return 0, false, nil
}

// findInLeaf looks for name among the entries of a symbol table node (III.B).
func (f *h5File) findInLeaf(addr uint64, names []byte, name string) (uint64, bool, error) {
	const entry = 40
	b, err := f.signed(addr, 8, "SNOD")
	if err != nil {
		return 0, false, err
	}
	n := u16(b[6:])
	if err := f.spend(1 + int(n)); err != nil {
		return 0, false, err
	}
	if b, err = f.bytes(addr+8, entry*n); err != nil {
		return 0, false, err
	}
	want := append([]byte(name), 0)
	for ; len(b) > 0; b = b[entry:] {
		at := u64(b)
		if at < uint64(len(names)) && bytes.HasPrefix(names[at:], want) {
			return u64(b[8:]), true, nil
		}
	}
	return 0, false, nil
}

// linkTo returns the address of a hard link if it is called name (IV.A.2.g).
func linkTo(b []byte, name string) (addr uint64, ok bool, err error) {
	if len(b) < 2 {
		return 0, false, errH5Early
	}
	if b[0] != 1 {
		return 0, false, fmt.Errorf("HDF5 link version %d (want 1)", b[0])
	}
	flags, at, kind := b[1], 2, byte(0)
	if flags&8 != 0 && len(b) > at {
		kind = b[at]
		at++
	}
	if flags&4 != 0 { // creation order
		at += 8
	}
	if flags&16 != 0 { // character set
		at++
	}
	width := 1 << (flags & 3)
	if len(b) < at+width {
		return 0, false, errH5Early
	}
	size := uintOf(b[at : at+width])
	at += width
	if uint64(len(b)-at) < size {
		return 0, false, errH5Early
	}
	if string(b[at:at+int(size)]) != name {
		return 0, false, nil
	}
	if kind != 0 {
		return 0, false, fmt.Errorf("%q is a soft or external link (want a dataset)", name)
	}
	if at += int(size); len(b) < at+8 {
		return 0, false, errH5Early
	}
	return u64(b[at:]), true, nil
}

// uintOf reads a little-endian number of 1 to 8 bytes.
func uintOf(b []byte) uint64 {
	var w [8]byte
	copy(w[:], b)
	return u64(w[:])
}
