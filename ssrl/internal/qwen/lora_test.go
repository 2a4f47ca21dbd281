package qwen

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/cpu"
	"ssrl/internal/safetensors"
)

// pair is an adapter of rank 2 for one module.
func pair(module string, in, out int) []safetensors.Tensor {
	name := peftPrefix + module + "."
	return []safetensors.Tensor{
		{Name: name + "lora_A.weight", DType: safetensors.F32, Shape: []int{2, in}, Values: make([]float32, 2*in)},
		{Name: name + "lora_B.weight", DType: safetensors.F32, Shape: []int{out, 2}, Values: make([]float32, 2*out)},
	}
}

func TestAdaptRefuses(t *testing.T) {
	dev := cpu.New(1)
	c, err := ParseConfig([]byte(flat3), nil)
	require.NoError(t, err)
	m := New(dev, c, true, 1, 0.02)
	const up = "model.language_model.layers.0.mlp.up_proj"
	whole := pair(up, 8, 12)
	for want, tensors := range map[string][]safetensors.Tensor{
		"adapter: no tensors": nil,
		"adapter: module model.layers.0.mlp.up_proj has one of lora_A and lora_B (want both)":                                                            whole[:1],
		"adapter: module model.layers.0.mlp.up_proj has two lora_A":                                                                                      append(pair("model.layers.0.mlp.up_proj", 8, 12), whole...),
		"adapter: tensor base_model.model." + up + ".lora_A.weight: shape [2 7] (does not fit a weight of [12 8])":                                       pair(up, 7, 12),
		"adapter: tensor base_model.model.lm_head.lora_A.weight belongs to no linear of Qwen3-VL (want base_model.model.MODULE.lora_A.weight or lora_B)": pair("lm_head", 8, 16),
		"adapter: tensor model.norm.weight belongs to no linear of Qwen3-VL (want base_model.model.MODULE.lora_A.weight or lora_B)":                      {{Name: "model.norm.weight", DType: safetensors.F32, Shape: []int{1}, Values: []float32{1}}},
	} {
		t.Run(want, func(t *testing.T) {
			assert.EqualError(t, m.Adapt(t.Context(), AdapterConfig{Rank: 2, Alpha: 4}, file(t, tensors)), want)
			assert.Nil(t, m.Adapter)
		})
	}
	// Old names, PEFT's own adapter name, DeepStack mergers and the tower are linears too.
	good := append(pair("model.layers.1.self_attn.q_proj", 8, 16), pair("model.visual.deepstack_merger_list.0.linear_fc1", 32, 32)...)
	good = append(good, pair("visual.blocks.2.attn.qkv", 8, 24)...)
	for i := range good[:2] {
		good[i].Name = good[i].Name[:len(good[i].Name)-len("weight")] + "default.weight"
	}
	require.NoError(t, m.Adapt(t.Context(), AdapterConfig{Rank: 2, Alpha: 4}, file(t, good)))
	assert.Len(t, m.Adapter, 6)
	m.Merge()
	assert.Nil(t, m.Adapter)
}

func file(t *testing.T, tensors []safetensors.Tensor) *safetensors.File {
	path := filepath.Join(t.TempDir(), "adapter_model.safetensors")
	require.NoError(t, safetensors.Write(path, tensors, nil))
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func TestAdapterConfigs(t *testing.T) {
	c, err := ParseAdapterConfig([]byte(`{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "bias": "none", "modules_to_save": null,
		"alpha_pattern": {"layers.1.mlp.up_proj": 2, "o_proj": 1}}`))
	require.NoError(t, err)
	assert.Equal(t, float32(2), c.scale("model.layers.0.mlp.up_proj", 4))
	assert.Equal(t, float32(0.5), c.scale("model.layers.1.mlp.up_proj", 4))
	assert.Equal(t, float32(0.25), c.scale("model.layers.1.self_attn.o_proj", 4))
	c, err = ParseAdapterConfig([]byte(`{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "use_rslora": true}`))
	require.NoError(t, err)
	assert.Equal(t, float32(4), c.scale("any", 4))

	for text, want := range map[string]string{
		`{`:                             "adapter_config.json: unexpected end of JSON input",
		`{"peft_type": "IA3"}`:          `adapter_config.json: peft_type "IA3" (want LORA)`,
		`{"peft_type": "LORA", "r": 0}`: "adapter_config.json: r 0, lora_alpha 0 (want a rank of at least 1)",
		`{"peft_type": "LORA", "r": 1, "bias": "all"}`:                  `adapter_config.json: bias "all", lora_bias false (want none)`,
		`{"peft_type": "LORA", "r": 1, "use_dora": true}`:               "adapter_config.json: fan_in_fan_out, use_dora, use_qalora, use_bdlora or modules_to_save is set (want plain LoRA)",
		`{"peft_type": "LORA", "r": 1, "modules_to_save": ["lm_head"]}`: "adapter_config.json: fan_in_fan_out, use_dora, use_qalora, use_bdlora or modules_to_save is set (want plain LoRA)",
		`{"peft_type": "LORA", "r": 1, "alpha_pattern": {"(": 1}}`:      `adapter_config.json: alpha_pattern "(":`,
	} {
		_, err := ParseAdapterConfig([]byte(text))
		assert.ErrorContains(t, err, want)
	}
}
