package rgbd

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"ssrl/internal/rgbd/zlib"
)

const (
	filterDeflate = 1
	filterShuffle = 2

	// looseChunk is the size of a chunk that may be larger than its dataset:
	// resizable datasets are made with chunks to grow into.
	looseChunk = 1 << 22

	noAddress = 1<<64 - 1
)

// decodeDepthHDF5 reads the dataset "depth" of the root group, which MegaDepth
// stores as float32 without a metric scale.
func decodeDepthHDF5(data []byte, unit Unit) (*Depth, error) {
	f, root, err := openHDF5(data)
	if err != nil {
		return nil, err
	}
	addr, err := f.find(root, "depth")
	if err != nil {
		return nil, err
	}
	ds, err := f.dataset(addr)
	if err != nil {
		return nil, err
	}
	unit = unit.or(relative)
	if err := ds.kind.checkUnit(unit); err != nil {
		return nil, err
	}
	if raw := ds.bytes(); raw > maxDeflate*int64(len(data)) {
		return nil, fmt.Errorf("%dx%d pixels in %d bytes", ds.width(), ds.height(), len(data))
	}
	return f.depths(ds, unit)
}

// bytes returns the size of the unpacked data.
func (ds *h5Dataset) bytes() int64 {
	return int64(ds.width()) * int64(ds.height()) * int64(ds.kind.size)
}

// depths reads the data as its layout says (IV.A.2.i).
func (f *h5File) depths(ds *h5Dataset, unit Unit) (*Depth, error) {
	b := ds.layout
	if len(b) < 4 {
		return nil, errH5Early
	}
	if b[0] == 4 && b[1] == 2 {
		return nil, errors.New(`chunk index of HDF5 1.10 (want one written with libver "earliest" or "v108")`)
	}
	if b[0] != 3 && b[0] != 4 {
		return nil, fmt.Errorf("HDF5 data layout version %d (want 3)", b[0])
	}
	var flat []byte
	var err error
	switch b[1] {
	case 0: // compact: in the message itself
		if size := u16(b[2:]); size <= uint64(len(b)-4) {
			flat = b[4 : 4+size]
		}
	case 1: // contiguous
		if len(b) < 18 {
			return nil, errH5Early
		}
		if u64(b[2:]) == noAddress {
			return nil, errors.New("not one reading (the dataset was never written)")
		}
		flat, err = f.bytes(u64(b[2:]), u64(b[10:]))
	case 2:
		return f.chunked(ds, unit)
	default:
		err = fmt.Errorf("HDF5 data layout class %d (want 0, 1 or 2)", b[1])
	}
	if err != nil {
		return nil, err
	}
	if len(ds.filters) > 0 || int64(len(flat)) < ds.bytes() {
		return nil, fmt.Errorf("%d bytes of data through %d filters (want %d through none)", len(flat), len(ds.filters), ds.bytes())
	}
	d := newDepth(ds.width(), ds.height(), unit)
	ds.kind.depths(d.Metres, flat, unit)
	return d, nil
}

// h5Grid is how a dataset is cut into chunks.
type h5Grid struct {
	width, height int // of a chunk
	cols, rows    int // chunks across and down
	size          int // bytes of a chunk, unpacked
}

// grid reads the chunk shape and bounds the work of unpacking all chunks.
func (ds *h5Dataset) grid() (g h5Grid, tree uint64, err error) {
	b, rank := ds.layout, len(ds.dims)
	if int(b[2]) != rank+1 || len(b) < 11+4*(rank+1) {
		return g, 0, fmt.Errorf("chunks of %d dimensions (want %d)", int(b[2])-1, rank)
	}
	shape := make([]uint64, rank)
	for i := range shape {
		shape[i] = u32(b[11+4*i:])
		if shape[i] < 1 || shape[i] > maxSide || i != ds.axes[0] && i != ds.axes[1] && shape[i] != 1 {
			return g, 0, fmt.Errorf("chunks of %v (want sides from 1 to %d, and 1 in axes of one)", shape[:i+1], maxSide)
		}
	}
	if size := u32(b[11+4*rank:]); size != uint64(ds.kind.size) {
		return g, 0, fmt.Errorf("chunks of %d bytes a number (want %d)", size, ds.kind.size)
	}
	g.height, g.width = int(shape[ds.axes[0]]), int(shape[ds.axes[1]])
	g.rows, g.cols = (ds.height()+g.height-1)/g.height, (ds.width()+g.width-1)/g.width
	size := int64(g.width) * int64(g.height) * int64(ds.kind.size)
	if size > max(ds.bytes(), looseChunk) || size*int64(g.rows)*int64(g.cols) > 4*ds.bytes()+4*looseChunk {
		return g, 0, fmt.Errorf("chunks of %dx%d for %dx%d pixels", g.width, g.height, ds.width(), ds.height())
	}
	g.size = int(size)
	return g, u64(b[3:]), nil
}

// h5Chunk is where a chunk is stored.
type h5Chunk struct {
	x, y    int // its first pixel
	skipped uint64
	stored  []byte
}

