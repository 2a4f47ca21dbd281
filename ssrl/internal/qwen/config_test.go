package qwen

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/x448/float16"

	"ssrl/internal/cpu"
	"ssrl/internal/golden"
	"ssrl/internal/safetensors"
	"ssrl/internal/tensor"
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

// flat3 is a Qwen3-VL configuration with the language model at the top level.
const flat3 = `{"model_type": "qwen3_vl", "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
"head_dim": 8, "intermediate_size": 12, "vocab_size": 16, "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 5000000.0,
"attention_bias": false, "rope_scaling": {"rope_type": "default", "mrope_interleaved": true, "mrope_section": [2, 1, 1]}, "eos_token_id": 15,
"image_token_id": 10, "video_token_id": 11, "vision_start_token_id": 12, "vision_end_token_id": 13, "vision_config": {"depth": 3,
"hidden_size": 8, "num_heads": 2, "intermediate_size": 8, "out_hidden_size": 8, "in_channels": 3, "patch_size": 2,
"hidden_act": "gelu_pytorch_tanh", "num_position_embeddings": 9, "deepstack_visual_indexes": [0, 2]}}`

// textKeys are those that a nested configuration has in text_config.
var textKeys = []string{"hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim", "intermediate_size",
	"vocab_size", "hidden_act", "rms_norm_eps", "eos_token_id", "attention_bias"}

