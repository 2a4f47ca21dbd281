package qwen

import (
	"fmt"
	"strings"

	"ssrl/internal/tape"
)

// visitor sees a weight: its Hugging Face name, where it belongs, and its shape
// on disk. Of a linear's weight it also gets the linear.
type visitor func(name string, dst **tape.Var, of *linear, shape ...int)

// prefixes come before the names of the tower's and the language model's
// weights, as transformers writes them: Qwen2.5-VL keeps those of its first
// uploads.
func (f Family) prefixes() (tower, text string) {
	if f == Qwen3VL {
		return "model.visual.", "model.language_model."
	}
	return "visual.", "model."
}

// canonical maps a weight's name in any file of either family to the scheme of
// the first uploads: transformers 4.52 and later put "model." before the tower
// and "language_model." into the rest while in memory, and some files keep that.
func canonical(name string) string {
	if rest, ok := strings.CutPrefix(name, "model.visual."); ok {
		return "visual." + rest
	}
	if rest, ok := strings.CutPrefix(name, "model.language_model."); ok {
		return "model." + rest
	}
	return name
}

// walk visits every weight in the order of the forward. It is the only list of
// names.
func (m *Model) walk(tied bool, visit visitor) {
	tower, text := m.Family.prefixes()
	m.walkVision(tower, visit)
	t := m.Text
	visit(text+"embed_tokens.weight", &m.embed, nil, t.Vocab, t.Hidden)
	m.layers = make([]layer, t.Layers)
	for i := range m.layers {
		m.layers[i].walk(fmt.Sprintf("%slayers.%d.", text, i), t, visit)
	}
	visit(text+"norm.weight", &m.norm.weight, nil, t.Hidden)
	if !tied {
		visit("lm_head.weight", &m.head, nil, t.Vocab, t.Hidden)
	}
}

// Weight names a weight and gives its shape on disk.
type Weight struct {
	Name  string
	Shape []int
}

// Layout lists the weights of a network in the order of the forward.
func Layout(c Config, tied bool) (out []Weight) {
	(&Model{Config: c}).walk(tied, func(name string, _ **tape.Var, _ *linear, shape ...int) {
		out = append(out, Weight{name, shape})
	})
	return out
}

func (l *layer) walk(p string, t TextConfig, visit visitor) {
	q, kv := t.Heads*t.HeadDim, t.KVHeads*t.HeadDim
	visit(p+"input_layernorm.weight", &l.norm1.weight, nil, t.Hidden)
	for _, w := range []struct {
		name string
		dst  *linear
		rows int
	}{{"q_proj", &l.q, q}, {"k_proj", &l.k, kv}, {"v_proj", &l.v, kv}} {
		w.dst.walk(p+"self_attn."+w.name, t.Bias, visit, w.rows, t.Hidden)
	}
	if t.HeadNorm {
		visit(p+"self_attn.q_norm.weight", &l.qNorm.weight, nil, t.HeadDim)
		visit(p+"self_attn.k_norm.weight", &l.kNorm.weight, nil, t.HeadDim)
	}
	l.o.walk(p+"self_attn.o_proj", false, visit, t.Hidden, q)
	visit(p+"post_attention_layernorm.weight", &l.norm2.weight, nil, t.Hidden)
	l.mlp.gate.walk(p+"mlp.gate_proj", false, visit, t.Intermediate, t.Hidden)
	l.mlp.up.walk(p+"mlp.up_proj", false, visit, t.Intermediate, t.Hidden)
	l.mlp.down.walk(p+"mlp.down_proj", false, visit, t.Hidden, t.Intermediate)
}

func (m *Model) walkVision(p string, visit visitor) {
	v, c := &m.vision, m.Config.Vision
	v.patch.walk(p+"patch_embed.proj", c.PatchBias, visit, c.Hidden, c.Channels, c.Temporal, c.Patch, c.Patch)
	if c.Table > 0 {
		visit(p+"pos_embed.weight", &v.table, nil, c.Table*c.Table, c.Hidden)
	}
	v.blocks = make([]block, c.Depth)
	for i := range v.blocks {
		v.blocks[i].walk(fmt.Sprintf("%sblocks.%d.", p, i), c, visit)
	}
	names := [3]string{"ln_q", "mlp.0", "mlp.2"}
	if c.LayerNorm {
		names = [3]string{"norm", "linear_fc1", "linear_fc2"}
	}
	v.merger.walk(p+"merger.", names, c, visit)
	v.deep = make([]merger, len(c.DeepStack))
	for i := range v.deep {
		v.deep[i].joined = true
		v.deep[i].walk(fmt.Sprintf("%sdeepstack_merger_list.%d.", p, i), names, c, visit)
	}
}

func (b *block) walk(p string, c VisionConfig, visit visitor) {
	h, inter := c.Hidden, c.Intermediate
	b.norm1.walk(p+"norm1", c.LayerNorm, visit, h)
	b.norm2.walk(p+"norm2", c.LayerNorm, visit, h)
	b.qkv.walk(p+"attn.qkv", true, visit, 3*h, h)
	b.proj.walk(p+"attn.proj", true, visit, h, h)
	up, down := "mlp.up_proj", "mlp.down_proj"
	if c.Plain {
		up, down = "mlp.linear_fc1", "mlp.linear_fc2"
	} else {
		b.mlp.gate.walk(p+"mlp.gate_proj", true, visit, inter, h)
	}
	b.mlp.up.walk(p+up, true, visit, inter, h)
	b.mlp.down.walk(p+down, true, visit, h, inter)
}

func (g *merger) walk(p string, names [3]string, c VisionConfig, visit visitor) {
	cell := c.Hidden * c.Merge * c.Merge
	width := c.Hidden
	if g.joined {
		width = cell
	}
	g.norm.walk(p+names[0], c.LayerNorm, visit, width)
	g.fc1.walk(p+names[1], true, visit, cell, cell)
	g.fc2.walk(p+names[2], true, visit, c.Out, cell)
}

func (n *norm) walk(name string, bias bool, visit visitor, width int) {
	visit(name+".weight", &n.weight, nil, width)
	if bias {
		visit(name+".bias", &n.bias, nil, width)
	}
}

func (l *linear) walk(name string, bias bool, visit visitor, shape ...int) {
	visit(name+".weight", &l.weight, l, shape...)
	if bias {
		visit(name+".bias", &l.bias, nil, shape[0])
	}
}
