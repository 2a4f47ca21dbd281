package safetensors

import (
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
)

// TestGoldenFiles reads every tensor of every file that torch wrote.
func TestGoldenFiles(t *testing.T) {
	found := 0
	require.NoError(t, filepath.WalkDir(golden.Dir(t, "models"), func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() || !(strings.HasSuffix(path, ".safetensors") || strings.HasSuffix(path, ".safetensors.index.json")) {
			return nil
		}
		found++
		f, err := Open(path)
		require.NoError(t, err)
		defer f.Close()
		require.NotEmpty(t, f.Names(), path)
		assert.Equal(t, "pt", f.Metadata()["format"], path)
		bytes := 0
		for _, name := range f.Names() {
			values, err := f.Float32(name)
			require.NoError(t, err, path)
			info, err := f.Info(name)
			require.NoError(t, err)
			require.Len(t, values, info.Len())
			bytes += info.Len() * info.DType.size()
			for _, v := range values {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Fatalf("%s: %s holds %v", path, name, v)
				}
			}
		}
		if strings.HasSuffix(path, ".json") {
			checkTotal(t, path, bytes)
		}
		return nil
	}))
	require.NotZero(t, found, "no model file")
}

// checkTotal compares with the index's own count of bytes.
func checkTotal(t *testing.T, path string, bytes int) {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var index struct {
		Metadata struct {
			Size int `json:"total_size"`
		}
	}
	require.NoError(t, json.Unmarshal(text, &index))
	assert.Equal(t, index.Metadata.Size, bytes, path)
}

// TestGoldenSums compares values with the sums that torch recorded of a
// model's gradients, which are stored beside them.
func TestGoldenSums(t *testing.T) {
	// The sums are taken in another order of addition.
	const tolerance = 1e-4
	files, err := filepath.Glob(filepath.Join(golden.Dir(t, "models"), "*.golden", "training.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var training struct {
			Gradients []struct {
				Case, File string
				Tensors    map[string]struct {
					L2    float64
					First []float64
				}
			}
		}
		require.NoError(t, json.Unmarshal(text, &training))
		require.NotEmpty(t, training.Gradients)
		for _, g := range training.Gradients {
			if g.File == "" {
				continue
			}
			f, err := Open(filepath.Join(filepath.Dir(path), filepath.Base(g.File)))
			require.NoError(t, err)
			for _, tensor := range f.Names() {
				values, err := f.Float32(tensor)
				require.NoError(t, err)
				want := g.Tensors[tensor]
				l2 := 0.0
				for _, v := range values {
					l2 += float64(v) * float64(v)
				}
				assert.InEpsilon(t, want.L2, math.Sqrt(l2), tolerance, "%s %s %s", path, g.Case, tensor)
				for i, v := range want.First {
					assert.InDelta(t, v, values[i], tolerance*math.Abs(v)+1e-12, "%s %s %s", path, g.Case, tensor)
				}
			}
			require.NoError(t, f.Close())
		}
	}
}
