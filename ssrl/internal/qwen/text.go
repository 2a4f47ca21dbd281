package qwen

import (
	"context"
	"fmt"
	"math"
	"slices"

	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// Seen is what the vision tower makes of pictures.
type Seen struct {
	Tokens *tape.Var   // [places, hidden], for the embedding
	Deep   []*tape.Var // the same size, added to the same rows after layer 0, 1 and so on
}

// Rows are tokens of one or more sequences, packed, on their way through the
// language model.
type Rows struct {
	IDs   []int32
	Pos   [3][]int32    // time, height and width position of each token
	Spans []tensor.Span // which tokens see which; keys are rows of Cache, or of the call itself without one
	Cache *Cache        // nil: nothing is kept
	At    []int32       // row of the cache where each token's keys and values go

	Places []int32     // rows that stand for pictures
	Deep   []*tape.Var // of Seen; nil without pictures

	// Last are the rows whose result is wanted, nil for all, and LastSpans which
	// keys they see, queries counted in Last. The last layer computes no others.
	Last      []int32
	LastSpans []tensor.Span
}

// Cache keeps keys and values of every layer for later queries.
type Cache struct {
	keys, values []*tensor.Tensor
}

// NewCache makes room for rows tokens.
func (m *Model) NewCache(rows int) *Cache {
	c := &Cache{}
	for range m.layers {
		c.keys = append(c.keys, m.Dev.New(rows, m.Text.KVHeads*m.Text.HeadDim))
		c.values = append(c.values, m.Dev.New(rows, m.Text.KVHeads*m.Text.HeadDim))
	}
	return c
}

// Copy copies n rows, from one place to another, of every layer.
func (c *Cache) Copy(dev tensor.Device, to, from, n int) {
	for i := range c.keys {
		dev.Copy(c.keys[i].Slice(to, to+n), c.keys[i].Slice(from, from+n))
		dev.Copy(c.values[i].Slice(to, to+n), c.values[i].Slice(from, from+n))
	}
}

// Free gives the memory back.
func (c *Cache) Free(dev tensor.Device) {
	for i := range c.keys {
		dev.Free(c.keys[i])
		dev.Free(c.values[i])
	}
	c.keys, c.values = nil, nil
}

// Embed looks up the tokens; those at places take, in order, the rows of
// vision, which may be nil when there are none. A token of an image that stands
// elsewhere, drawn by a model, is a token like any other.
func (m *Model) Embed(t *tape.Tape, ids, places []int32, vision *tape.Var) (*tape.Var, error) {
	for i, id := range ids {
		if id < 0 || int(id) >= m.Text.Vocab {
			return nil, fmt.Errorf("token %d: id %d (want below %d)", i, id, m.Text.Vocab)
		}
	}
	have := 0
	if vision != nil {
		have = vision.Rows
	}
	if len(places) != have {
		return nil, fmt.Errorf("%d places for image tokens, %d image tokens (want as many)", len(places), have)
	}
	rows := slices.Clone(ids)
	for i, at := range places {
		rows[at] = ^int32(i)
	}
	t.Enter("embed_tokens", -1)
	return t.Embed(m.embed, vision, rows), nil
}

// Hidden runs the layers over x, [rows, hidden], and returns what the head
// sees before the last norm, of the rows in r.Last or of all. It stops between
// layers when ctx is done.
func (m *Model) Hidden(ctx context.Context, t *tape.Tape, x *tape.Var, r Rows) (*tape.Var, error) {
	cos, sin := m.rope(t.Dev, r.Pos)
	trained := m.learns(false)
	all := stage{r.Spans, nil, cos, sin}
	for i := range m.layers {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		t.Enter("language_model.layers", i)
		s, rows := all, x.Rows
		few := r.Last != nil && i == len(m.layers)-1
		if few && i >= len(r.Deep) {
			s, rows = m.last(t.Dev, r, cos, sin), len(r.Last)
		}
		x = t.Checkpoint(x, rows, trained, func(t *tape.Tape, x *tape.Var) *tape.Var { return m.layer(t, i, x, r, all, s) })
		if i < len(r.Deep) {
			x = t.AddRows(x, r.Deep[i], r.Places)
			if few {
				x = t.Embed(x, nil, r.Last)
			}
		}
	}
	return x, nil
}

// stage says which rows a layer computes queries of.
type stage struct {
	spans    []tensor.Span
	rows     []int32 // nil: all
	cos, sin *tensor.Tensor
}

// last is the stage of the rows that are wanted.
func (m *Model) last(dev tensor.Device, r Rows, cos, sin *tensor.Tensor) stage {
	s := stage{r.LastSpans, r.Last, dev.Raw(len(r.Last), cos.Cols), dev.Raw(len(r.Last), sin.Cols)}
	dev.Embed(s.cos, cos, nil, r.Last)
	dev.Embed(s.sin, sin, nil, r.Last)
	if r, ok := dev.(tensor.Rounder); ok {
		r.RoundTables(s.cos, s.sin)
	}
	return s
}

// Logits is the last norm and the head over the given rows of x.
func (m *Model) Logits(t *tape.Tape, x *tape.Var, rows []int32) *tape.Var {
	t.Enter("lm_head", -1)
	if rows != nil {
		x = t.Embed(x, nil, rows)
	}
	return t.Linear(m.norm.of(t, x, m.Text.Eps), m.head, nil)
}

// layer computes keys and values of all rows, and the result of those of out.
func (m *Model) layer(t *tape.Tape, i int, x *tape.Var, r Rows, all, out stage) *tape.Var {
	l, c := &m.layers[i], m.Text
	h := l.norm1.of(t, x, c.Eps)
	k := t.Rope(l.kNorm.heads(t, l.k.of(t, h), c), all.cos, all.sin)
	v := l.v.of(t, h)
	if out.rows != nil {
		x, h = t.Embed(x, nil, out.rows), t.Embed(h, nil, out.rows)
	}
	q := t.Rope(l.qNorm.heads(t, l.q.of(t, h), c), out.cos, out.sin)
	if r.Cache != nil {
		t.Dev.Scatter(r.Cache.keys[i], k.Tensor, r.At)
		t.Dev.Scatter(r.Cache.values[i], v.Tensor, r.At)
		k, v = tape.Constant(r.Cache.keys[i]), tape.Constant(r.Cache.values[i])
	}
	o := t.Attend(q, k, v, out.spans, tape.Heads{Query: c.Heads, Key: c.KVHeads, Scale: scale(c.HeadDim), Causal: true})
	x = t.Add(x, l.o.of(t, o))
	return t.Add(x, l.mlp.of(t, l.norm2.of(t, x, c.Eps)))
}

// rope gives the rotary tables [tokens, head/2] of M-RoPE.
func (m *Model) rope(dev tensor.Device, pos [3][]int32) (cos, sin *tensor.Tensor) {
	half := m.Text.HeadDim / 2
	axis, freq := m.Text.axes(), make([]float32, half)
	for j := range half {
		freq[j] = float32(1 / math.Pow(m.Text.Theta, float64(2*j)/float64(m.Text.HeadDim)))
	}
	n := len(pos[0])
	c, s := make([]float32, n*half), make([]float32, n*half)
	for j := range half {
		at := pos[axis[j]]
		// Short sequences have the same positions again and again.
		table := make([][2]float32, min(n, frequent))
		for p := range table {
			table[p] = turn(int32(p), freq[j])
		}
		for i, p := range at {
			v := [2]float32{}
			if int(p) < len(table) {
				v = table[p]
			} else {
				v = turn(p, freq[j])
			}
			c[i*half+j], s[i*half+j] = v[0], v[1]
		}
	}
	cos, sin = upload(dev, n, c), upload(dev, n, s)
	if r, ok := dev.(tensor.Rounder); ok {
		r.RoundTables(cos, sin)
	}
	return cos, sin
}

// frequent bounds the positions whose angles are worked out once.
const frequent = 1024

// turn is the cosine and the sine of a position's angle.
func turn(pos int32, freq float32) [2]float32 {
	angle := float64(float32(pos) * freq)
	return [2]float32{float32(math.Cos(angle)), float32(math.Sin(angle))}
}

// axes tells for each frequency whether it turns with time, height or width (0,
// 1, 2): the one whose section it lies in or, interleaved, each in turn until
// its section is used up, the rest with time.
func (c *TextConfig) axes() []int {
	axis := make([]int, c.HeadDim/2)
	at := c.Sections[0]
	for a := 1; a < 3; a++ {
		for k := range c.Sections[a] {
			j := at + k
			if c.Interleave {
				j = a + 3*k
			}
			if j < len(axis) {
				axis[j] = a
			}
		}
		at += c.Sections[a]
	}
	return axis
}
