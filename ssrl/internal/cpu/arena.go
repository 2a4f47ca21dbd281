package cpu

import (
	"fmt"

	"ssrl/internal/tensor"
)

const (
	arenaBlock = 1 << 20 // elements of a block, unless one tensor needs more
	arenaAlign = 16      // elements: one cache line
)

// arena hands out scratch tensors from blocks that are kept for ever. Memory,
// and the Tensor itself, are used again after Release.
type arena struct {
	blocks []arenaUnit
	block  int              // block in use; those after it are empty
	live   []place          // where each live tensor's memory began
	heads  []*tensor.Tensor // heads[i] belongs to live[i]; longer than live after a Release
}

type arenaUnit struct {
	mem   *memory
	used  int
	dirty int // elements that were handed out before and need zeroing
}

type place struct{ block, used int }

// Scratch returns a zeroed tensor that lives until Release of an earlier Mark.
func (d *Device) Scratch(rows, cols int) *tensor.Tensor {
	t, used := d.take(rows, cols)
	clear(t.Mem.(*memory).data[t.Offset : t.Offset+used])
	return t
}

// Raw returns a tensor that holds anything and lives as long as Scratch's.
func (d *Device) Raw(rows, cols int) *tensor.Tensor {
	t, _ := d.take(rows, cols)
	return t
}

// take returns scratch memory whose first used elements were handed out before;
// the others are zero.
func (d *Device) take(rows, cols int) (t *tensor.Tensor, used int) {
	if rows < 0 || cols < 0 {
		panic(fmt.Sprintf("cpu: scratch tensor [%d %d]", rows, cols))
	}
	a := &d.arena
	n := rows * cols
	before := place{a.block, 0}
	if a.block < len(a.blocks) {
		before.used = a.blocks[a.block].used
	}
	b := a.fit(n)
	from := b.used
	b.used = (from + n + arenaAlign - 1) / arenaAlign * arenaAlign
	used = max(0, min(n, b.dirty-from))
	b.dirty = max(b.dirty, from+n)
	b.mem.version++

	if len(a.heads) == len(a.live) {
		a.heads = append(a.heads, new(tensor.Tensor))
	}
	t = a.heads[len(a.live)]
	a.live = append(a.live, before)
	*t = tensor.Tensor{Rows: rows, Cols: cols, Stride: cols, Offset: from, Mem: b.mem}
	return t, used
}

// fit makes the first block with n free elements the one in use.
func (a *arena) fit(n int) *arenaUnit {
	for ; a.block < len(a.blocks); a.block++ {
		if b := &a.blocks[a.block]; b.used+n <= len(b.mem.data) {
			return b
		}
	}
	size := max(arenaBlock, (n+arenaAlign-1)/arenaAlign*arenaAlign)
	a.blocks = append(a.blocks, arenaUnit{mem: &memory{data: make([]float32, size), scratch: true}})
	return &a.blocks[a.block]
}

// Mark returns a point that Release goes back to.
func (d *Device) Mark() int { return len(d.arena.live) }

// Release ends the life of every scratch tensor made since mark.
func (d *Device) Release(mark int) {
	a := &d.arena
	if mark < 0 || mark > len(a.live) {
		panic(fmt.Sprintf("cpu: release of mark %d with %d scratch tensors", mark, len(a.live)))
	}
	if mark == len(a.live) {
		return
	}
	p := a.live[mark]
	for i := p.block + 1; i <= a.block && i < len(a.blocks); i++ {
		a.blocks[i].used = 0
	}
	a.block = p.block
	a.blocks[p.block].used = p.used
	a.live = a.live[:mark]
}
