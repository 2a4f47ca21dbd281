// Package qwen is the network of Qwen2.5-VL and Qwen3-VL: configuration, weights
// by their Hugging Face names, the vision tower and the language model.
//
// The forward is written once, for both families, for training and inference
// alike: the configuration says which parts a network has, and a part without
// weights is left out. Sequences are packed without padding; a tensor.Span says
// which rows see which. Formulas follow transformers 4.57.1,
// modeling_qwen2_5_vl.py and modeling_qwen3_vl.py, in float32.
//
// Limits: dense models of these two families. A Model serves one call at a time.
package qwen

import (
	"math"
	"slices"
	"strings"

	"ssrl/internal/seed"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// Param is one weight tensor with its gradient.
type Param struct {
	Name  string // as transformers writes it
	Shape []int  // as on disk; in memory the first axis is the rows
	*tape.Var
}

// Model holds the weights on a device.
type Model struct {
	Config
	Dev    tensor.Device
	Params []*Param // in the order of the forward
	// Adapter holds the weights of a LoRA adapter, A and B of each linear, under
	// PEFT's names; nil without one.
	Adapter []*Param

	embed, head *tape.Var // the same when the two are tied
	norm        norm
	layers      []layer
	vision      vision
	linears     map[string]*linear // by canonical name
}

// norm is an RMSNorm or, with a bias, a LayerNorm.
type norm struct{ weight, bias *tape.Var }

// linear is a product with a weight and, where there is one, a bias; and what an
// adapter adds to it.
type linear struct {
	weight, bias *tape.Var
	lora         *lora
}

// layer is one block of the language model.
type layer struct {
	norm1, norm2 norm
	q, k, v, o   linear
	qNorm, kNorm norm // of every head
	mlp          mlp
}

// mlp is a SwiGLU of gate and up or, without a gate, a GELU of up; then down.
type mlp struct{ gate, up, down linear }

// block is one block of the vision tower.
type block struct {
	norm1, norm2 norm
	qkv, proj    linear
	mlp          mlp
}

// merger makes tokens of Merge x Merge patches.
type merger struct {
	norm     norm
	fc1, fc2 linear
	joined   bool // patches are normed as one row
}

type vision struct {
	patch  linear
	table  *tape.Var // learned positions
	blocks []block
	merger merger
	deep   []merger // of the blocks in DeepStack
}

// build makes every weight by one, in forward order.
func build(dev tensor.Device, c Config, tied bool, one func(name string, shape []int) (*tensor.Tensor, error)) (*Model, error) {
	m := &Model{Config: c, Dev: dev, linears: map[string]*linear{}}
	var failed error
	m.walk(tied, func(name string, dst **tape.Var, of *linear, shape ...int) {
		if failed != nil {
			return
		}
		var t *tensor.Tensor
		if t, failed = one(name, shape); failed != nil {
			return
		}
		*dst = tape.Constant(t)
		if of != nil && len(shape) == 2 {
			m.linears[canonical(strings.TrimSuffix(name, ".weight"))] = of
		}
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
	m, _ := build(dev, c, tied, func(name string, shape []int) (*tensor.Tensor, error) {
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
		t := dev.New(rows, cols)
		dev.Upload(t, w)
		return t, nil
	})
	return m
}

// Trained are the weights that training changes: the adapter's, or all.
func (m *Model) Trained() []*Param {
	if m.Adapter != nil {
		return m.Adapter
	}
	return m.Params
}

// Train gives every weight that is trained a gradient, or takes all away.
// Weights in bfloat16 have none.
func (m *Model) Train(on bool) {
	for _, p := range m.Trained() {
		switch {
		case on && p.Grad == nil && p.Type == tensor.F32:
			p.Grad = m.Dev.New(p.Rows, p.Cols)
		case !on && p.Grad != nil:
			m.Dev.Free(p.Grad)
			p.Grad = nil
		}
	}
}

// learns reports whether a weight of the tower, or of the language model, has a
// gradient.
func (m *Model) learns(tower bool) bool {
	return slices.ContainsFunc(m.Trained(), func(p *Param) bool { return p.Grad != nil && strings.Contains(p.Name, "visual.") == tower })
}

// Clone returns a second set of the same weights, without gradients and without
// an adapter.
func (m *Model) Clone() *Model {
	i := 0
	c, _ := build(m.Dev, m.Config, m.Tied(), func(string, []int) (*tensor.Tensor, error) {
		from := m.Params[i].Tensor
		i++
		t := create(m.Dev, from.Type, from.Rows, from.Cols)
		m.Dev.Copy(t, from)
		return t, nil
	})
	return c
}

func create(dev tensor.Device, typ tensor.Type, rows, cols int) *tensor.Tensor {
	if typ == tensor.BF16 {
		return dev.NewBF16(rows, cols)
	}
	return dev.New(rows, cols)
}

// Type is how the matrices are stored; vectors are always float32.
func (m *Model) Type() tensor.Type { return m.embed.Type }

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
	for _, p := range slices.Concat(m.Params, m.Adapter) {
		m.Dev.Free(p.Tensor)
	}
	m.Params, m.Adapter = nil, nil
}

// scale is the attention scale of heads of n features.
func scale(n int) float32 { return float32(1 / math.Sqrt(float64(n))) }
