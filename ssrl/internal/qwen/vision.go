package qwen

import (
	"context"
	"fmt"
	"math"
	"slices"

	"ssrl/internal/patch"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// Picture is one image as the vision tower takes it.
type Picture struct {
	Patches []float32 // [grid product, Channels*Temporal*Patch*Patch], rows in merge-block order
	Grid    [3]int    // time, height and width in patches
}

// Tokens is the number of places the picture takes in a prompt.
func (p Picture) Tokens(merge int) int { return p.Grid[0] * p.Grid[1] * p.Grid[2] / (merge * merge) }

// Vision runs the tower over pictures packed one after the other. It stops
// between blocks when ctx is done.
func (m *Model) Vision(ctx context.Context, t *tape.Tape, pictures []Picture) (*Seen, error) {
	plan, err := m.layout(pictures)
	if err != nil {
		return nil, err
	}
	c, area := m.Config.Vision, m.Config.Vision.Merge*m.Config.Vision.Merge
	cos, sin := upload(t.Dev, plan.rows, plan.cos), upload(t.Dev, plan.rows, plan.sin)
	t.Enter("visual.patch_embed", -1)
	x := m.patchEmbed(t, pictures, plan)
	seen, trained := &Seen{}, m.learns(true)
	for i := range m.vision.blocks {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		spans := plan.windows
		if spans == nil || slices.Contains(c.FullAttention, i) {
			spans = plan.full
		}
		b := &m.vision.blocks[i]
		t.Enter("visual.blocks", i)
		x = t.Checkpoint(x, x.Rows, trained, func(t *tape.Tape, x *tape.Var) *tape.Var { return m.visionBlock(t, b, x, spans, cos, sin) })
		if k := len(seen.Deep); k < len(c.DeepStack) && c.DeepStack[k] == i {
			seen.Deep = append(seen.Deep, m.vision.deep[k].of(t, x, area))
		}
	}
	t.Enter("visual.merger", -1)
	seen.Tokens = m.vision.merger.of(t, x, area)
	if plan.back != nil {
		seen.Tokens = t.Embed(seen.Tokens, nil, plan.back)
	}
	return seen, nil
}

// layout is where the rows of a batch of pictures go: a tower with attention
// windows works in their order and puts the merged tokens back at the end.
type layout struct {
	rows          int
	order         []int32 // row of the input for each row of the tower; nil: the same
	back          []int32 // merged row of the tower for each token; nil: the same
	windows, full []tensor.Span
	y, x          []int32   // place of each input row in its frame, in patches
	cos, sin      []float32 // [rows, head/2], in tower order
}

func (m *Model) layout(pictures []Picture) (*layout, error) {
	c := m.Config.Vision
	grids := make([][3]int, len(pictures))
	width := c.Channels * c.Temporal * c.Patch * c.Patch
	l := &layout{}
	for i, p := range pictures {
		n := p.Grid[0] * p.Grid[1] * p.Grid[2]
		if n <= 0 || p.Grid[1]%c.Merge != 0 || p.Grid[2]%c.Merge != 0 || len(p.Patches) != n*width {
			return nil, fmt.Errorf("picture %d: %d values in a grid of %v patches (want %d a patch, sides a multiple of %d)", i+1, len(p.Patches), p.Grid, width, c.Merge)
		}
		grids[i] = p.Grid
		for range p.Grid[0] {
			frame := p.Grid[1] * p.Grid[2]
			l.full = append(l.full, tensor.Span{Q: l.rows, N: frame, K: l.rows, KN: frame})
			l.rows += frame
		}
	}
	l.y, l.x = patch.Coordinates(grids, c.Merge)
	if c.Window > 0 {
		l.window(grids, c)
	}
	l.rope(c)
	return l, nil
}

// window lays the rows out in the order of attention windows.
func (l *layout) window(grids [][3]int, c VisionConfig) {
	cells, lens := patch.Windows(grids, c.Merge, c.Window/c.Merge/c.Patch)
	start := 0
	for _, n := range lens {
		l.windows = append(l.windows, tensor.Span{Q: start, N: n, K: start, KN: n})
		start += n
	}
	area := c.Merge * c.Merge
	l.back = make([]int32, len(cells))
	for i, cell := range cells {
		l.back[cell] = int32(i)
		for j := range area {
			l.order = append(l.order, cell*int32(area)+int32(j))
		}
	}
}

// rope fills the rotary tables: half the frequencies turn with the patch's row,
// half with its column.
func (l *layout) rope(c VisionConfig) {
	half := c.Hidden / c.Heads / 2
	freq := make([]float32, half/2)
	for i := range freq {
		freq[i] = float32(1 / math.Pow(visionTheta, float64(2*i)/float64(half)))
	}
	at := [2][]int32{l.y, l.x}
	l.cos, l.sin = make([]float32, l.rows*half), make([]float32, l.rows*half)
	for r := range l.rows {
		src := r
		if l.order != nil {
			src = int(l.order[r])
		}
		for j := range half {
			angle := float32(at[j/len(freq)][src]) * freq[j%len(freq)]
			l.cos[r*half+j] = float32(math.Cos(float64(angle)))
			l.sin[r*half+j] = float32(math.Sin(float64(angle)))
		}
	}
}

// patchEmbed projects the patches, rows in tower order, and adds the learned
// positions.
func (m *Model) patchEmbed(t *tape.Tape, pictures []Picture, l *layout) *tape.Var {
	c := m.Config.Vision
	patches := t.Dev.Raw(l.rows, c.Channels*c.Temporal*c.Patch*c.Patch)
	row := 0
	for _, p := range pictures {
		n := len(p.Patches) / patches.Cols
		t.Dev.Upload(patches.Slice(row, row+n), p.Patches)
		row += n
	}
	x := tape.Constant(patches)
	if l.order != nil {
		x = t.Embed(x, nil, l.order)
	}
	x = m.vision.patch.of(t, x)
	if m.vision.table != nil {
		ids, weights := l.positions(pictures, m.Config.Vision)
		x = t.Add(x, t.Blend(m.vision.table, ids, weights))
	}
	return x
}

// positions interpolates the table of learned positions at every row: a grid's
// corners lie on the table's, and a patch takes the four entries around it
// (fast_pos_embed_interpolate of modeling_qwen3_vl.py).
func (l *layout) positions(pictures []Picture, c VisionConfig) (ids []int32, weights []float32) {
	ids, weights = make([]int32, 0, 4*l.rows), make([]float32, 0, 4*l.rows)
	row := 0
	for _, p := range pictures {
		ys, xs := spread(c.Table, p.Grid[1]), spread(c.Table, p.Grid[2])
		for range p.Grid[0] * p.Grid[1] * p.Grid[2] {
			y, x := ys[l.y[row]], xs[l.x[row]]
			side := int32(c.Table)
			ids = append(ids, y.low*side+x.low, y.low*side+x.high, y.high*side+x.low, y.high*side+x.high)
			weights = append(weights, (1-y.share)*(1-x.share), (1-y.share)*x.share, y.share*(1-x.share), y.share*x.share)
			row++
		}
	}
	return ids, weights
}

// between is a place between two entries of a table; share is the higher one's.
type between struct {
	low, high int32
	share     float32
}

// spread lays n places over side entries, ends on ends, as torch.linspace does:
// in float32, from the nearer end.
func spread(side, n int) []between {
	out := make([]between, n)
	last := float32(side - 1)
	step := float32(0)
	if n > 1 {
		step = last / float32(n-1)
	}
	for i := range out {
		at := step * float32(i)
		if i >= n/2 && n > 1 {
			at = last - step*float32(n-1-i)
		}
		low := int32(at)
		out[i] = between{low, min(low+1, int32(side-1)), at - float32(low)}
	}
	return out
}

func (m *Model) visionBlock(t *tape.Tape, b *block, x *tape.Var, spans []tensor.Span, cos, sin *tensor.Tensor) *tape.Var {
	c := m.Config.Vision
	qkv := b.qkv.of(t, b.norm1.of(t, x, visionEps))
	q := t.Rope(tape.Columns(qkv, 0, c.Hidden), cos, sin)
	k := t.Rope(tape.Columns(qkv, c.Hidden, 2*c.Hidden), cos, sin)
	v := tape.Columns(qkv, 2*c.Hidden, 3*c.Hidden)
	o := t.Attend(q, k, v, spans, tape.Heads{Query: c.Heads, Key: c.Heads, Scale: scale(c.Hidden / c.Heads)})
	x = t.Add(x, b.proj.of(t, o))
	return t.Add(x, b.mlp.of(t, b.norm2.of(t, x, visionEps)))
}

func upload(dev tensor.Device, rows int, values []float32) *tensor.Tensor {
	x := dev.Raw(rows, len(values)/rows)
	dev.Upload(x, values)
	return x
}
