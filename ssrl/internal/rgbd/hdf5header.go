package rgbd

import (
	"fmt"
)

// Kinds of header messages (IV.A.2).
const (
	h5Dataspace    = 0x01
	h5LinkInfo     = 0x02
	h5Datatype     = 0x03
	h5Link         = 0x06
	h5Layout       = 0x08
	h5Filters      = 0x0b
	h5Continuation = 0x10
	h5SymbolTable  = 0x11
)

type h5Message struct {
	kind   int
	shared bool // the body says where the message is
	body   []byte
}

// header returns the messages of the object header at addr, in their order.
func (f *h5File) header(addr uint64) ([]h5Message, error) {
	b, err := f.bytes(addr, 16)
	if err != nil {
		return nil, err
	}
	if string(b[:4]) == "OHDR" {
		return f.header2(addr)
	}
	if b[0] != 1 {
		return nil, fmt.Errorf("HDF5 object header version %d (want 1 or 2)", b[0])
	}
	if b, err = f.bytes(addr+16, u32(b[8:])); err != nil {
		return nil, err
	}
	// Version 1 (IV.A.1.a): kind, size, flags, three bytes of nothing.
	var messages []h5Message
	for blocks := [][]byte{b}; len(blocks) > 0; blocks = blocks[1:] {
		for b = blocks[0]; len(b) >= 8; {
			m := h5Message{int(u16(b)), b[4]&2 != 0, nil}
			size := u16(b[2:])
			if size > uint64(len(b)-8) {
				return nil, errH5Early
			}
			m.body, b = b[8:8+size], b[8+size:]
			if err := f.spend(1); err != nil {
				return nil, err
			}
			if m.kind != h5Continuation {
				messages = append(messages, m)
				continue
			}
			more, err := f.continued(m.body)
			if err != nil {
				return nil, err
			}
			blocks = append(blocks, more)
		}
	}
	return messages, nil
}

// continued returns the block that a continuation message points at (IV.A.2.q).
func (f *h5File) continued(body []byte) ([]byte, error) {
	if len(body) < 16 {
		return nil, errH5Early
	}
	return f.bytes(u64(body), u64(body[8:]))
}

// header2 reads an object header of version 2 (IV.A.1.b).
func (f *h5File) header2(addr uint64) ([]h5Message, error) {
	b, err := f.bytes(addr, 6)
	if err != nil {
		return nil, err
	}
	if b[4] != 2 {
		return nil, fmt.Errorf("HDF5 object header version %d (want 1 or 2)", b[4])
	}
	flags, at := b[5], addr+6
	if flags&0x20 != 0 { // four times
		at += 16
	}
	if flags&0x10 != 0 { // two limits of attributes
		at += 4
	}
	width := uint64(1) << (flags & 3)
	if b, err = f.bytes(at, width); err != nil {
		return nil, err
	}
	if b, err = f.bytes(at+width, uintOf(b)); err != nil {
		return nil, err
	}
	prefix := 4 // kind, two of size, flags
	if flags&4 != 0 {
		prefix += 2 // creation order
	}
	var messages []h5Message
	for blocks := [][]byte{b}; len(blocks) > 0; blocks = blocks[1:] {
		for b = blocks[0]; len(b) >= prefix; {
			m := h5Message{int(b[0]), b[3]&2 != 0, nil}
			size := int(u16(b[1:]))
			if size > len(b)-prefix {
				return nil, errH5Early
			}
			m.body, b = b[prefix:prefix+size], b[prefix+size:]
			if err := f.spend(1); err != nil {
				return nil, err
			}
			if m.kind != h5Continuation {
				messages = append(messages, m)
				continue
			}
			more, err := f.continued(m.body)
			if err != nil {
				return nil, err
			}
			if len(more) < 8 || string(more[:4]) != "OCHK" {
				return nil, fmt.Errorf("no HDF5 OCHK at byte %d", u64(m.body))
			}
			blocks = append(blocks, more[4:len(more)-4]) // less the checksum
		}
	}
	return messages, nil
}

// h5Dataset is what the header of a dataset says.
type h5Dataset struct {
	dims    []int64 // as stored, slowest first
	axes    []int   // which of dims are height and width
	kind    sampleType
	layout  []byte // body of the layout message
	filters []h5Filter
}

func (d *h5Dataset) height() int { return int(d.dims[d.axes[0]]) }
func (d *h5Dataset) width() int  { return int(d.dims[d.axes[1]]) }

// h5Filter is one step of the pipeline that chunks went through.
type h5Filter struct {
	id     uint64
	values []uint64
}