// chunked unpacks chunks on all processors. A chunk that was never written has
// no readings.
func (f *h5File) chunked(ds *h5Dataset, unit Unit) (*Depth, error) {
	grid, tree, err := ds.grid()
	if err != nil {
		return nil, err
	}
	for i, flt := range ds.filters {
		same := func(other h5Filter) bool { return other.id == flt.id }
		if flt.id != filterDeflate && flt.id != filterShuffle || slices.ContainsFunc(ds.filters[:i], same) {
			return nil, fmt.Errorf("HDF5 filter %d (want 1, deflate, and 2, shuffle, once each)", flt.id)
		}
	}
	walk := &h5Walk{f: f, ds: ds, grid: grid, seen: map[[2]int]bool{}}
	if tree != noAddress {
		if err := walk.node(tree, -1); err != nil {
			return nil, err
		}
	}
	d := newDepth(ds.width(), ds.height(), unit)
	errs := make([]error, len(walk.chunks))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(walk.chunks)) {
		wait.Go(func() {
			u := unpacker{filters: ds.filters, size: grid.size}
			for i := int(next.Add(1)) - 1; i < len(errs); i = int(next.Add(1)) - 1 {
				c := walk.chunks[i]
				raw, err := u.unpack(c)
				if err != nil {
					errs[i] = fmt.Errorf("chunk at (%d, %d): %w", c.x, c.y, err)
					continue
				}
				across := min(grid.width, d.Width-c.x)
				for y := range min(grid.height, d.Height-c.y) {
					row := d.Metres[(c.y+y)*d.Width+c.x:][:across]
					ds.kind.depths(row, raw[y*grid.width*ds.kind.size:], unit)
				}
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

// h5Walk collects the chunks below a B-tree (III.A.1, node type 1).
type h5Walk struct {
	f      *h5File
	ds     *h5Dataset
	grid   h5Grid
	chunks []h5Chunk
	seen   map[[2]int]bool
}

// node reads the node at addr. Level is what the parent demands, -1 at the root.
func (w *h5Walk) node(addr uint64, level int) error {
	b, err := w.f.signed(addr, 24, "TREE")
	if err != nil {
		return err
	}
	if b[4] != 1 || level >= 0 && int(b[5]) != level {
		return fmt.Errorf("HDF5 node at byte %d is of type %d, level %d", addr, b[4], b[5])
	}
	level, n := int(b[5]), u16(b[6:])
	if err := w.f.spend(1 + int(n)); err != nil {
		return err
	}
	// Size, filter mask and one offset more than dimensions, then the child.
	key := uint64(8 + 8*(len(w.ds.dims)+1))
	if b, err = w.f.bytes(addr+24, (key+8)*n); err != nil {
		return err
	}
	for ; len(b) > 0; b = b[key+8:] {
		child := u64(b[key:])
		if level > 0 {
			err = w.node(child, level-1)
		} else {
			err = w.leaf(b[:key], child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leaf adds the chunk of one key.
func (w *h5Walk) leaf(key []byte, addr uint64) error {
	offset := func(axis int) uint64 { return u64(key[8+8*axis:]) }
	y, x := offset(w.ds.axes[0]), offset(w.ds.axes[1])
	if y >= uint64(w.ds.height()) || x >= uint64(w.ds.width()) {
		return nil // cut off when the dataset was made smaller
	}
	c := h5Chunk{x: int(x), y: int(y), skipped: u32(key[4:])}
	if c.x%w.grid.width != 0 || c.y%w.grid.height != 0 || w.seen[[2]int{c.x, c.y}] {
		return fmt.Errorf("a chunk at (%d, %d) (want each of the grid once)", x, y)
	}
	w.seen[[2]int{c.x, c.y}] = true
	var err error
	if c.stored, err = w.f.bytes(addr, u32(key)); err != nil {
		return err
	}
	w.chunks = append(w.chunks, c)
	return nil
}

// unpacker undoes the filters of one chunk after the other, in its own buffers.
type unpacker struct {
	filters   []h5Filter
	size      int // bytes of an unpacked chunk
	raw, even []byte
	inflater  zlib.Inflater
}

// unpack returns the chunk's numbers, valid until the next call.
func (u *unpacker) unpack(c h5Chunk) ([]byte, error) {
	b := c.stored
	for i := len(u.filters) - 1; i >= 0; i-- {
		if c.skipped>>i&1 != 0 {
			continue
		}
		var err error
		switch flt := u.filters[i]; flt.id {
		case filterDeflate:
			b, err = u.inflate(b)
		case filterShuffle:
			b, err = u.unshuffle(b, flt.values)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(b) != u.size {
		return nil, fmt.Errorf("%d bytes (want %d)", len(b), u.size)
	}
	return b, nil
}

// inflate unpacks a zlib stream of exactly the size of a chunk.
func (u *unpacker) inflate(b []byte) ([]byte, error) {
	if u.raw == nil {
		u.raw = make([]byte, u.size+1) // a byte more shows what is too long
	}
	u.inflater.Reset(b, nil)
	n, err := u.inflater.Fill(u.raw, 0)
	switch {
	case n > u.size:
		return nil, fmt.Errorf("more than %d bytes", u.size)
	case err != io.EOF:
		return nil, plain(err)
	case n < u.size:
		return nil, fmt.Errorf("%d bytes (want %d)", n, u.size)
	}
	return u.raw[:n], nil
}

// unshuffle puts the bytes of each number together: they come as all first
// bytes, all second bytes and so on.
func (u *unpacker) unshuffle(b []byte, values []uint64) ([]byte, error) {
	if len(values) < 1 || values[0] < 1 || values[0] > 8 || len(b) != u.size {
		return nil, fmt.Errorf("shuffle of %v on %d bytes (want numbers of 1 to 8 bytes, %d in all)", values, len(b), u.size)
	}
	width := int(values[0])
	n := len(b) / width
	if u.even == nil {
		u.even = make([]byte, u.size)
	}
	for k := range width {
		for i, v := range b[k*n : (k+1)*n] {
			u.even[i*width+k] = v
		}
	}
	copy(u.even[n*width:], b[n*width:])
	return u.even, nil
}
