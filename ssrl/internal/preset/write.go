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

// write fills a folder with the nano model of a seed.
func write(dir string, s uint64) error {
	words, err := bpe.Train(slices.Values(corpus()), vocabulary, bpe.Qwen25Added())
	if err != nil {
		return err
	}
	if err := words.Save(dir); err != nil {
		return err
	}
	config := nano(words)
	for name, data := range configFiles(config) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			return err
		}
	}
	m := qwen.New(cpu.New(0), config, true, s, spread)
	defer m.Free()
	return safetensors.Write(filepath.Join(dir, "model.safetensors"), m.Tensors(), nil)
}
