package qwen

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ssrl/internal/safetensors"
	"ssrl/internal/tensor"
)

// Load reads the weights of f to dev. The head is tied to the embedding exactly
// when the file has none of its own. Every tensor of the architecture must be
// there in its shape, and no other.
func Load(ctx context.Context, dev tensor.Device, c Config, f *safetensors.File, progress func(read, total int64)) (*Model, error) {
	stored := map[string]string{}
	var total, read int64
	for _, name := range f.Names() {
		if strings.HasSuffix(name, "rotary_emb.inv_freq") { // a buffer of old files, computed here
			continue
		}
		to := canonical(name)
		if other, twice := stored[to]; twice {
			return nil, fmt.Errorf("tensors %s and %s are the same weight", other, name)
		}
		stored[to] = name
		info, err := f.Info(name)
		if err != nil {
			return nil, err
		}
		total += int64(info.Len())
	}
	_, own := stored["lm_head.weight"]
	m, err := build(dev, c, !own, func(name string, shape []int) ([]float32, error) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		from, ok := stored[canonical(name)]
		if !ok {
			return nil, fmt.Errorf("no tensor %s", name)
		}
		delete(stored, canonical(name))
		info, err := f.Info(from)
		if err != nil {
			return nil, err
		}
		if !slices.Equal(info.Shape, shape) {
			return nil, fmt.Errorf("tensor %s: shape %v (want %v)", from, info.Shape, shape)
		}
		values, err := f.Float32(from)
		read += int64(len(values))
		if progress != nil && err == nil {
			progress(read, total)
		}
		return values, err
	})
	if err != nil {
		return nil, err
	}
	if len(stored) > 0 {
		m.Free()
		extra := make([]string, 0, len(stored))
		for _, name := range stored {
			extra = append(extra, name)
		}
		slices.Sort(extra)
		return nil, fmt.Errorf("tensor %s is not part of %v (%d such tensors)", extra[0], c.Family, len(extra))
	}
	return m, nil
}

// Tensors lists the weights for safetensors.Write, in float32 and under the
// names that transformers writes.
func (m *Model) Tensors() []safetensors.Tensor {
	var out []safetensors.Tensor
	for _, p := range m.Params {
		out = append(out, safetensors.Tensor{Name: p.Name, DType: safetensors.F32, Shape: p.Shape, Load: func() ([]float32, error) {
			values := make([]float32, p.Len())
			m.Dev.Download(values, p.Tensor)
			return values, nil
		}})
	}
	return out
}
