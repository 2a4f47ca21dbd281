package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInspect(t *testing.T) {
	workspace(t, nil)
	for _, tc := range []struct{ path, first, part string }{
		{"model", "model model\n", "parameters"},
		{"ds", "dataset ds\n", "pictures"},
		{"frames", "frames frames\n", "can carry"},
		{"frames/scene-000000.png", "frame frames/scene-000000.png\n", "depth"},
		{"frames/scene-000000.depth.png", "depth frames/scene-000000.depth.png\n", "without a reading"},
	} {
		t.Run(tc.path, func(t *testing.T) {
			r := capture(words("inspect " + tc.path))
			require.Equal(t, 0, r.code, r.err)
			assert.Equal(t, tc.first, r.out[:len(tc.first)])
			assert.Contains(t, r.out, tc.part)
			assert.Empty(t, r.err)
			r = capture(words("inspect --json " + tc.path))
			var in struct{ Path string }
			require.NoError(t, json.Unmarshal([]byte(r.out), &in), "one object")
			assert.Equal(t, tc.path, in.Path)
		})
	}
}

func TestInspectRefuses(t *testing.T) {
	workspace(t, map[string]string{"notes.txt": "my notes", "empty/notes.txt": "my notes"})
	const see = " (see ssrl --help)"
	checkRefusals(t, []refusal{
		{"inspect", `expected "<path>"` + see, 2},
		{"inspect model ds", "unexpected argument ds" + see, 2},
		{"inspect ''", "no path", 1},
		{"inspect none", "path none: no such file or directory", 1},
		{"inspect notes.txt", `notes.txt: begins with "my n" (want a picture, a depth map, .safetensors, .parquet, .json, .jsonl or .tar): malformed input`, 1},
		{"inspect empty", "empty: nothing known in it (want a model, a checkpoint, a dataset or pictures): malformed input", 1},
		{"inspect frames --depth-unit furlong", `depth unit "furlong" (want mm, m, tum, sunrgbd, relative or metres a count above 0)`, 1},
		{"inspect frames --depth-dir none", "depth none: no such file or directory", 1},
		{"inspect /dev/zero", "/dev/zero: not a regular file", 1},
	})
}
