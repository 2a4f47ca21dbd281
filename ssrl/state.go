package ssrl

import (
	"fmt"
	"os"
	"path/filepath"

	"ssrl/internal/checkpoint"
	"ssrl/internal/qwen"
	"ssrl/internal/safetensors"
	"ssrl/internal/tensor"
)

// Files of a trainer beside those of its model.
const (
	stateFile     = "trainer/state.json"
	momentsFile   = "trainer/moments.safetensors"
	referenceFile = "trainer/reference.safetensors"
)

// state is what a trainer remembers besides arrays.
type state struct {
	Trainer string `json:"trainer"` // "sft" or "grpo"
	Done    int    `json:"done"`    // steps of the trainer
	Updates int    `json:"updates"` // steps of the optimiser
}

// Save writes the model as a Hugging Face directory, and beside it in trainer/
// what Resume needs. dir is whole or as it was before; every file has a
// checksum in checkpoint.json.
func (l *learner) Save(dir string) error {
	release, err := l.m.use()
	if err != nil {
		return err
	}
	defer release()
	return checkpoint.Save(dir, l.done, func(w *checkpoint.Writer) error {
		if err := l.m.write(w.Dir()); err != nil {
			return err
		}
		if err := w.JSON(stateFile, state{l.kind, l.done, l.opt.Steps}); err != nil {
			return err
		}
		var moments []checkpoint.Tensor
		for _, p := range l.params {
			moments = append(moments, l.stored(p.Name+".m", p.M), l.stored(p.Name+".v", p.V))
		}
		if err := w.Tensors(momentsFile, moments); err != nil {
			return err
		}
		if l.ref == nil {
			return nil
		}
		var reference []checkpoint.Tensor
		for _, p := range l.ref.Params {
			reference = append(reference, l.stored(p.Name, p.Tensor))
		}
		return w.Tensors(referenceFile, reference)
	})
}

// CheckRoom refuses a directory on a disk that has no room for what Save writes.
// The new files stand beside the old ones until they are whole.
func (l *learner) CheckRoom(dir string) error { return checkRoom(dir, l.saved()) }

// saved is about how many bytes Save writes.
func (l *learner) saved() (bytes int64) {
	for _, p := range l.m.net.Params {
		size := int64(4)
		if p.Type == tensor.BF16 {
			size = 2
		}
		bytes += size * int64(p.Len())
	}
	for _, p := range l.params {
		bytes += 4 * int64(p.M.Len()+p.V.Len())
	}
	if l.ref != nil {
		bytes += 4 * l.ref.Size()
	}
	return bytes
}

func (l *learner) stored(name string, t *tensor.Tensor) checkpoint.Tensor {
	return checkpoint.Tensor{Name: name, Shape: []int{t.Rows, t.Cols}, Read: func(dst []float32) error {
		l.m.net.Dev.Download(dst, t)
		return nil
	}}
}

// Resume takes weights, moments and step count from what Save wrote. Nothing
// changes when something in dir is wrong.
func (l *learner) Resume(dir string) error {
	release, err := l.m.use()
	if err != nil {
		return err
	}
	defer release()
	c, err := checkpoint.Open(dir)
	if err != nil {
		return formatError{err}
	}
	var st state
	if err := c.JSON(stateFile, &st); err != nil {
		return formatError{err}
	}
	if st.Trainer != l.kind || st.Done < 0 || st.Updates < 0 {
		return fmt.Errorf("checkpoint %s: of a %q trainer after %d steps (want %s): %w", dir, st.Trainer, st.Done, l.kind, ErrFormat)
	}
	var into restore
	weights := "model.safetensors"
	if l.m.net.Adapter != nil {
		weights = adapterDir + "/" + adapterWeights
	}
	if err := into.model(c.Path(weights), l.m.net); err != nil {
		return formatError{fmt.Errorf("checkpoint %s: %w", dir, err)}
	}
	for _, p := range l.params {
		into.add(p.Name+".m", p.M)
		into.add(p.Name+".v", p.V)
	}
	if err := into.read(c.Path(momentsFile)); err != nil {
		return formatError{fmt.Errorf("checkpoint %s: %w", dir, err)}
	}
	if l.ref != nil {
		if err := into.model(c.Path(referenceFile), l.ref); err != nil {
			return formatError{fmt.Errorf("checkpoint %s: %w", dir, err)}
		}
	}
	into.apply(l.m.net.Dev)
	l.done, l.opt.Steps = st.Done, st.Updates
	return nil
}

// restore gathers values in host memory until all of them are known to be there.
type restore struct {
	names  []string
	to     []*tensor.Tensor
	values [][]float32
}

func (r *restore) add(name string, t *tensor.Tensor) {
	r.names, r.to = append(r.names, name), append(r.to, t)
}

func (r *restore) model(path string, m *qwen.Model) error {
	for _, p := range m.Trained() {
		r.add(p.Name, p.Tensor)
	}
	return r.read(path)
}

// read fetches what was added since the last read.
func (r *restore) read(path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), os.ErrNotExist)
	}
	f, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for i := len(r.values); i < len(r.names); i++ {
		v, err := f.Float32(r.names[i])
		if err != nil {
			return err
		}
		if len(v) != r.to[i].Len() {
			return fmt.Errorf("tensor %s: %d values (want %d)", r.names[i], len(v), r.to[i].Len())
		}
		r.values = append(r.values, v)
	}
	return nil
}

func (r *restore) apply(dev tensor.Device) {
	for i, t := range r.to {
		dev.Upload(t, r.values[i])
	}
}
