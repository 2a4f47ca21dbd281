package ssrl

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/safetensors"
)

// broken is a small model's directory that a case breaks.
type broken struct {
	t   *testing.T
	dir string
}

func (b broken) path(name string) string { return filepath.Join(b.dir, name) }

func (b broken) read(name string) []byte {
	data, err := os.ReadFile(b.path(name))
	require.NoError(b.t, err)
	return data
}

func (b broken) write(name string, data []byte) {
	require.NoError(b.t, os.WriteFile(b.path(name), data, 0o666))
}

func (b broken) remove(names ...string) {
	for _, name := range names {
		require.NoError(b.t, os.Remove(b.path(name)))
	}
}

// edit changes a JSON file as a map.
func (b broken) edit(name string, change func(file map[string]any)) {
	var file map[string]any
	require.NoError(b.t, json.Unmarshal(b.read(name), &file))
	change(file)
	data, err := json.Marshal(file)
	require.NoError(b.t, err)
	b.write(name, data)
}

const weightsFile = "model.safetensors"

// tensors changes the weights and writes them again, in shards if size is not 0.
func (b broken) tensors(size int, change func(all []safetensors.Tensor) []safetensors.Tensor) {
	f, err := safetensors.Open(b.dir)
	require.NoError(b.t, err)
	var all []safetensors.Tensor
	for _, name := range f.Names() {
		info, err := f.Info(name)
		require.NoError(b.t, err)
		raw, err := f.Raw(name)
		require.NoError(b.t, err)
		all = append(all, safetensors.Tensor{Name: name, DType: info.DType, Shape: info.Shape, Raw: slices.Clone(raw)})
	}
	require.NoError(b.t, f.Close())
	require.NoError(b.t, safetensors.WriteModel(b.dir, change(all), nil, size))
}

// one changes one tensor.
func (b broken) one(name string, change func(t *safetensors.Tensor)) {
	b.tensors(0, func(all []safetensors.Tensor) []safetensors.Tensor {
		for i := range all {
			if all[i].Name == name {
				change(&all[i])
				return all
			}
		}
		b.t.Fatalf("no tensor %s", name)
		return nil
	})
}

// header replaces the JSON header of the weights.
func (b broken) header(change func(text string) string) {
	data := b.read(weightsFile)
	n := binary.LittleEndian.Uint64(data)
	text := change(string(data[8 : 8+n]))
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	b.write(weightsFile, append(append(out, text...), data[8+n:]...))
}

func same(all []safetensors.Tensor) []safetensors.Tensor { return all }

const someWeight = "model.layers.0.mlp.up_proj.weight"

