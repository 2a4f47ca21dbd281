package safetensors

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWriteModelSplitsAtTheLimit(t *testing.T) {
	four := func(name string) Tensor {
		return Tensor{Name: name, DType: F32, Shape: []int{1}, Values: []float32{float32(name[0])}}
	}
	for _, tc := range []struct {
		name  string
		limit int
		files []string
	}{
		{"no limit", 0, []string{"model.safetensors"}},
		{"all fit", 16, []string{"model.safetensors"}},
		{"two and two", 8, []string{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"}},
		{"three and one", 15, []string{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"}},
		{"one tensor above the limit", 1, []string{"model-00001-of-00004.safetensors", "model-00002-of-00004.safetensors", "model-00003-of-00004.safetensors", "model-00004-of-00004.safetensors", "model.safetensors.index.json"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, WriteModel(dir, []Tensor{four("d"), four("a"), four("c"), four("b")}, nil, tc.limit))
			var files []string
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			for _, e := range entries {
				files = append(files, e.Name())
			}
			assert.Equal(t, tc.files, files)
			f, err := Open(dir)
			require.NoError(t, err)
			defer f.Close()
			assert.Equal(t, []string{"a", "b", "c", "d"}, f.Names())
			for _, name := range f.Names() {
				values, err := f.Float32(name)
				require.NoError(t, err)
				assert.Equal(t, []float32{float32(name[0])}, values)
			}
			assert.Equal(t, "pt", f.Metadata()["format"])
		})
	}
}

func TestWriteModelLeavesOneModel(t *testing.T) {
	dir := t.TempDir()
	write := func(limit int, v float32) {
		require.NoError(t, WriteModel(dir, []Tensor{{Name: "a", DType: F32, Shape: []int{1}, Values: []float32{v}}, {Name: "b", DType: F32, Shape: []int{1}, Values: []float32{v}}}, nil, limit))
		f, err := Open(dir)
		require.NoError(t, err)
		defer f.Close()
		values, err := f.Float32("b")
		require.NoError(t, err)
		assert.Equal(t, []float32{v}, values)
	}
	write(0, 1)
	write(4, 2)
	write(0, 3)
	require.EqualError(t, WriteModel(dir, []Tensor{{Name: "a", DType: F32, Shape: []int{1}, Values: make([]float32, 1)}, {Name: "a", DType: F32, Shape: []int{1}, Values: make([]float32, 1)}}, nil, 4), dir+`: tensor "a": the name is taken`)
	require.EqualError(t, WriteModel(dir, []Tensor{{Name: "a", DType: F32, Shape: []int{1}}}, nil, 4), dir+`: tensor "a": 0 values (want 1 for [1])`)
}
