package checkpoint_test

import (
	"path/filepath"
	"testing"

	"ssrl/internal/checkpoint"
)

// BenchmarkSave and BenchmarkOpen move 64 MiB of float32 in 16 tensors.
func BenchmarkSave(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "c")
	b.SetBytes(64 << 20)
	for b.Loop() {
		saveTensors(b, dir)
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "c")
	saveTensors(b, dir)
	b.SetBytes(64 << 20)
	for b.Loop() {
		if _, err := checkpoint.Open(dir); err != nil {
			b.Fatal(err)
		}
	}
}

func saveTensors(b *testing.B, dir string) {
	var list []checkpoint.Tensor
	for i := range 16 {
		list = append(list, checkpoint.Tensor{Name: string(rune('a' + i)), Shape: []int{1024, 1024}, Read: func(dst []float32) error { return nil }})
	}
	err := checkpoint.Save(dir, 1, func(w *checkpoint.Writer) error { return w.Tensors("m.safetensors", list) })
	if err != nil {
		b.Fatal(err)
	}
}
