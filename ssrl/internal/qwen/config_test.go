package qwen

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/cpu"
	"ssrl/internal/golden"
	"ssrl/internal/safetensors"
)

// flat is a configuration in the layout of the first uploads.
const flat = `{"model_type": "qwen2_5_vl", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
"intermediate_size": 12, "vocab_size": 16, "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
"rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 0]}, "eos_token_id": 15, "image_token_id": 10, "video_token_id": 11,
"vision_start_token_id": 12, "vision_end_token_id": 13, "vision_config": {"depth": 1, "hidden_size": 8, "num_heads": 2,
"intermediate_size": 8, "out_hidden_size": 8, "in_chans": 3, "patch_size": 2, "window_size": 8, "tokens_per_second": 2, "fullatt_block_indexes": [0]}}`

func TestLayoutsOfConfig(t *testing.T) {
	want, err := ParseConfig([]byte(flat), nil)
	require.NoError(t, err)
	assert.Equal(t, [3]int{1, 1, 0}, want.Text.Sections)
	assert.Equal(t, []int32{15}, want.Tokens.EOS)

	var tree map[string]any
	require.NoError(t, json.Unmarshal([]byte(flat), &tree))
	text := map[string]any{}
	for _, key := range []string{"hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size", "vocab_size",
		"hidden_act", "rms_norm_eps", "eos_token_id"} {
		text[key] = tree[key]
		delete(tree, key)
	}
	// transformers 5 joins rope_theta and rope_scaling.
	text["rope_parameters"] = map[string]any{"rope_type": "default", "rope_theta": 1e6, "mrope_section": []int{1, 1, 0}}
	delete(tree, "rope_theta")
	delete(tree, "rope_scaling")
	tree["text_config"] = text
	nested, err := json.Marshal(tree)
	require.NoError(t, err)
	got, err := ParseConfig(nested, nil)
	require.NoError(t, err)
	assert.Equal(t, want, got)

	got, err = ParseConfig([]byte(flat), []byte(`{"eos_token_id": [15, 14], "pad_token_id": 14}`))
	require.NoError(t, err)
	assert.Equal(t, []int32{15, 14}, got.Tokens.EOS)
	assert.Equal(t, int32(14), got.Tokens.Pad)
}

func TestConfigRefuses(t *testing.T) {
	for _, tc := range []struct{ old, new, want string }{
		{`{"model_type"`, `["model_type"`, "config.json: invalid character"},
		{`"qwen2_5_vl"`, `"llama"`, `config.json: model_type "llama" (want qwen2_5_vl)`},
		{`"hidden_size": 8, "num_hidden`, `"hidden_size": 0, "num_hidden`, "config.json: hidden_size 0 (want 1 to 16777216)"},
		{`"vocab_size": 16`, `"vocab_size": 99999999999`, "config.json: vocab_size 99999999999 (want 1 to 16777216)"},
		{`"num_key_value_heads": 1`, `"num_key_value_heads": 3`, "config.json: 2 query heads do not divide by 3 key heads"},
		{`"mrope_section": [1, 1, 0]`, `"mrope_section": [1, 1, 1]`, "config.json: mrope_section [1 1 1] adds up to 3 (want half of head_dim 4)"},
		{`"rope_scaling"`, `"rope_sailing"`, "config.json: no rope_scaling with three mrope_section (want time, height and width)"},
		{`"hidden_act": "silu"`, `"hidden_act": "gelu"`, `config.json: hidden_act "gelu" (want silu)`},
		{`"vision_config"`, `"vision"`, "config.json: no vision_config"},
		{`"num_heads": 2`, `"num_heads": 3`, "config.json: vision_config.hidden_size 8 in 3 heads (want heads of a multiple of 4)"},
		{`"out_hidden_size": 8`, `"out_hidden_size": 9`, "config.json: vision_config.out_hidden_size 9 (want the text hidden_size 8)"},
		{`"window_size": 8`, `"window_size": 3`, "config.json: vision_config.window_size 3 (want at least one merged cell, 4)"},
		{`"image_token_id": 10`, `"image_token_id": 16`, "config.json: token id 16 (want below vocab_size 16)"},
		{`"video_token_id": 11,`, ``, "config.json: no video_token_id"},
		{`"eos_token_id": 15, `, ``, "config.json: no eos_token_id"},
		{`"eos_token_id": 15`, `"eos_token_id": "end"`, `config.json: "end": want a token id or a list of them`},
	} {
		t.Run(tc.want, func(t *testing.T) {
			require.Contains(t, flat, tc.old)
			_, err := ParseConfig([]byte(strings.Replace(flat, tc.old, tc.new, 1)), nil)
			assert.ErrorContains(t, err, tc.want)
		})
	}
	_, err := ParseConfig([]byte(flat), []byte("{"))
	assert.ErrorContains(t, err, "generation_config.json: ")
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(flat), []byte(`{"eos_token_id": [15]}`))
	f.Fuzz(func(t *testing.T, config, generation []byte) {
		c, err := ParseConfig(config, generation)
		if err == nil && (c.Text.HeadDim <= 0 || c.Text.Heads%c.Text.KVHeads != 0 || len(c.Tokens.EOS) == 0) {
			t.Fatalf("%+v", c)
		}
	})
}

