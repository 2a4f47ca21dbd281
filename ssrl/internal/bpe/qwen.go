package bpe

// qwenContents are the added tokens of Qwen2.5-VL in order of their ids, from
// 151643; the first qwenSpecial are control tokens.
var qwenContents = []string{
	"<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>",
	"<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
	"<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>",
}

// qwen3Contents are the four that Qwen3-VL adds.
var qwen3Contents = []string{"<tool_response>", "</tool_response>", "<think>", "</think>"}

const (
	qwenSpecial = 14
	qwenFirst   = 151643
)

// Qwen25Added returns the 22 added tokens of Qwen2.5-VL under Qwen's own ids.
func Qwen25Added() []Added {
	added := make([]Added, len(qwenContents))
	for i, content := range qwenContents {
		added[i] = Added{ID: int32(qwenFirst + i), Content: content, Special: i < qwenSpecial}
	}
	return added
}

// Qwen3Added returns the 26 added tokens of Qwen3-VL under Qwen's own ids.
func Qwen3Added() []Added {
	added := Qwen25Added()
	for _, content := range qwen3Contents {
		added = append(added, Added{ID: int32(qwenFirst + len(added)), Content: content})
	}
	return added
}
