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

// packKey names a view of some memory.
type packKey struct {
	mem                        *memory
	offset, rows, cols, stride int
}

type packCopy struct {
	version uint64
	data    []float32
}

// find returns w[n,k]^T in packed form, or no data when w is not worth a copy.
func (p *packCache) find(s isa, w *tensor.Tensor, m matrix) packed {
	mem := w.Mem.(*memory)
	need := s.packedLen(w.Cols, w.Rows)
	if mem.scratch || need == 0 {
		return packed{}
	}
	key := packKey{mem, w.Offset, w.Rows, w.Cols, w.Stride}
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
		s.pack(c.data, m.transposed(), 0, w.Cols, 0, w.Rows)
		c.version = mem.version
	}
	return packed{c.data, w.Cols * s.panel()}
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
