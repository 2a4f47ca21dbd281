// Package qwen is the Qwen2.5-VL network: configuration, weights by their
// Hugging Face names, the vision tower and the language model.
//
// The forward is written once on a tape.Tape, for training and inference alike.
// Sequences are packed without padding; a tensor.Span says which rows see which.
// Formulas follow transformers 4.57.1, modeling_qwen2_5_vl.py, in float32.
//
// Limits: Qwen2.5-VL only. A Model serves one call at a time.
package qwen

import (
	"fmt"
	"math"
	"strings"

	"ssrl/internal/seed"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// Param is one weight tensor with its gradient.
type Param struct {
	Name  string // as on disk, in the scheme of the first Qwen2.5-VL uploads
	Shape []int  // as on disk; in memory the first axis is the rows
	*tape.Var
}

// Model holds the weights on a device.
type Model struct {
	Config
	Dev    tensor.Device
	Params []*Param // in the order of the forward

	embed, norm, head *tape.Var // head is embed when the two are tied
	layers            []layer
	vision            vision
}

// layer is one block of the language model.
type layer struct {
	norm1, norm2, q, qBias, k, kBias, v, vBias, o, gate, up, down *tape.Var
}

// block is one block of the vision tower.
type block struct {
	norm1, norm2, qkv, qkvBias, proj, projBias, gate, gateBias, up, upBias, down, downBias *tape.Var
}

type vision struct {
	patch                  *tape.Var
	blocks                 []block
	norm                   *tape.Var // of the merger
	fc1, bias1, fc2, bias2 *tape.Var
}

// walk visits every weight in the order of the forward: its Hugging Face name,
// where it belongs, and its shape on disk. It is the only list of names.
func (m *Model) walk(tied bool, visit func(name string, dst **tape.Var, shape ...int)) {
	v, c := &m.vision, m.Config.Vision
	h, inter, cell := c.Hidden, c.Intermediate, c.Hidden*c.Merge*c.Merge
	visit("visual.patch_embed.proj.weight", &v.patch, h, c.Channels, c.Temporal, c.Patch, c.Patch)
	v.blocks = make([]block, c.Depth)
	for i := range v.blocks {
		b, p := &v.blocks[i], fmt.Sprintf("visual.blocks.%d.", i)
		visit(p+"norm1.weight", &b.norm1, h)
		visit(p+"norm2.weight", &b.norm2, h)
		visit(p+"attn.qkv.weight", &b.qkv, 3*h, h)
		visit(p+"attn.qkv.bias", &b.qkvBias, 3*h)
		visit(p+"attn.proj.weight", &b.proj, h, h)
		visit(p+"attn.proj.bias", &b.projBias, h)
		visit(p+"mlp.gate_proj.weight", &b.gate, inter, h)
		visit(p+"mlp.gate_proj.bias", &b.gateBias, inter)
		visit(p+"mlp.up_proj.weight", &b.up, inter, h)
		visit(p+"mlp.up_proj.bias", &b.upBias, inter)
		visit(p+"mlp.down_proj.weight", &b.down, h, inter)
		visit(p+"mlp.down_proj.bias", &b.downBias, h)
	}
	visit("visual.merger.ln_q.weight", &v.norm, h)
	visit("visual.merger.mlp.0.weight", &v.fc1, cell, cell)
	visit("visual.merger.mlp.0.bias", &v.bias1, cell)
	visit("visual.merger.mlp.2.weight", &v.fc2, c.Out, cell)
	visit("visual.merger.mlp.2.bias", &v.bias2, c.Out)

	t := m.Config.Text
	h, inter = t.Hidden, t.Intermediate
	q, kv := t.Heads*t.HeadDim, t.KVHeads*t.HeadDim
	visit("model.embed_tokens.weight", &m.embed, t.Vocab, h)
	m.layers = make([]layer, t.Layers)
	for i := range m.layers {
		l, p := &m.layers[i], fmt.Sprintf("model.layers.%d.", i)
		visit(p+"input_layernorm.weight", &l.norm1, h)
		visit(p+"self_attn.q_proj.weight", &l.q, q, h)
		visit(p+"self_attn.q_proj.bias", &l.qBias, q)
		visit(p+"self_attn.k_proj.weight", &l.k, kv, h)
		visit(p+"self_attn.k_proj.bias", &l.kBias, kv)
		visit(p+"self_attn.v_proj.weight", &l.v, kv, h)
		visit(p+"self_attn.v_proj.bias", &l.vBias, kv)
		visit(p+"self_attn.o_proj.weight", &l.o, h, q)
		visit(p+"post_attention_layernorm.weight", &l.norm2, h)
		visit(p+"mlp.gate_proj.weight", &l.gate, inter, h)
		visit(p+"mlp.up_proj.weight", &l.up, inter, h)
		visit(p+"mlp.down_proj.weight", &l.down, h, inter)
	}
	visit("model.norm.weight", &m.norm, h)
	if !tied {
		visit("lm_head.weight", &m.head, t.Vocab, h)
	}
}

// build allocates every weight and fills it by fill, in forward order.
func build(dev tensor.Device, c Config, tied bool, fill func(name string, shape []int) ([]float32, error)) (*Model, error) {
	m := &Model{Config: c, Dev: dev}
	var failed error
	m.walk(tied, func(name string, dst **tape.Var, shape ...int) {
		if failed != nil {
			return
		}
		values, err := fill(name, shape)
		if err != nil {
			failed = err
			return
		}
		rows, cols := matrix(shape)
		*dst = tape.Constant(dev.New(rows, cols))
		dev.Upload((*dst).Tensor, values)
		m.Params = append(m.Params, &Param{name, shape, *dst})
	})
	if failed != nil {
		m.Free()
		return nil, failed
	}
	if tied {
		m.head = m.embed
	}
	return m, nil
}

// matrix is a shape on disk as rows and columns; a vector is one row.
func matrix(shape []int) (rows, cols int) {
	if len(shape) == 1 {
		return 1, shape[0]
	}
	cols = 1
	for _, n := range shape[1:] {
		cols *= n
	}
	return shape[0], cols
}

// New makes a model with random weights: normal numbers of the given spread for
// matrices (0.02 is Qwen's initializer_range), ones for norms, zeros for biases.
// The same seed gives the same bits.
func New(dev tensor.Device, c Config, tied bool, s uint64, spread float64) *Model {
	m, _ := build(dev, c, tied, func(name string, shape []int) ([]float32, error) {
		rows, cols := matrix(shape)
		w := make([]float32, rows*cols)
		switch {
		case strings.HasSuffix(name, ".bias"):
		case len(shape) == 1:
			for i := range w {
				w[i] = 1
			}
		default:
			r := seed.Rand(s, "weights", name)
			for i := range w {
				w[i] = float32(r.NormFloat64() * spread)
			}
		}
		return w, nil
	})
	return m
}

// Train gives every weight a gradient, or takes them away.
func (m *Model) Train(on bool) {
	for _, p := range m.Params {
		switch {
		case on && p.Grad == nil:
			p.Grad = m.Dev.New(p.Rows, p.Cols)
		case !on && p.Grad != nil:
			m.Dev.Free(p.Grad)
			p.Grad = nil
		}
	}
}

// Clone returns a second set of the same weights, without gradients.
func (m *Model) Clone() *Model {
	i := 0
	c, _ := build(m.Dev, m.Config, m.Tied(), func(string, []int) ([]float32, error) {
		w := make([]float32, m.Params[i].Len())
		m.Dev.Download(w, m.Params[i].Tensor)
		i++
		return w, nil
	})
	return c
}

// Tied reports whether the head is the embedding table.
func (m *Model) Tied() bool { return m.head == m.embed }

// Size returns the number of weights.
func (m *Model) Size() int64 {
	var n int64
	for _, p := range m.Params {
		n += int64(p.Len())
	}
	return n
}

// Free gives the device memory back.
func (m *Model) Free() {
	m.Train(false)
	for _, p := range m.Params {
		m.Dev.Free(p.Tensor)
	}
	m.Params = nil
}

// scale is the attention scale of heads of n features.
func scale(n int) float32 { return float32(1 / math.Sqrt(float64(n))) }
