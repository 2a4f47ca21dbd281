package cpu

import "ssrl/internal/tensor"

// packLimit bounds the packed copies of weights of one device, in elements.
// Beyond it a product packs as it goes, which a model too large for the caches
// hardly notices: it waits for memory either way.
const packLimit = 1 << 26

// packCache keeps the weights of Linear in packed form between calls. A copy is
// used only while its memory has not been written to since.
type packCache struct {
	limit, used int
	copies      map[packKey]*packCopy
}

// packKey names a view of some memory, and whether its transpose is packed.
type packKey struct {
	mem                        *memory
	offset, rows, cols, stride int
	transposed                 bool
}

type packCopy struct {
	version uint64
	data    []float32
}

// find returns w[n,k] or its transpose in packed form, or no data when w is not
// worth a copy.
func (p *packCache) find(s isa, w *tensor.Tensor, m matrix, transposed bool) packed {
	mem := w.Mem.(*memory)
	right, k, n := m.rowMajor(), w.Rows, w.Cols
	if transposed {
		right, k, n = m.transposed(), w.Cols, w.Rows
	}
	need := s.packedLen(k, n)
	if mem.scratch || need == 0 {
		return packed{}
	}
	key := packKey{mem, w.Offset, w.Rows, w.Cols, w.Stride, transposed}
	c := p.copies[key]
	if c == nil {
		if p.used+need > p.limit {
			return packed{}
		}
		if p.copies == nil {
			p.copies = map[packKey]*packCopy{}
		}
		c = &packCopy{version: mem.version - 1, data: make([]float32, need)}
		p.copies[key] = c
		p.used += need
	}
	if c.version != mem.version {
		s.pack(c.data, right, 0, k, 0, n)
		c.version = mem.version
	}
	return packed{c.data, k * s.panel()}
}

// drop forgets the copies of mem.
func (p *packCache) drop(mem *memory) {
	for key, c := range p.copies {
		if key.mem == mem {
			p.used -= len(c.data)
			delete(p.copies, key)
		}
	}
}
