package formats_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/formats"
)

// fuzz opens any bytes as a file of this name and reads every row and picture.
// seeds are datasets that a writer makes, by the file to begin with.
func fuzz(f *testing.F, name string, seeds map[formats.Format]string, texts ...string) {
	for format, file := range seeds {
		dir := filepath.Join(f.TempDir(), "out")
		write(f, dir, format, formats.WriteOptions{}, samples(f, 4))
		data, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(f, err)
		f.Add(data)
	}
	for _, t := range texts {
		f.Add([]byte(t))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, data, 0o666))
		d, err := formats.Open(path, formats.Options{})
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		defer d.Close()
		require.Positive(t, d.Len())
		for i := range d.Len() {
			row, err := d.At(i)
			require.NoError(t, err, "what opens can be read")
			for n := range row.Images {
				_, _ = d.Picture(i, n) // pixels may be broken
			}
		}
	})
}

func FuzzParquet(f *testing.F) {
	fuzz(f, "x.parquet", map[formats.Format]string{formats.Parquet: "train.parquet", formats.ParquetPaths: "data/parquets/train.parquet"})
}

func FuzzJSON(f *testing.F) {
	fuzz(f, "x.json", map[formats.Format]string{formats.Alpaca: "train.json", formats.ShareGPT: "train.json", formats.Dir: "samples.jsonl"},
		`{"problem":"<image>","answer":1,"images":["data:image/png;base64,aGE="]}`, `[{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}]`,
		`{"problem":"<image1>","answer":"x","images":{"bytes":"iVBO","path":null}}`, "[", "\ufeff[]", `{"instruction":"a","output":"\\boxed{b}","history":[["c","d"]]}`)
}

func FuzzTar(f *testing.F) {
	fuzz(f, "x.tar", map[formats.Format]string{formats.WebDataset: "train-000000.tar"})
}
