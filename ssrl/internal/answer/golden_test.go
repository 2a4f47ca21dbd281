package answer_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/answer"
	"ssrl/internal/golden"
)

func TestGradeEqualsUpstreamOnEveryLine(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(golden.Dir(t, "rl"), "reward*.jsonl.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			f, err := os.Open(name)
			require.NoError(t, err)
			defer f.Close()
			z, err := gzip.NewReader(f)
			require.NoError(t, err)
			lines := bufio.NewScanner(z)
			lines.Buffer(nil, 1<<26)
			n := 0
			for ; lines.Scan(); n++ {
				var c struct {
					Kind, Response            string
					Truth                     string `json:"ground_truth"`
					Overall, Format, Accuracy float64
				}
				require.NoError(t, json.Unmarshal(lines.Bytes(), &c), "line %d", n+1)
				want := answer.Score{Overall: c.Overall, Format: c.Format, Accuracy: c.Accuracy}
				require.Equal(t, want, answer.Grade(c.Response, c.Truth), "line %d (%s): %q", n+1, c.Kind, c.Response)
			}
			require.NoError(t, lines.Err())
			require.NotZero(t, n)
			t.Log(n, "lines")
		})
	}
}
