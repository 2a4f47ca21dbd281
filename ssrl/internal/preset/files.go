package preset

import (
	_ "embed"
	"encoding/json"

	"ssrl/internal/qwen"
)

// chatTemplate renders Qwen2.5-VL's markup, for tools that read templates.
//
//go:embed chat_template.jinja
var chatTemplate []byte

// object is a JSON file; encoding/json sorts its keys.
type object map[string]any

func (o object) encode() []byte {
	b, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		panic("preset: " + err.Error())
	}
	return append(b, '\n')
}

// configFiles are the JSON files beside the weights, in transformers' layout.
func configFiles(c qwen.Config) map[string][]byte {
	t, v, k := c.Text, c.Vision, c.Tokens
	return map[string][]byte{
		"config.json": object{
			"architectures": []string{"Qwen2_5_VLForConditionalGeneration"}, "model_type": "qwen2_5_vl", "torch_dtype": "float32",
			"hidden_size": t.Hidden, "num_hidden_layers": t.Layers, "num_attention_heads": t.Heads, "num_key_value_heads": t.KVHeads,
			"intermediate_size": t.Intermediate, "vocab_size": t.Vocab, "hidden_act": "silu", "rms_norm_eps": t.Eps,
			"rope_theta": t.Theta, "rope_scaling": object{"type": "mrope", "mrope_section": t.Sections},
			"max_position_embeddings": maxPositions, "tie_word_embeddings": true, "use_sliding_window": false, "attention_dropout": 0.0,
			"bos_token_id": k.Pad, "eos_token_id": k.EOS[0], "image_token_id": k.Image, "video_token_id": k.Video,
			"vision_start_token_id": k.VisionStart, "vision_end_token_id": k.VisionEnd, "initializer_range": spread,
			"vision_config": object{
				"model_type": "qwen2_5_vl", "depth": v.Depth, "hidden_size": v.Hidden, "num_heads": v.Heads, "intermediate_size": v.Intermediate,
				"out_hidden_size": v.Out, "in_channels": v.Channels, "patch_size": v.Patch, "temporal_patch_size": v.Temporal,
				"spatial_merge_size": v.Merge, "window_size": v.Window, "fullatt_block_indexes": v.FullAttention,
				"tokens_per_second": v.TokensPerSecond, "hidden_act": "silu",
			},
		}.encode(),
		"generation_config.json": object{
			"bos_token_id": k.Pad, "pad_token_id": k.Pad, "eos_token_id": k.EOS, "do_sample": false, "repetition_penalty": 1.0,
		}.encode(),
		"preprocessor_config.json": object{
			"image_processor_type": "Qwen2VLImageProcessorFast", "processor_class": "Qwen2_5_VLProcessor",
			"min_pixels": minPixels, "max_pixels": maxPixels, "patch_size": v.Patch, "temporal_patch_size": v.Temporal, "merge_size": v.Merge,
			"do_resize": true, "do_rescale": true, "do_normalize": true, "do_convert_rgb": true, "resample": 3, "rescale_factor": 1.0 / 255,
			"image_mean": []float64{0.48145466, 0.4578275, 0.40821073}, "image_std": []float64{0.26862954, 0.26130258, 0.27577711},
		}.encode(),
		"chat_template.jinja": chatTemplate,
	}
}
