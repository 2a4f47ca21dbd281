// Package preset makes small models from a seed: configuration, vocabulary and
// random weights, as a Hugging Face directory.
//
// A preset's vocabulary is trained on the questions that its models are to
// answer, drawn from synthetic scenes, so that a question is a few tokens long.
//
// Limits: a fresh model knows nothing. It is made to be taught, one of a published
// model's shape to be measured.
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
	nanoPositions = 4096
	// vocabulary is the number of tokens before the added ones: bytes and merges.
	vocabulary = 640
	// nanoSpread of the random weights; Qwen's 0.02 is for wider layers.
	nanoSpread = 0.05
)

// preset is one of the models.
type preset struct {
	config               func(words *bpe.Tokenizer) qwen.Config
	added                func() []bpe.Added
	minPixels, maxPixels int
	half, tied           bool // weights are bfloat16; the head is the embedding
	spread               float64
	positions            int
}

var presets = map[string]preset{
	// Pictures of nano models are 4 to 16 tokens.
	"nano":  {config: nano, added: bpe.Qwen25Added, minPixels: 56 * 56, maxPixels: 112 * 112, tied: true, spread: nanoSpread, positions: nanoPositions},
	"nano3": {config: nano3, added: bpe.Qwen3Added, minPixels: 64 * 64, maxPixels: 128 * 128, tied: true, spread: nanoSpread, positions: nanoPositions},
}

// Names lists the small presets.
func Names() []string { return slices.Sorted(maps.Keys(presets)) }

// nano is Qwen2.5-VL at 1.8 million weights. Its patches are 28 pixels wide and
// a picture of 56 is one token: with the usual 14 the place of a thing in such a
// picture is known by rotary angles alone, and is learned ten times as slowly.
func nano(words *bpe.Tokenizer) qwen.Config {
	return qwen.Config{
		Family: qwen.Qwen25VL,
		Text: qwen.TextConfig{Hidden: 128, Layers: 4, Heads: 4, KVHeads: 2, HeadDim: 32, Intermediate: 352, Vocab: words.Size(),
			Theta: 10000, Sections: [3]int{4, 6, 6}, Eps: 1e-6, Bias: true},
		Vision: qwen.VisionConfig{Depth: 3, Hidden: 96, Heads: 4, Intermediate: 256, Out: 128, Channels: 3, Patch: 28, Temporal: 2,
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
		p, ok = shapes[name]
	}
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
