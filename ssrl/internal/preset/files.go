package preset

import (
	_ "embed"
	"encoding/json"
	"maps"

	"ssrl/internal/qwen"
)

// The chat templates render the markup of the two families, for tools that read
// templates.
var (
	//go:embed chat_template.jinja
	chatTemplate []byte
	//go:embed chat_template3.jinja
	chatTemplate3 []byte
)

// object is a JSON file; encoding/json sorts its keys.
type object map[string]any

func (o object) encode() []byte {
	b, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		panic("preset: " + err.Error())
	}
	return append(b, '\n')
}

// files are those beside weights and vocabulary, in transformers' layout.
func (p *preset) files(c qwen.Config) map[string][]byte {
	k := c.Tokens
	out := map[string][]byte{
		"generation_config.json": object{
			"bos_token_id": k.Pad, "pad_token_id": k.Pad, "eos_token_id": k.EOS, "do_sample": false, "repetition_penalty": 1.0,
		}.encode(),
	}
	if c.Family == qwen.Qwen3VL {
		out["config.json"] = p.config3(c).encode()
		out["preprocessor_config.json"] = p.pixels(c, object{"image_processor_type": "Qwen2VLImageProcessorFast"}).encode()
		out["video_preprocessor_config.json"] = p.pixels(c, object{"video_processor_type": "Qwen3VLVideoProcessor", "do_sample_frames": true, "fps": 2}).encode()
		out["chat_template.jinja"] = chatTemplate3
		return out
	}
	out["config.json"] = p.config25(c).encode()
	out["preprocessor_config.json"] = p.pixels(c, object{"image_processor_type": "Qwen2VLImageProcessorFast"}).encode()
	out["chat_template.jinja"] = chatTemplate
	return out
}

// text are the keys of the language model that both families have.
func (p *preset) text(c qwen.Config) object {
	t, k := c.Text, c.Tokens
	return object{
		"hidden_size": t.Hidden, "num_hidden_layers": t.Layers, "num_attention_heads": t.Heads, "num_key_value_heads": t.KVHeads,
		"intermediate_size": t.Intermediate, "vocab_size": t.Vocab, "hidden_act": "silu", "rms_norm_eps": t.Eps, "rope_theta": t.Theta,
		"max_position_embeddings": p.positions, "attention_dropout": 0.0, "bos_token_id": k.Pad, "eos_token_id": k.EOS[0],
		"initializer_range": p.spread, "tie_word_embeddings": p.tied,
	}
}

// dtype is the type that the weights are written in.
func (p *preset) dtype() string {
	if p.half {
		return "bfloat16"
	}
	return "float32"
}

// vision are the keys of the tower that both families have.
func vision(v qwen.VisionConfig) object {
	return object{
		"depth": v.Depth, "hidden_size": v.Hidden, "num_heads": v.Heads, "intermediate_size": v.Intermediate, "out_hidden_size": v.Out,
		"in_channels": v.Channels, "patch_size": v.Patch, "temporal_patch_size": v.Temporal, "spatial_merge_size": v.Merge,
	}
}

// with adds keys.
func (o object) with(more object) object {
	maps.Copy(o, more)
	return o
}

// places are the ids of pictures and clips.
func places(k qwen.Tokens) object {
	return object{"image_token_id": k.Image, "video_token_id": k.Video, "vision_start_token_id": k.VisionStart, "vision_end_token_id": k.VisionEnd}
}

// config25 has the flat layout of the first uploads.
func (p *preset) config25(c qwen.Config) object {
	return p.text(c).with(places(c.Tokens)).with(object{
		"architectures": []string{"Qwen2_5_VLForConditionalGeneration"}, "model_type": "qwen2_5_vl", "torch_dtype": p.dtype(),
		"rope_scaling": object{"type": "mrope", "mrope_section": c.Text.Sections}, "use_sliding_window": false,
		"vision_config": vision(c.Vision).with(object{"model_type": "qwen2_5_vl", "window_size": c.Vision.Window,
			"fullatt_block_indexes": c.Vision.FullAttention, "tokens_per_second": c.Vision.TokensPerSecond, "hidden_act": "silu"}),
	})
}

func (p *preset) config3(c qwen.Config) object {
	v := c.Vision
	return places(c.Tokens).with(object{
		"architectures": []string{"Qwen3VLForConditionalGeneration"}, "model_type": "qwen3_vl", "torch_dtype": p.dtype(),
		"tie_word_embeddings": p.tied,
		"text_config": p.text(c).with(object{"model_type": "qwen3_vl_text", "head_dim": c.Text.HeadDim, "attention_bias": false,
			"rope_scaling": object{"rope_type": "default", "mrope_interleaved": true, "mrope_section": c.Text.Sections}}),
		"vision_config": vision(v).with(object{"model_type": "qwen3_vl", "hidden_act": "gelu_pytorch_tanh",
			"num_position_embeddings": v.Table * v.Table, "deepstack_visual_indexes": v.DeepStack, "initializer_range": p.spread}),
	})
}

// pixels is a processor's configuration.
func (p *preset) pixels(c qwen.Config, more object) object {
	v := c.Vision
	o := object{
		"patch_size": v.Patch, "temporal_patch_size": v.Temporal, "merge_size": v.Merge,
		"do_resize": true, "do_rescale": true, "do_normalize": true, "do_convert_rgb": true, "resample": 3, "rescale_factor": 1.0 / 255,
	}
	if c.Family == qwen.Qwen3VL {
		return o.with(more).with(object{"processor_class": "Qwen3VLProcessor", "size": object{"shortest_edge": p.minPixels, "longest_edge": p.maxPixels},
			"image_mean": []float64{.5, .5, .5}, "image_std": []float64{.5, .5, .5}})
	}
	return o.with(more).with(object{"processor_class": "Qwen2_5_VLProcessor", "min_pixels": p.minPixels, "max_pixels": p.maxPixels,
		"image_mean": []float64{0.48145466, 0.4578275, 0.40821073}, "image_std": []float64{0.26862954, 0.26130258, 0.27577711}})
}