// Every way in which a model directory can be wrong ends in one line that names
// the file or the tensor.
func TestLoadErrors(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "nano")
	require.NoError(t, CreateModel(whole, "nano", 1))
	for _, tc := range []struct {
		name string
		harm func(b broken)
		want string
	}{
		{"no folder", func(b broken) { require.NoError(b.t, os.RemoveAll(b.dir)) }, "no such file or directory"},
		{"a file", func(b broken) {
			require.NoError(b.t, os.RemoveAll(b.dir))
			require.NoError(b.t, os.WriteFile(b.dir, nil, 0o666))
		}, "not a directory"},
		{"no config", func(b broken) { b.remove("config.json") }, "no config.json (want a Hugging Face model directory): malformed input"},
		{"config is a list", func(b broken) { b.write("config.json", []byte("[]")) }, "config.json: a JSON array (want an object)"},
		{"config cut short", func(b broken) { b.write("config.json", b.read("config.json")[:40]) }, "config.json: unexpected end of JSON input"},
		{"no model_type", func(b broken) { b.edit("config.json", func(f map[string]any) { delete(f, "model_type") }) }, `config.json: model_type "" (want qwen2_5_vl or qwen3_vl)`},
		{"another architecture", func(b broken) { b.edit("config.json", func(f map[string]any) { f["model_type"] = "qwen2_vl" }) }, `config.json: model_type "qwen2_vl" (want qwen2_5_vl or qwen3_vl)`},
		{"mixture of experts", func(b broken) { b.edit("config.json", func(f map[string]any) { f["model_type"] = "qwen3_vl_moe" }) }, `config.json: model_type "qwen3_vl_moe" (want qwen2_5_vl or qwen3_vl)`},
		{"no vision tower", func(b broken) { b.edit("config.json", func(f map[string]any) { delete(f, "vision_config") }) }, "config.json: no vision_config"},
		{"generation config cut short", func(b broken) { b.write("generation_config.json", []byte("{")) }, "generation_config.json: unexpected end of JSON input"},
		{"no tokenizer", func(b broken) { b.remove("tokenizer.json", "vocab.json", "merges.txt") }, "no tokenizer.json, nor vocab.json with merges.txt: file does not exist"},
		{"no merges", func(b broken) { b.remove("tokenizer.json", "merges.txt") }, "no tokenizer.json, nor vocab.json with merges.txt: file does not exist"},
		{"another normaliser", func(b broken) {
			b.edit("tokenizer.json", func(f map[string]any) { f["normalizer"] = map[string]any{"type": "NFKC"} })
		}, `tokenizer.json: normalizer "NFKC" (want NFC)`},
		{"no preprocessor", func(b broken) { b.remove("preprocessor_config.json") }, "no preprocessor_config.json: file does not exist"},
		{"other patches", func(b broken) { b.edit("preprocessor_config.json", func(f map[string]any) { f["patch_size"] = 16 }) }, "preprocessor_config.json: patches of 16 pixels, 2 frames, merged 2 by 2 (want config.json's 28, 2, 2): malformed input"},
		{"a template file of JSON", func(b broken) { b.write("chat_template.json", []byte("{")) }, "chat_template.json: unexpected end of JSON input"},

		{"no weights", func(b broken) { b.remove(weightsFile) }, "open m: no model.safetensors and no model.safetensors.index.json: file does not exist"},
		{"empty weights", func(b broken) { b.write(weightsFile, nil) }, "m/model.safetensors: 0 bytes (want at least 8)"},
		{"weights cut in the header", func(b broken) { b.write(weightsFile, b.read(weightsFile)[:200]) }, "m/model.safetensors: header of 9360 bytes in a file of 200"},
		{"weights cut in the data", func(b broken) { d := b.read(weightsFile); b.write(weightsFile, d[:len(d)-4]) }, `m/model.safetensors: tensor "visual.patch_embed.proj.weight": data_offsets [5426944 7233280] in 7233276 bytes of data`},
		{"bytes after the data", func(b broken) { b.write(weightsFile, append(b.read(weightsFile), 0, 0, 0, 0)) }, "m/model.safetensors: 7233284 bytes of data (want 7233280, where the last tensor ends)"},
		{"a header of 2^63 bytes", func(b broken) { d := b.read(weightsFile); d[7] = 0x80; b.write(weightsFile, d) }, "m/model.safetensors: header of 9223372036854785168 bytes (want at most 100000000)"},
		{"a header that is no JSON", func(b broken) { b.header(func(s string) string { return "pickle" + s[6:] }) }, "m/model.safetensors: header is not a JSON object"},
		{"a tensor listed twice", func(b broken) {
			b.header(func(s string) string { return strings.Replace(s, "model.layers.1.mlp.up_proj.weight", someWeight, 1) })
		}, `m/model.safetensors: tensor "model.layers.0.mlp.up_proj.weight": listed twice`},
		{"overlapping tensors", func(b broken) {
			b.header(func(s string) string { return strings.Replace(s, `"data_offsets":[0,`, `"data_offsets":[4,`, 1) })
		}, `m/model.safetensors: tensor "model.embed_tokens.weight": 338940 bytes of data (want 338944 for F32 [662 128])`},
		{"a shape of negative size", func(b broken) {
			b.header(func(s string) string { i := strings.Index(s, `"shape":[`) + 9; return s[:i] + "-" + s[i:] })
		}, `m/model.safetensors: tensor "model.embed_tokens.weight": shape [-662 128] is out of range`},
		{"a missing tensor", func(b broken) {
			b.tensors(0, func(all []safetensors.Tensor) []safetensors.Tensor {
				return slices.DeleteFunc(all, func(t safetensors.Tensor) bool { return t.Name == someWeight })
			})
		}, "no tensor model.layers.0.mlp.up_proj.weight"},
		{"an extra tensor", func(b broken) {
			b.tensors(0, func(all []safetensors.Tensor) []safetensors.Tensor {
				more := all[0]
				more.Name = "model.layers.77.mlp.up_proj.weight"
				return append(all, more)
			})
		}, "tensor model.layers.77.mlp.up_proj.weight is not part of Qwen2.5-VL (1 such tensors)"},
		{"a tensor under two names", func(b broken) {
			b.tensors(0, func(all []safetensors.Tensor) []safetensors.Tensor {
				for _, t := range all {
					if t.Name == someWeight {
						t.Name = "model.language_" + someWeight
						return append(all, t)
					}
				}
				return all
			})
		}, "tensors model.language_model.layers.0.mlp.up_proj.weight and model.layers.0.mlp.up_proj.weight are the same weight"},
		{"a tensor of another shape", func(b broken) {
			b.one(someWeight, func(t *safetensors.Tensor) { t.Shape[0], t.Shape[1] = t.Shape[1], t.Shape[0] })
		}, "tensor model.layers.0.mlp.up_proj.weight: shape [128 352] (want [352 128])"},
		{"a tensor of another rank", func(b broken) {
			b.one(someWeight, func(t *safetensors.Tensor) { t.Shape = []int{t.Shape[0] * t.Shape[1]} })
		}, "tensor model.layers.0.mlp.up_proj.weight: shape [45056] (want [352 128])"},
		{"integers", func(b broken) { b.one(someWeight, func(t *safetensors.Tensor) { t.DType = "I32" }) }, `m/model.safetensors: tensor "model.layers.0.mlp.up_proj.weight": dtype "I32" (want F32, F16 or BF16)`},
		{"a head of another size", func(b broken) {
			b.tensors(0, func(all []safetensors.Tensor) []safetensors.Tensor {
				return append(all, safetensors.Tensor{Name: "lm_head.weight", DType: safetensors.F32, Shape: []int{1, 1}, Raw: make([]byte, 4)})
			})
		}, "tensor lm_head.weight: shape [1 1] (want [662 128])"},
		{"a shard that is not there", func(b broken) { b.tensors(5<<19, same); b.remove("model-00002-of-00003.safetensors") }, "open m/model-00002-of-00003.safetensors: no such file or directory"},
		{"a shard cut short", func(b broken) {
			b.tensors(5<<19, same)
			d := b.read("model-00002-of-00003.safetensors")
			b.write("model-00002-of-00003.safetensors", d[:len(d)/2])
		}, `m/model-00002-of-00003.safetensors: tensor "visual.blocks.0.mlp.gate_proj.weight": data_offsets [988032 1086336] in 1038792 bytes of data`},
		{"an index cut short", func(b broken) { b.tensors(5<<19, same); b.write(weightsFile+".index.json", []byte(`{"weight_map": {`)) }, "m/model.safetensors.index.json: unexpected end of JSON input"},
		{"an index of a file elsewhere", func(b broken) {
			b.tensors(5<<19, same)
			b.edit(weightsFile+".index.json", func(f map[string]any) { f["weight_map"].(map[string]any)[someWeight] = "../../secret" })
		}, `m/model.safetensors.index.json: tensor "model.layers.0.mlp.up_proj.weight" is in "../../secret" (want a file name)`},
		{"an index of the wrong shard", func(b broken) {
			b.tensors(5<<19, same)
			b.edit(weightsFile+".index.json", func(f map[string]any) {
				m := f["weight_map"].(map[string]any)
				m[someWeight] = map[any]any{"model-00001-of-00003.safetensors": "model-00002-of-00003.safetensors", "model-00002-of-00003.safetensors": "model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors": "model-00001-of-00003.safetensors"}[m[someWeight]]
			})
		}, `m/model.safetensors.index.json: tensor "model.layers.0.mlp.up_proj.weight" is not in model-00002-of-00003.safetensors`},
		{"an index without a tensor", func(b broken) {
			b.tensors(5<<19, same)
			b.edit(weightsFile+".index.json", func(f map[string]any) {
				maps.DeleteFunc(f["weight_map"].(map[string]any), func(k string, _ any) bool { return k == someWeight })
			})
		}, "no tensor model.layers.0.mlp.up_proj.weight"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := broken{t, filepath.Join(t.TempDir(), "m")}
			require.NoError(t, os.CopyFS(b.dir, os.DirFS(whole)))
			tc.harm(b)
			m, err := OpenModel(t.Context(), b.dir, ModelOptions{})
			if err == nil {
				m.Close()
			}
			require.Error(t, err)
			assert.Equal(t, "model m: "+tc.want, strings.ReplaceAll(err.Error(), b.dir, "m"))
			if !strings.HasPrefix(tc.want, "no such file") && tc.want != "not a directory" {
				assert.ErrorIs(t, err, ErrFormat)
			}
		})
	}
}
