package preset

import (
	"os"
	"path/filepath"
	"slices"

	"ssrl/internal/bpe"
	"ssrl/internal/cpu"
	"ssrl/internal/qwen"
	"ssrl/internal/safetensors"
)

// write fills a folder with the model of a seed.
func (p *preset) write(dir string, s uint64) error {
	words, err := bpe.Train(slices.Values(corpus()), vocabulary, p.added())
	if err != nil {
		return err
	}
	if err := words.Save(dir); err != nil {
		return err
	}
	config := p.config(words)
	for name, data := range p.files(config) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			return err
		}
	}
	if p.half {
		return p.stream(dir, config, s)
	}
	m := qwen.New(cpu.New(0), config, p.tied, s, p.spread)
	defer m.Free()
	return safetensors.Write(filepath.Join(dir, "model.safetensors"), m.Tensors(), nil)
}
