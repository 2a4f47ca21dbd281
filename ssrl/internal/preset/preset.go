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
	"maps"
	"os"
	"slices"
	"strings"

	"ssrl/internal/bpe"
	"ssrl/internal/checkpoint"
	"ssrl/internal/qwen"
)

const (
	maxPositions = 4096
	// vocabulary is the number of tokens before the added ones: bytes and merges.
	vocabulary = 640
	// spread of the random weights; Qwen's 0.02 is for wider layers.
	spread = 0.05
)

// preset is one of the models.
type preset struct {
	config               func(words *bpe.Tokenizer) qwen.Config
	added                func() []bpe.Added
	minPixels, maxPixels int // 4 and 16 tokens
}

var presets = map[string]preset{
	"nano":  {nano, bpe.Qwen25Added, 56 * 56, 112 * 112},
	"nano3": {nano3, bpe.Qwen3Added, 64 * 64, 128 * 128},
}

// Names lists the presets.
func Names() []string { return slices.Sorted(maps.Keys(presets)) }

// nano is Qwen2.5-VL at 1.5 million weights.
func nano(words *bpe.Tokenizer) qwen.Config {
	return qwen.Config{
		Family: qwen.Qwen25VL,
		Text: qwen.TextConfig{Hidden: 128, Layers: 4, Heads: 4, KVHeads: 2, HeadDim: 32, Intermediate: 352, Vocab: words.Size(),
			Theta: 10000, Sections: [3]int{4, 6, 6}, Eps: 1e-6, Bias: true},
		Vision: qwen.VisionConfig{Depth: 3, Hidden: 96, Heads: 4, Intermediate: 256, Out: 128, Channels: 3, Patch: 14, Temporal: 2,
			Merge: 2, Window: 112, FullAttention: []int{0, 1, 2}, TokensPerSecond: 2},
		Tokens: ids(words),
	}
}

// nano3 is Qwen3-VL at 1.9 million weights.
func nano3(words *bpe.Tokenizer) qwen.Config {
	return qwen.Config{
		Family: qwen.Qwen3VL,
		Text: qwen.TextConfig{Hidden: 128, Layers: 4, Heads: 4, KVHeads: 2, HeadDim: 32, Intermediate: 352, Vocab: words.Size(),
			Theta: 10000, Sections: [3]int{6, 5, 5}, Eps: 1e-6, HeadNorm: true, Interleave: true},
		Vision: qwen.VisionConfig{Depth: 3, Hidden: 96, Heads: 4, Intermediate: 352, Out: 128, Channels: 3, Patch: 16, Temporal: 2,
			Merge: 2, LayerNorm: true, Plain: true, PatchBias: true, Table: 8, DeepStack: []int{0, 1}},
		Tokens: ids(words),
	}
}

func ids(words *bpe.Tokenizer) qwen.Tokens {
	id := func(token string) int32 {
		n, _ := words.ID(token)
		return n
	}
	return qwen.Tokens{Image: id("<|image_pad|>"), Video: id("<|video_pad|>"), VisionStart: id("<|vision_start|>"), VisionEnd: id("<|vision_end|>"),
		EOS: []int32{id("<|im_end|>"), id("<|endoftext|>")}, Pad: id("<|endoftext|>")}
}

// Write makes the model of a preset in a new or empty directory.
func Write(dir, name string, s uint64) error {
	p, ok := presets[name]
	if !ok {
		return fmt.Errorf("preset %q (want %s)", name, strings.Join(Names(), " or "))
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s: not empty (want a new or empty directory)", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return checkpoint.Save(dir, 0, func(w *checkpoint.Writer) error { return p.write(w.Dir(), s) })
}
