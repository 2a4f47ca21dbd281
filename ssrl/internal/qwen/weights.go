package qwen

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ssrl/internal/safetensors"
	"ssrl/internal/tensor"
)

// LoadOptions configures Load.
type LoadOptions struct {
	// Type is how matrices are stored. In bfloat16 they take half the memory, or
	// none beside the file's pages where the file has them in bfloat16 already
	// and the device computes with them there.
	Type     tensor.Type
	Progress func(read, total int64) // hears the weights read; may be nil
}

// Load reads the weights of f to dev. The head is tied to the embedding exactly
// when the file has none of its own. Every tensor of the architecture must be
// there in its shape, and no other. f must stay open until Free when weights are
// stored in bfloat16.
func Load(ctx context.Context, dev tensor.Device, c Config, f *safetensors.File, opts LoadOptions) (*Model, error) {
	l := &loader{LoadOptions: opts, ctx: ctx, dev: dev, file: f, stored: map[string]string{}}
	if err := l.list(); err != nil {
		return nil, err
	}
	_, own := l.stored["lm_head.weight"]
	m, err := build(dev, c, !own, l.weight)
	if err != nil {
		return nil, err
	}
	if len(l.stored) > 0 {
		m.Free()
		extra := slices.Sorted(maps.Values(l.stored))
		return nil, fmt.Errorf("tensor %s is not part of %v (%d such tensors)", extra[0], c.Family, len(extra))
	}
	return m, nil
}

type loader struct {
	LoadOptions
	ctx         context.Context
	dev         tensor.Device
	file        *safetensors.File
	stored      map[string]string // name in the file by canonical name, of the tensors not yet read
	read, total int64
	buf         []float32
}

// list gathers the file's tensors.
func (l *loader) list() error {
	for _, name := range l.file.Names() {
		if strings.HasSuffix(name, "rotary_emb.inv_freq") { // a buffer of old files, computed here
			continue
		}
		to := canonical(name)
		if other, twice := l.stored[to]; twice {
			return fmt.Errorf("tensors %s and %s are the same weight", other, name)
		}
		l.stored[to] = name
		info, err := l.file.Info(name)
		if err != nil {
			return err
		}
		l.total += int64(info.Len())
	}
	return nil
}

// weight reads one tensor.
func (l *loader) weight(name string, shape []int) (*tensor.Tensor, error) {
	if l.ctx.Err() != nil {
		return nil, context.Cause(l.ctx)
	}
	from, ok := l.stored[canonical(name)]
	if !ok {
		return nil, fmt.Errorf("no tensor %s", name)
	}
	delete(l.stored, canonical(name))
	info, err := l.file.Info(from)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(info.Shape, shape) {
		return nil, fmt.Errorf("tensor %s: shape %v (want %v)", from, info.Shape, shape)
	}
	rows, cols := matrix(shape)
	typ := l.Type
	if len(shape) == 1 {
		typ = tensor.F32
	}
	if mapper, ok := l.dev.(tensor.Mapper); ok && typ == tensor.BF16 && info.DType == safetensors.BF16 {
		raw, err := l.file.Raw(from)
		if err != nil {
			return nil, err
		}
		if t := mapper.MapBF16(rows, cols, raw); t != nil {
			l.advance(len(raw) / 2)
			return t, nil
		}
	}
	t := create(l.dev, typ, rows, cols)
	if err := l.copy(t, from); err != nil {
		l.dev.Free(t)
		return nil, err
	}
	return t, nil
}

// chunk is how many values are converted at a time: what is held beside the weights.
const chunk = 1 << 20

// copy reads a tensor of the file to t, some rows at a time.
func (l *loader) copy(t *tensor.Tensor, name string) error {
	step := max(1, chunk/t.Cols)
	for r := 0; r < t.Rows; r += step {
		if l.ctx.Err() != nil {
			return context.Cause(l.ctx)
		}
		part := t.Slice(r, min(r+step, t.Rows))
		if cap(l.buf) < part.Len() {
			l.buf = make([]float32, part.Len())
		}
		values := l.buf[:part.Len()]
		if err := l.file.ReadFloat32At(values, name, r*t.Cols); err != nil {
			return err
		}
		l.dev.Upload(part, values)
		l.advance(len(values))
		if err := l.file.Forget(name, (r+part.Rows)*t.Cols); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) advance(n int) {
	l.read += int64(n)
	if l.Progress != nil {
		l.Progress(l.read, l.total)
	}
}

// Tensors lists the weights for safetensors.Write, in the type that they are
// stored in and under the names that transformers writes.
func (m *Model) Tensors() []safetensors.Tensor {
	typ := safetensors.F32
	if m.Type() == tensor.BF16 {
		typ = safetensors.BF16
	}
	return m.tensors(m.Params, typ)
}

// AdapterTensors lists the adapter's weights, in float32 and under PEFT's names.
func (m *Model) AdapterTensors() []safetensors.Tensor { return m.tensors(m.Adapter, safetensors.F32) }

func (m *Model) tensors(params []*Param, typ safetensors.DType) (out []safetensors.Tensor) {
	for _, p := range params {
		out = append(out, safetensors.Tensor{Name: p.Name, DType: typ, Shape: p.Shape, Load: func() ([]float32, error) {
			values := make([]float32, p.Len())
			m.Dev.Download(values, p.Tensor)
			return values, nil
		}})
	}
	return out
}
