package qwen

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"ssrl/internal/safetensors"
	"ssrl/internal/seed"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// lora is a low-rank addition to a linear: scale times x a^T b^T.
type lora struct {
	a, b  *tape.Var // [rank, in], [out, rank]
	scale float32
}

// AdapterConfig is what this package reads of PEFT's adapter_config.json
// (peft 0.21): plain LoRA on linears.
type AdapterConfig struct {
	Rank         int                `json:"r"`
	Alpha        float64            `json:"lora_alpha"`
	RootScale    bool               `json:"use_rslora"` // alpha is divided by the root of the rank
	AlphaPattern map[string]float64 `json:"alpha_pattern"`
	patterns     map[string]*regexp.Regexp
}

// ParseAdapterConfig reads adapter_config.json.
func ParseAdapterConfig(data []byte) (AdapterConfig, error) {
	var raw struct {
		AdapterConfig
		Type  string          `json:"peft_type"`
		Bias  string          `json:"bias"`
		Saved json.RawMessage `json:"modules_to_save"`
		Fan   bool            `json:"fan_in_fan_out"`
		Dora  bool            `json:"use_dora"`
		QA    bool            `json:"use_qalora"`
		Bd    json.RawMessage `json:"use_bdlora"`
		Own   bool            `json:"lora_bias"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return raw.AdapterConfig, fmt.Errorf("adapter_config.json: %v", err)
	}
	c := raw.AdapterConfig
	null := func(r json.RawMessage) bool {
		return len(r) == 0 || string(r) == "null" || string(r) == "false" || string(r) == "[]"
	}
	switch {
	case raw.Type != "LORA":
		return c, fmt.Errorf("adapter_config.json: peft_type %q (want LORA)", raw.Type)
	case raw.Bias != "" && raw.Bias != "none" || raw.Own:
		return c, fmt.Errorf("adapter_config.json: bias %q, lora_bias %t (want none)", raw.Bias, raw.Own)
	case raw.Fan || raw.Dora || raw.QA || !null(raw.Bd) || !null(raw.Saved):
		return c, fmt.Errorf("adapter_config.json: fan_in_fan_out, use_dora, use_qalora, use_bdlora or modules_to_save is set (want plain LoRA)")
	case c.Rank < 1 || c.Rank > largest || !(math.Abs(c.Alpha) <= largest):
		return c, fmt.Errorf("adapter_config.json: r %d, lora_alpha %g (want a rank of at least 1)", c.Rank, c.Alpha)
	}
	c.patterns = map[string]*regexp.Regexp{}
	for key := range c.AlphaPattern {
		p, err := regexp.Compile(`^(.*\.)?(` + key + `)$`)
		if err != nil {
			return c, fmt.Errorf("adapter_config.json: alpha_pattern %q: %v", key, err)
		}
		c.patterns[key] = p
	}
	return c, nil
}

// scale is what a module's addition is multiplied by.
func (c *AdapterConfig) scale(module string, rank int) float32 {
	alpha := c.Alpha
	for _, key := range slices.Sorted(maps.Keys(c.patterns)) {
		if c.patterns[key].MatchString(module) {
			alpha = c.AlphaPattern[key]
			break
		}
	}
	if c.RootScale {
		return float32(alpha / math.Sqrt(float64(rank)))
	}
	return float32(alpha / float64(rank))
}

// peftPrefix comes before the names of a wrapped model's weights.
const peftPrefix = "base_model.model."

// module splits the name of an adapter's tensor: the module in this package's
// names, and which of its two matrices it is.
func module(name string) (module, which string, ok bool) {
	rest, ok := strings.CutPrefix(name, peftPrefix)
	for _, which := range []string{"lora_A", "lora_B"} {
		for _, end := range []string{".weight", ".default.weight"} {
			if m, found := strings.CutSuffix(rest, "."+which+end); ok && found {
				return canonical(m), which, true
			}
		}
	}
	return "", "", false
}

// Adapt adds a PEFT adapter to the model. Names may be those that any version of
// transformers has in memory. Every tensor must belong to a linear, both
// matrices of a linear must be there, and in shape.
func (m *Model) Adapt(ctx context.Context, c AdapterConfig, f *safetensors.File) error {
	if m.Adapter != nil {
		return fmt.Errorf("adapter: the model has one already")
	}
	l := &loader{ctx: ctx, dev: m.Dev, file: f}
	made := map[string]*lora{}
	var params []*Param
	err := func() error {
		for _, name := range f.Names() {
			p, err := m.adapt(l, c, made, name)
			if err != nil {
				return err
			}
			params = append(params, p)
		}
		for module, a := range made {
			if a.a == nil || a.b == nil {
				return fmt.Errorf("adapter: module %s has one of lora_A and lora_B (want both)", module)
			}
			if a.a.Rows != a.b.Cols {
				return fmt.Errorf("adapter: module %s: ranks %d and %d of lora_A and lora_B", module, a.a.Rows, a.b.Cols)
			}
			a.scale = c.scale(module, a.a.Rows)
		}
		if len(params) == 0 {
			return fmt.Errorf("adapter: no tensors")
		}
		return nil
	}()
	if err != nil {
		for _, p := range params {
			m.Dev.Free(p.Tensor)
		}
		return err
	}
	m.Train(false)
	m.Adapter = params
	for module, a := range made {
		m.linears[module].lora = a
	}
	return nil
}

// adapt reads one tensor of an adapter.
func (m *Model) adapt(l *loader, c AdapterConfig, made map[string]*lora, name string) (*Param, error) {
	module, which, ok := module(name)
	to := m.linears[module]
	if !ok || to == nil {
		return nil, fmt.Errorf("adapter: tensor %s belongs to no linear of %v (want %sMODULE.lora_A.weight or lora_B)", name, m.Family, peftPrefix)
	}
	info, err := l.file.Info(name)
	if err != nil {
		return nil, err
	}
	w, shape := to.weight, info.Shape
	if len(shape) != 2 || which == "lora_A" && shape[1] != w.Cols || which == "lora_B" && shape[0] != w.Rows {
		return nil, fmt.Errorf("adapter: tensor %s: shape %v (does not fit a weight of [%d %d])", name, shape, w.Rows, w.Cols)
	}
	if shape[0] < 1 || shape[1] < 1 {
		return nil, fmt.Errorf("adapter: tensor %s: shape %v (want a rank of at least 1)", name, shape)
	}
	if made[module] == nil {
		made[module] = &lora{}
	}
	dst := &made[module].a
	if which == "lora_B" {
		dst = &made[module].b
	}
	if *dst != nil {
		return nil, fmt.Errorf("adapter: module %s has two %s", module, which)
	}
	t := m.Dev.New(shape[0], shape[1])
	if err := l.copy(t, name); err != nil {
		m.Dev.Free(t)
		return nil, err
	}
	*dst = tape.Constant(t)
	return &Param{name, shape, *dst}, nil
}

// adapted are the linears of a layer that NewAdapter adds to.
var adapted = []string{"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"}

// AdapterTargets is a pattern of the modules that NewAdapter adds to, as PEFT
// takes it.
func (m *Model) AdapterTargets() string {
	return `.*language_model\.layers\.\d+\.(` + strings.ReplaceAll(strings.Join(adapted, "|"), ".", `\.`) + `)`
}

// NewAdapter adds a fresh adapter to all linears of the language model's layers.
// As in PEFT, A is uniform within 1/sqrt(in) and B is zero.
func (m *Model) NewAdapter(rank int, alpha float64, s uint64) error {
	switch {
	case m.Adapter != nil:
		return fmt.Errorf("adapter: the model has one already")
	case rank < 1 || rank > m.Text.Hidden:
		return fmt.Errorf("adapter: rank %d (want 1 to hidden_size %d)", rank, m.Text.Hidden)
	case !(alpha > 0 && alpha <= largest):
		return fmt.Errorf("adapter: alpha %g (want above 0)", alpha)
	}
	m.Train(false)
	for i := range m.layers {
		for _, module := range adapted {
			to := m.linears[fmt.Sprintf("model.layers.%d.%s", i, module)]
			name := fmt.Sprintf("%smodel.language_model.layers.%d.%s.", peftPrefix, i, module)
			a, b := m.Dev.New(rank, to.weight.Cols), m.Dev.New(to.weight.Rows, rank)
			values, r, bound := make([]float32, a.Len()), seed.Rand(s, "adapter", name), 1/math.Sqrt(float64(a.Cols))
			for k := range values {
				values[k] = float32((2*r.Float64() - 1) * bound)
			}
			m.Dev.Upload(a, values)
			to.lora = &lora{tape.Constant(a), tape.Constant(b), float32(alpha / float64(rank))}
			m.Adapter = append(m.Adapter, &Param{name + "lora_A.weight", []int{rank, a.Cols}, to.lora.a},
				&Param{name + "lora_B.weight", []int{b.Rows, rank}, to.lora.b})
		}
	}
	return nil
}

// Merge adds the adapter to the weights and drops it. Weights in bfloat16 are
// rounded once.
func (m *Model) Merge() {
	for _, l := range m.linears {
		if l.lora != nil {
			m.merge(l)
		}
	}
	m.Train(false)
	for _, p := range m.Adapter {
		m.Dev.Free(p.Tensor)
	}
	m.Adapter = nil
}

// merge adds scale b a to the weight of l. The product is the gradient of a
// weight for inputs a and output gradients scale b^T.
func (m *Model) merge(l *linear) {
	mark := m.Dev.Mark()
	defer m.Dev.Release(mark)
	a, b := l.lora.a, l.lora.b
	host, turned := make([]float32, b.Len()), make([]float32, b.Len())
	m.Dev.Download(host, b.Tensor)
	for i := range b.Rows {
		for r := range b.Cols {
			turned[r*b.Rows+i] = host[i*b.Cols+r] * l.lora.scale
		}
	}
	sum := l.weight.Tensor
	if l.weight.Type == tensor.BF16 {
		sum = m.widened(sum)
	}
	m.Dev.LinearBack(nil, sum, nil, upload(m.Dev, b.Cols, turned), a.Tensor, sum)
	if l.weight.Type == tensor.BF16 {
		values := make([]float32, sum.Len())
		m.Dev.Download(values, sum)
		rounded := m.Dev.NewBF16(sum.Rows, sum.Cols)
		m.Dev.Upload(rounded, values)
		m.Dev.Free(l.weight.Tensor)
		l.weight.Tensor = rounded
	}
	l.lora = nil
}

// widened is a float32 copy in scratch memory.
func (m *Model) widened(t *tensor.Tensor) *tensor.Tensor {
	values := make([]float32, t.Len())
	m.Dev.Download(values, t)
	return upload(m.Dev, t.Rows, values)
}
