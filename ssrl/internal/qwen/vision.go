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

// Vision runs the tower over pictures packed one after the other and returns
// their tokens, [places, text hidden]. It stops between blocks when ctx is done.
func (m *Model) Vision(ctx context.Context, t *tape.Tape, pictures []Picture) (*tape.Var, error) {
	plan, err := m.layout(pictures)
	if err != nil {
		return nil, err
	}
	cos, sin := upload(t.Dev, plan.rows, plan.cos), upload(t.Dev, plan.rows, plan.sin)
	x := m.patchEmbed(t, pictures, plan)
	for i := range m.vision.blocks {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		spans := plan.windows
		if slices.Contains(m.Config.Vision.FullAttention, i) {
			spans = plan.full
		}
		b := &m.vision.blocks[i]
		x = t.Checkpoint(x, func(t *tape.Tape, x *tape.Var) *tape.Var { return m.visionBlock(t, b, x, spans, cos, sin) })
	}
	return m.merge(t, x, plan), nil
}

// layout is where the rows of a batch of pictures go: the tower works in the
// order of attention windows and puts the merged tokens back at the end.
type layout struct {
	rows          int
	order         []int32 // row of the input for each row of the tower
	back          []int32 // merged row of the tower for each token
	windows, full []tensor.Span
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
	l.rope(grids, c)
	return l, nil
}

// rope fills the rotary tables: half the frequencies turn with the patch's row,
// half with its column.
func (l *layout) rope(grids [][3]int, c VisionConfig) {
	half := c.Hidden / c.Heads / 2
	freq := make([]float32, half/2)
	for i := range freq {
		freq[i] = float32(1 / math.Pow(visionTheta, float64(2*i)/float64(half)))
	}
	y, x := patch.Coordinates(grids, c.Merge)
	at := [2][]int32{y, x}
	l.cos, l.sin = make([]float32, l.rows*half), make([]float32, l.rows*half)
	for r, src := range l.order {
		for j := range half {
			angle := float32(at[j/len(freq)][src]) * freq[j%len(freq)]
			l.cos[r*half+j] = float32(math.Cos(float64(angle)))
			l.sin[r*half+j] = float32(math.Sin(float64(angle)))
		}
	}
}

// patchEmbed projects the patches, rows in tower order.
func (m *Model) patchEmbed(t *tape.Tape, pictures []Picture, l *layout) *tape.Var {
	var all []float32
	for _, p := range pictures {
		all = append(all, p.Patches...)
	}
	x := t.Dev.Scratch(l.rows, len(all)/l.rows)
	t.Dev.Upload(x, all)
	return t.Linear(t.Embed(tape.Constant(x), nil, l.order), m.vision.patch, nil)
}

func (m *Model) visionBlock(t *tape.Tape, b *block, x *tape.Var, spans []tensor.Span, cos, sin *tensor.Tensor) *tape.Var {
	c := m.Config.Vision
	qkv := t.Linear(t.RMSNorm(x, b.norm1, visionEps), b.qkv, b.qkvBias)
	q := t.Rope(tape.Columns(qkv, 0, c.Hidden), cos, sin)
	k := t.Rope(tape.Columns(qkv, c.Hidden, 2*c.Hidden), cos, sin)
	v := tape.Columns(qkv, 2*c.Hidden, 3*c.Hidden)
	o := t.Attend(q, k, v, spans, tape.Heads{Query: c.Heads, Key: c.Heads, Scale: scale(c.Hidden / c.Heads)})
	x = t.Add(x, t.Linear(o, b.proj, b.projBias))
	h := t.RMSNorm(x, b.norm2, visionEps)
	h = t.SwiGLU(t.Linear(h, b.gate, b.gateBias), t.Linear(h, b.up, b.upBias))
	return t.Add(x, t.Linear(h, b.down, b.downBias))
}

// merge joins Merge x Merge patches to a token and leaves the window order.
func (m *Model) merge(t *tape.Tape, x *tape.Var, l *layout) *tape.Var {
	v, area := &m.vision, m.Config.Vision.Merge*m.Config.Vision.Merge
	x = tape.Reshape(t.RMSNorm(x, v.norm, visionEps), x.Rows/area, x.Cols*area)
	x = t.Linear(t.GELU(t.Linear(x, v.fc1, v.bias1)), v.fc2, v.bias2)
	return t.Embed(x, nil, l.back)
}

func upload(dev tensor.Device, rows int, values []float32) *tensor.Tensor {
	x := dev.Scratch(rows, len(values)/rows)
	dev.Upload(x, values)
	return x
}
