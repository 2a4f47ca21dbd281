// Package preset makes small models from a seed: configuration, vocabulary and
// random weights, as a Hugging Face directory.
//
// A preset's vocabulary is trained on the questions that its models are to
// answer, drawn from synthetic scenes, so that a question is a few tokens long.
//
// Limits: a fresh model knows nothing. It is made to be taught.
package preset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"ssrl/internal/bpe"
	"ssrl/internal/checkpoint"
	"ssrl/internal/qwen"
)

const (
	maxPositions = 4096
	minPixels    = 56 * 56 // four tokens
	maxPixels    = 112 * 112
	// vocabulary is the number of tokens before the added ones: bytes and merges.
	vocabulary = 640
	// spread of the random weights; Qwen's 0.02 is for wider layers.
	spread = 0.05
)

// nano is Qwen2.5-VL at 1.5 million weights.
func nano(words *bpe.Tokenizer) qwen.Config {
	id := func(token string) int32 {
		n, _ := words.ID(token)
		return n
	}
	return qwen.Config{
		Text: qwen.TextConfig{Hidden: 128, Layers: 4, Heads: 4, KVHeads: 2, HeadDim: 32, Intermediate: 352, Vocab: words.Size(),
			Theta: 10000, Sections: [3]int{4, 6, 6}, Eps: 1e-6},
		Vision: qwen.VisionConfig{Depth: 3, Hidden: 96, Heads: 4, Intermediate: 256, Out: 128, Channels: 3, Patch: 14, Temporal: 2,
			Merge: 2, Window: 112, FullAttention: []int{0, 1, 2}, TokensPerSecond: 2},
		Tokens: qwen.Tokens{Image: id("<|image_pad|>"), Video: id("<|video_pad|>"), VisionStart: id("<|vision_start|>"), VisionEnd: id("<|vision_end|>"),
			EOS: []int32{id("<|im_end|>"), id("<|endoftext|>")}, Pad: id("<|endoftext|>")},
	}
}

// Write makes the model of a preset in a new or empty directory.
func Write(dir, name string, s uint64) error {
	if name != "nano" {
		return fmt.Errorf("preset %q (want nano)", name)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s: not empty (want a new or empty directory)", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return checkpoint.Save(dir, 0, func(w *checkpoint.Writer) error { return write(w.Dir(), s) })
}
