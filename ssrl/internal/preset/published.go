package preset

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"

	"ssrl/internal/bpe"
	"ssrl/internal/qwen"
	"ssrl/internal/safetensors"
	"ssrl/internal/seed"
	"ssrl/internal/tensor"
)

// Published models' shapes (model.md 1.1 of the design; tensors and weights are
// counted in package qwen's tests), with random weights in bfloat16 and the
// presets' small vocabulary: what takes a large model's time and memory, for
// measuring and for trying a machine, without a download.

// shardBytes is the most that a file of a large model holds, as of transformers.
const shardBytes = 5_000_000_000

// publishedSpread is Qwen's initializer_range.
const publishedSpread = 0.02

// maxPositions25 and 3 are max_position_embeddings of the published models.
const (
	maxPositions25 = 128000
	maxPositions3  = 262144
)

// Shapes lists the presets that have the shape of a published model.
func Shapes() []string { return []string{"qwen2.5-vl-3b", "qwen2.5-vl-7b", "qwen3-vl-4b"} }

var shapes = map[string]preset{
	"qwen2.5-vl-3b": {config: func(words *bpe.Tokenizer) qwen.Config {
		return published25(words, qwen.TextConfig{Hidden: 2048, Layers: 36, Heads: 16, KVHeads: 2, Intermediate: 11008, Vocab: 151936})
	}, added: bpe.Qwen25Added, minPixels: 3136, maxPixels: 12845056, half: true, tied: true, spread: publishedSpread, positions: maxPositions25},
	"qwen2.5-vl-7b": {config: func(words *bpe.Tokenizer) qwen.Config {
		return published25(words, qwen.TextConfig{Hidden: 3584, Layers: 28, Heads: 28, KVHeads: 4, Intermediate: 18944, Vocab: 152064})
	}, added: bpe.Qwen25Added, minPixels: 3136, maxPixels: 12845056, half: true, spread: publishedSpread, positions: maxPositions25},
	"qwen3-vl-4b": {config: published3, added: bpe.Qwen3Added, minPixels: 65536, maxPixels: 16777216, half: true, tied: true,
		spread: publishedSpread, positions: maxPositions3},
}

func published25(words *bpe.Tokenizer, t qwen.TextConfig) qwen.Config {
	t.HeadDim, t.Theta, t.Sections, t.Eps, t.Bias = 128, 1e6, [3]int{16, 24, 24}, 1e-6, true
	return qwen.Config{
		Family: qwen.Qwen25VL, Text: t,
		Vision: qwen.VisionConfig{Depth: 32, Hidden: 1280, Heads: 16, Intermediate: 3420, Out: t.Hidden, Channels: 3, Patch: 14, Temporal: 2,
			Merge: 2, Window: 112, FullAttention: []int{7, 15, 23, 31}, TokensPerSecond: 2},
		Tokens: ids(words),
	}
}

func published3(words *bpe.Tokenizer) qwen.Config {
	return qwen.Config{
		Family: qwen.Qwen3VL,
		Text: qwen.TextConfig{Hidden: 2560, Layers: 36, Heads: 32, KVHeads: 8, HeadDim: 128, Intermediate: 9728, Vocab: 151936,
			Theta: 5e6, Sections: [3]int{24, 20, 20}, Eps: 1e-6, HeadNorm: true, Interleave: true},
		Vision: qwen.VisionConfig{Depth: 24, Hidden: 1024, Heads: 16, Intermediate: 4096, Out: 2560, Channels: 3, Patch: 16, Temporal: 2,
			Merge: 2, LayerNorm: true, Plain: true, PatchBias: true, Table: 48, DeepStack: []int{5, 11, 17}},
		Tokens: ids(words),
	}
}

// stream writes the weights of c to dir without holding them.
func (p *preset) stream(dir string, c qwen.Config, s uint64) error {
	draw := newNormals(p.spread)
	var tensors []safetensors.Tensor
	for _, w := range qwen.Layout(c, p.tied) {
		n := 1
		for _, d := range w.Shape {
			n *= d
		}
		tensors = append(tensors, safetensors.Tensor{Name: w.Name, DType: safetensors.BF16, Shape: w.Shape, Stream: func(to io.Writer) error {
			switch {
			case strings.HasSuffix(w.Name, ".bias"):
				return fill(to, n, 0)
			case len(w.Shape) == 1:
				return fill(to, n, tensor.Round16(1))
			}
			return draw.write(to, n, seed.Rand(s, "weights", w.Name))
		}})
	}
	return safetensors.WriteModel(dir, tensors, nil, shardBytes)
}

// fill writes n times v.
func fill(to io.Writer, n int, v uint16) error {
	w := bufio.NewWriter(to)
	for range n {
		w.Write([]byte{byte(v), byte(v >> 8)}) // errors stay until Flush
	}
	return w.Flush()
}

// normals draws normal numbers in bfloat16: the value of each sixteenth of a
// random 64-bit word is a quantile of the distribution.
type normals struct {
	values [1 << 16]uint16
	buf    []byte
}

func newNormals(spread float64) *normals {
	d := &normals{buf: make([]byte, 1<<16)}
	for i := range d.values {
		share := (float64(i) + 0.5) / float64(len(d.values))
		d.values[i] = tensor.Round16(float32(spread * math.Sqrt2 * math.Erfinv(2*share-1)))
	}
	return d
}

func (d *normals) write(to io.Writer, n int, r *rand.Rand) error {
	for n > 0 {
		buf := d.buf[:min(len(d.buf), 2*n+7&^7)]
		for i := 0; i+8 <= len(buf); i += 8 {
			x := r.Uint64()
			y := uint64(d.values[uint16(x)]) | uint64(d.values[uint16(x>>16)])<<16 |
				uint64(d.values[uint16(x>>32)])<<32 | uint64(d.values[uint16(x>>48)])<<48
			binary.LittleEndian.PutUint64(buf[i:], y)
		}
		part := min(len(buf), 2*n)
		if _, err := to.Write(buf[:part]); err != nil {
			return fmt.Errorf("random weights: %w", err)
		}
		n -= part / 2
	}
	return nil
}
