package preset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/bpe"
	"ssrl/internal/pretext"
	"ssrl/internal/qwen"
	"ssrl/internal/scene"
	"ssrl/internal/seed"
)

// files reads a directory whole.
func files(t *testing.T, dir string) map[string]string {
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		out[e.Name()] = string(data)
	}
	return out
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, preset := range Names() {
		t.Run(preset, func(t *testing.T) {
			dir := t.TempDir()
			for name, s := range map[string]uint64{"a": 1, "b": 1, "c": 2} {
				require.NoError(t, Write(filepath.Join(dir, name), preset, s))
			}
			a, b, c := files(t, filepath.Join(dir, "a")), files(t, filepath.Join(dir, "b")), files(t, filepath.Join(dir, "c"))
			assert.Equal(t, a, b)
			assert.NotEqual(t, a["model.safetensors"], c["model.safetensors"])
			assert.Equal(t, a["tokenizer.json"], c["tokenizer.json"], "the vocabulary does not depend on the seed")

			words, err := bpe.Load(filepath.Join(dir, "a"))
			require.NoError(t, err)
			q, err := pretext.Crop{Brief: true}.Make(seed.Rand(9, "q"), scene.Render(9, 0, 112, 112))
			require.NoError(t, err)
			assert.Less(t, len(words.Encode(q.Problem, false)), 40, "a question is a few tokens long")

			// The written configuration is the one that the weights were made by.
			config, err := qwen.ParseConfig([]byte(a["config.json"]), []byte(a["generation_config.json"]))
			require.NoError(t, err)
			assert.Equal(t, presets[preset].config(words), config)
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	assert.EqualError(t, Write(filepath.Join(dir, "x"), "micro", 1), `preset "micro" (want nano or nano3)`)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine"), nil, 0o666))
	assert.ErrorContains(t, Write(dir, "nano", 1), "not empty (want a new or empty directory)")
	assert.Len(t, files(t, dir), 1)
}