// dataset reads the header at addr.
func (f *h5File) dataset(addr uint64) (*h5Dataset, error) {
	messages, err := f.header(addr)
	if err != nil {
		return nil, err
	}
	d := &h5Dataset{}
	for _, m := range messages {
		switch m.kind {
		case h5Dataspace, h5Datatype, h5Layout, h5Filters:
			if m.shared {
				return nil, fmt.Errorf("HDF5 message %#x is shared (want it in the dataset's header)", m.kind)
			}
		}
		switch m.kind {
		case h5Dataspace:
			d.dims, err = parseDataspace(m.body)
		case h5Datatype:
			d.kind, err = parseDatatype(m.body)
		case h5Layout:
			d.layout = m.body
		case h5Filters:
			d.filters, err = parseFilters(m.body)
		}
		if err != nil {
			return nil, err
		}
	}
	if d.dims == nil || d.kind.size == 0 || d.layout == nil {
		return nil, fmt.Errorf("no array (want a dataset with shape, type and layout)")
	}
	d.axes, err = imageAxes(d.dims)
	return d, err
}

// parseDataspace returns the shape (IV.A.2.b).
func parseDataspace(b []byte) ([]int64, error) {
	if len(b) < 4 {
		return nil, errH5Early
	}
	at := 4
	switch b[0] {
	case 1:
		at = 8
	case 2:
	default:
		return nil, fmt.Errorf("HDF5 dataspace version %d (want 1 or 2)", b[0])
	}
	rank := int(b[1])
	if rank < 2 || rank > 8 {
		return nil, fmt.Errorf("%d dimensions (want 2)", rank)
	}
	if len(b) < at+8*rank {
		return nil, errH5Early
	}
	dims := make([]int64, rank)
	for i := range dims {
		v := u64(b[at+8*i:])
		if v > 1<<31-1 {
			return nil, fmt.Errorf("a dimension of %d (want %d at most)", v, maxSide)
		}
		dims[i] = int64(v)
	}
	return dims, nil
}

// parseDatatype reads an IEEE float or an integer of whole bytes (IV.A.2.d).
func parseDatatype(b []byte) (sampleType, error) {
	if len(b) < 8 {
		return sampleType{}, errH5Early
	}
	refuse := fmt.Errorf("HDF5 type of class %d, %d bytes (want f2, f4, f8 or an integer)", b[0]&15, u32(b[4:]))
	size := u32(b[4:])
	if size > 8 {
		return sampleType{}, refuse
	}
	t := sampleType{size: int(size), big: b[1]&1 != 0}
	switch b[0] & 15 {
	case 0:
		t.kind = 'u'
		if b[1]&8 != 0 {
			t.kind = 'i'
		}
		if !t.known() {
			return sampleType{}, refuse
		}
		return t, nil
	case 1:
		t.kind = 'f'
	}
	// Bit offset and precision, place and bits of exponent and mantissa, bias.
	ieee := map[int][5]uint64{2: {16 << 16, 10, 5, 10, 15}, 4: {32 << 16, 23, 8, 23, 127}, 8: {64 << 16, 52, 11, 52, 1023}}
	want, ok := ieee[t.size]
	if t.kind != 'f' || !ok {
		return sampleType{}, refuse
	}
	if len(b) < 20 {
		return sampleType{}, errH5Early
	}
	got := [5]uint64{u32(b[8:]), uint64(b[12]), uint64(b[13]), uint64(b[15]), u32(b[16:])}
	if got != want || b[14] != 0 || b[1]&0x40 != 0 {
		return sampleType{}, fmt.Errorf("HDF5 float of %d bytes is not IEEE 754", t.size)
	}
	return t, nil
}

// parseFilters reads the pipeline (IV.A.2.l).
func parseFilters(b []byte) ([]h5Filter, error) {
	if len(b) < 2 {
		return nil, errH5Early
	}
	version, n := b[0], int(b[1])
	b = b[2:]
	switch {
	case version == 1 && len(b) >= 6:
		b = b[6:]
	case version != 2:
		return nil, fmt.Errorf("HDF5 filter pipeline version %d (want 1 or 2)", version)
	}
	var filters []h5Filter
	for range n {
		if len(b) < 8 {
			return nil, errH5Early
		}
		flt := h5Filter{id: u16(b)}
		named := version == 1 || flt.id >= 256
		at, name := 2, 0
		if named {
			name = int(u16(b[2:]))
			at = 4
		}
		if version == 1 {
			name = (name + 7) / 8 * 8
		}
		values := int(u16(b[at+2:]))
		at += 4 + name
		pad := 0
		if version == 1 && values%2 == 1 {
			pad = 4
		}
		if len(b) < at+4*values {
			return nil, errH5Early
		}
		for i := range values {
			flt.values = append(flt.values, u32(b[at+4*i:]))
		}
		filters = append(filters, flt)
		b = b[min(len(b), at+4*values+pad):]
	}
	return filters, nil
}
