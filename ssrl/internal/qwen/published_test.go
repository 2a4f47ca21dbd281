package qwen

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// published are the configurations of the models that people have (model.md 1.1).
var published = map[string]struct {
	config  Config
	tied    bool
	tensors int
	weights int64
}{
	"Qwen2.5-VL-3B": {Config{Family: Qwen25VL, Vision: vision25(2048),
		Text: TextConfig{Hidden: 2048, Layers: 36, Heads: 16, KVHeads: 2, HeadDim: 128, Intermediate: 11008, Vocab: 151936, Bias: true}}, true, 824, 3_754_622_976},
	"Qwen2.5-VL-7B": {Config{Family: Qwen25VL, Vision: vision25(3584),
		Text: TextConfig{Hidden: 3584, Layers: 28, Heads: 28, KVHeads: 4, HeadDim: 128, Intermediate: 18944, Vocab: 152064, Bias: true}}, false, 729, 8_292_166_656},
	"Qwen3-VL-4B": {Config{Family: Qwen3VL,
		Text: TextConfig{Hidden: 2560, Layers: 36, Heads: 32, KVHeads: 8, HeadDim: 128, Intermediate: 9728, Vocab: 151936, HeadNorm: true},
		Vision: VisionConfig{Depth: 24, Hidden: 1024, Heads: 16, Intermediate: 4096, Out: 2560, Channels: 3, Patch: 16, Temporal: 2, Merge: 2,
			LayerNorm: true, Plain: true, PatchBias: true, Table: 48, DeepStack: []int{5, 11, 17}}}, true, 713, 4_437_815_808},
}

func vision25(out int) VisionConfig {
	return VisionConfig{Depth: 32, Hidden: 1280, Heads: 16, Intermediate: 3420, Out: out, Channels: 3, Patch: 14, Temporal: 2, Merge: 2, Window: 112}
}

// The list of names has as many tensors and weights as the published checkpoints.
func TestPublishedModels(t *testing.T) {
	for name, p := range published {
		t.Run(name, func(t *testing.T) {
			tensors, weights := 0, int64(0)
			for _, w := range Layout(p.config, p.tied) {
				n := int64(1)
				for _, d := range w.Shape {
					n *= int64(d)
				}
				tensors++
				weights += n
			}
			assert.Equal(t, p.tensors, tensors)
			assert.Equal(t, p.weights, weights)
		})
	}
}