func TestLayoutsOfConfig3(t *testing.T) {
	want, err := ParseConfig([]byte(flat3), nil)
	require.NoError(t, err)
	assert.Equal(t, Qwen3VL, want.Family)
	assert.Equal(t, TextConfig{Hidden: 8, Layers: 2, Heads: 2, KVHeads: 1, HeadDim: 8, Intermediate: 12, Vocab: 16, Theta: 5e6,
		Sections: [3]int{2, 1, 1}, Eps: 1e-6, HeadNorm: true, Interleave: true}, want.Text)
	assert.Equal(t, VisionConfig{Depth: 3, Hidden: 8, Heads: 2, Intermediate: 8, Out: 8, Channels: 3, Patch: 2, Temporal: 2, Merge: 2,
		LayerNorm: true, Plain: true, PatchBias: true, Table: 3, DeepStack: []int{0, 2}}, want.Vision)

	var tree map[string]any
	require.NoError(t, json.Unmarshal([]byte(flat3), &tree))
	text := map[string]any{"model_type": "qwen3_vl_text"}
	for _, key := range textKeys {
		text[key] = tree[key]
		delete(tree, key)
	}
	for name, rope := range map[string]map[string]any{
		"transformers 4": {"rope_theta": 5e6, "rope_scaling": map[string]any{"mrope_section": []int{2, 1, 1}}},
		"transformers 5": {"rope_parameters": map[string]any{"rope_type": "default", "rope_theta": 5e6, "mrope_section": []int{2, 1, 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			nested := maps.Clone(tree)
			inner := maps.Clone(text)
			for _, key := range []string{"rope_theta", "rope_scaling"} {
				delete(nested, key)
			}
			maps.Copy(inner, rope)
			nested["text_config"] = inner
			data, err := json.Marshal(nested)
			require.NoError(t, err)
			got, err := ParseConfig(data, nil)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

func TestConfig3Refuses(t *testing.T) {
	for _, tc := range []struct{ old, new, want string }{
		{`"qwen3_vl"`, `"qwen3_vl_moe"`, `config.json: model_type "qwen3_vl_moe" (want qwen2_5_vl or qwen3_vl)`},
		{`"attention_bias": false`, `"attention_bias": true`, "config.json: attention_bias true (want false)"},
		{`"num_position_embeddings": 9`, `"num_position_embeddings": 8`, "config.json: vision_config.num_position_embeddings 8 (want a square)"},
		{`[0, 2]`, `[0, 3]`, "config.json: vision_config.deepstack_visual_indexes [0 3] (want blocks in order, of 3, for 2 layers)"},
		{`[0, 2]`, `[2, 0]`, "config.json: vision_config.deepstack_visual_indexes [2 0] (want blocks in order, of 3, for 2 layers)"},
		{`[0, 2]`, `[0, 1, 2]`, "config.json: vision_config.deepstack_visual_indexes [0 1 2] (want blocks in order, of 3, for 2 layers)"},
		{`"gelu_pytorch_tanh"`, `"silu"`, `config.json: vision_config.hidden_act "silu" (want gelu_pytorch_tanh)`},
		{`"head_dim": 8`, `"head_dim": 16777216`, "config.json: head_dim 16777216 (want an even number, at most 16777216 over all heads)"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			require.Contains(t, flat3, tc.old)
			_, err := ParseConfig([]byte(strings.Replace(flat3, tc.old, tc.new, 1)), nil)
			assert.EqualError(t, err, tc.want)
		})
	}
}

// The axes of the frequencies of the published models (half of head_dim 128).
func TestAxesOfFrequencies(t *testing.T) {
	count := func(axis []int) (n [3]int) {
		for _, a := range axis {
			n[a]++
		}
		return n
	}
	blocks := (&TextConfig{HeadDim: 128, Sections: [3]int{16, 24, 24}}).axes()
	assert.Equal(t, []int{0, 1, 1, 2, 2}, []int{blocks[15], blocks[16], blocks[39], blocks[40], blocks[63]})
	assert.Equal(t, [3]int{16, 24, 24}, count(blocks))
	turns := (&TextConfig{HeadDim: 128, Sections: [3]int{24, 20, 20}, Interleave: true}).axes()
	assert.Equal(t, []int{0, 1, 2, 0, 1, 2}, turns[:6])
	assert.Equal(t, []int{0, 1, 2, 0, 0, 0, 0}, turns[57:])
	assert.Equal(t, [3]int{24, 20, 20}, count(turns))
}

// Places along a grid, from model.md 14: ends lie on the table's ends.
func TestSpreadOverTheTable(t *testing.T) {
	at := func(n int) (out []float32) {
		for _, b := range spread(48, n) {
			out = append(out, float32(b.low)+b.share)
			assert.LessOrEqual(t, b.high, int32(47))
		}
		return out
	}
	assert.InDeltaSlice(t, []float32{0, 15.6667, 31.3333, 47}, at(4), 1e-4)
	assert.InDeltaSlice(t, []float32{0, 9.4, 18.8, 28.2, 37.6, 47}, at(6), 1e-5)
	assert.Equal(t, []float32{0, 47}, at(2))
}

func TestConfigRefuses(t *testing.T) {
	for _, tc := range []struct{ old, new, want string }{
		{`{"model_type"`, `["model_type"`, "config.json: invalid character"},
		{`"qwen2_5_vl"`, `"llama"`, `config.json: model_type "llama" (want qwen2_5_vl or qwen3_vl)`},
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
	f.Add([]byte(flat3), []byte(`{}`))
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
	for _, text := range []string{flat, flat3} {
		c, err := ParseConfig([]byte(text), nil)
		require.NoError(t, err)
		m := New(dev, c, true, 1, 0.02)
		tower, lm := c.Family.prefixes()
		extra := safetensors.Tensor{Name: lm + "layers.2.mlp.up_proj.weight", DType: safetensors.F32, Shape: []int{1}, Values: []float32{0}}
		for want, edit := range map[string]func([]safetensors.Tensor) []safetensors.Tensor{
			"no tensor " + tower + "patch_embed.proj.weight":                                  func(l []safetensors.Tensor) []safetensors.Tensor { return l[1:] },
			fmt.Sprintf("tensor %s is not part of %v (1 such tensors)", extra.Name, c.Family): func(l []safetensors.Tensor) []safetensors.Tensor { return append(l, extra) },
			"tensor " + lm + "norm.weight: shape [4 2] (want [8])": func(l []safetensors.Tensor) []safetensors.Tensor {
				l[len(l)-1].Shape = []int{4, 2}
				return l
			},
			"tensors model.language_model.norm.weight and model.norm.weight are the same weight": func(l []safetensors.Tensor) []safetensors.Tensor {
				twin := l[len(l)-1]
				twin.Name = otherName(twin.Name)
				return append(l, twin)
			},
		} {
			t.Run(c.Family.String()+"/"+want, func(t *testing.T) {
				_, err := Load(t.Context(), dev, c, stored(t, m, edit), LoadOptions{})
				assert.EqualError(t, err, want)
			})
		}
		// Names of either scheme are the same weights.
		again, err := Load(t.Context(), dev, c, stored(t, m, func(l []safetensors.Tensor) []safetensors.Tensor {
			for i := range l {
				l[i].Name = otherName(l[i].Name)
			}
			return l
		}), LoadOptions{})
		require.NoError(t, err)
		assert.True(t, again.Tied())
		assert.Equal(t, m.Size(), again.Size())
	}
}

// otherName is a weight's name in the scheme that it is not written in.
func otherName(name string) string {
	switch old := canonical(name); {
	case old != name:
		return old
	case strings.HasPrefix(name, "visual."):
		return "model." + name
	default:
		return "model.language_model." + strings.TrimPrefix(name, "model.")
	}
}

// Every reference configuration is read.
func TestGoldenConfigs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(golden.Dir(t, "models"), "*", "config.json"))
	require.NoError(t, err)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		_, err = ParseConfig(data, nil)
		assert.NoError(t, err, path)
	}
}

// Weights in float16 and bfloat16 are read to the values that they hold,
// whatever type they are stored in afterwards.
func TestLoadConvertsTypes(t *testing.T) {
	dev := cpu.New(1)
	c, err := ParseConfig([]byte(flat3), nil)
	require.NoError(t, err)
	m := New(dev, c, false, 1, 0.02)
	values := func(p *Param) []float32 {
		v := make([]float32, p.Len())
		dev.Download(v, p.Tensor)
		return v
	}
	for typ, round := range map[safetensors.DType]func(float32) float32{
		safetensors.F32:  func(v float32) float32 { return v },
		safetensors.F16:  func(v float32) float32 { return float16.Fromfloat32(v).Float32() },
		safetensors.BF16: func(v float32) float32 { return tensor.Widen16(tensor.Round16(v)) },
	} {
		for _, held := range []tensor.Type{tensor.F32, tensor.BF16} {
			f := stored(t, m, func(l []safetensors.Tensor) []safetensors.Tensor {
				for i := range l {
					l[i].DType = typ
				}
				return l
			})
			got, err := Load(t.Context(), dev, c, f, LoadOptions{Type: held})
			require.NoError(t, err)
			assert.False(t, got.Tied())
			for i, p := range m.Params {
				want := values(p)
				for k, v := range want {
					if want[k] = round(v); held == tensor.BF16 && len(p.Shape) > 1 {
						want[k] = tensor.Widen16(tensor.Round16(want[k]))
					}
				}
				assert.Equal(t, want, values(got.Params[i]), "%s stored as %s", p.Name, typ)
			}
			got.Free()
		}
	}
}