// stored writes the tensors of a model, changed by edit, and opens the file.
func stored(t *testing.T, m *Model, edit func([]safetensors.Tensor) []safetensors.Tensor) *safetensors.File {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, safetensors.Write(path, edit(m.Tensors()), nil))
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func TestLoadWantsEveryTensorAndNoOther(t *testing.T) {
	dev := cpu.New(1)
	c, err := ParseConfig([]byte(flat), nil)
	require.NoError(t, err)
	m := New(dev, c, true, 1, 0.02)
	one := safetensors.Tensor{Name: "model.layers.1.mlp.up_proj.weight", DType: safetensors.F32, Shape: []int{1}, Values: []float32{0}}
	for want, edit := range map[string]func([]safetensors.Tensor) []safetensors.Tensor{
		"no tensor visual.patch_embed.proj.weight":                                            func(l []safetensors.Tensor) []safetensors.Tensor { return l[1:] },
		"tensor model.layers.1.mlp.up_proj.weight is not part of Qwen2.5-VL (1 such tensors)": func(l []safetensors.Tensor) []safetensors.Tensor { return append(l, one) },
		"tensor model.norm.weight: shape [4 2] (want [8])":                                    func(l []safetensors.Tensor) []safetensors.Tensor { l[len(l)-1].Shape = []int{4, 2}; return l },
		"tensors model.norm.weight and model.language_model.norm.weight are the same weight": func(l []safetensors.Tensor) []safetensors.Tensor {
			twin := l[len(l)-1]
			twin.Name = "model.language_model.norm.weight"
			return append(l, twin)
		},
	} {
		t.Run(want, func(t *testing.T) {
			_, err := Load(t.Context(), dev, c, stored(t, m, edit), nil)
			if strings.Contains(want, "same weight") { // either order
				require.ErrorContains(t, err, "are the same weight")
				return
			}
			assert.EqualError(t, err, want)
		})
	}
	// The names of transformers 4.52 and later are the same weights.
	again, err := Load(t.Context(), dev, c, stored(t, m, func(l []safetensors.Tensor) []safetensors.Tensor {
		for i := range l {
			if strings.HasPrefix(l[i].Name, "visual.") {
				l[i].Name = "model." + l[i].Name
			} else {
				l[i].Name = "model.language_model." + strings.TrimPrefix(l[i].Name, "model.")
			}
		}
		return l
	}), nil)
	require.NoError(t, err)
	assert.True(t, again.Tied())
	assert.Equal(t, m.Size(), again.Size())
}

// Every reference configuration of this family is read.
func TestGoldenConfigs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(golden.Dir(t, "models"), "*", "config.json"))
	require.NoError(t, err)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		_, err = ParseConfig(data, nil)
		if strings.Contains(string(data), `"qwen3_vl"`) {
			assert.ErrorContains(t, err, "want qwen2_5_vl", path)
		} else if filepath.Base(filepath.Dir(path)) != "lora" {
			assert.NoError(t, err, path)
		}
	}
}
