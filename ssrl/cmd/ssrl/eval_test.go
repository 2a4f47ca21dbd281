package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEvalScoresEveryQuestion(t *testing.T) {
	workspace(t, nil)
	r := ssrlCommand(t, "eval --model model --bench pretext --data ds --max-tokens 4 --out judged --json")
	require.Zero(t, r.code, r.err)
	var got, kept evaluation
	require.NoError(t, json.Unmarshal([]byte(r.out), &got))
	file, err := os.ReadFile("judged/result.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(file, &kept))
	assert.Equal(t, got, kept)
	assert.Equal(t, "pretext", got.Bench)
	n := 0
	for _, name := range []string{"shuffle", "flip", "crop"} {
		n += got.Tasks[name].N
	}
	assert.Equal(t, got.N, n)

	lines, err := os.ReadFile("judged/answers.jsonl")
	require.NoError(t, err)
	assert.Equal(t, got.N, strings.Count(string(lines), "\n"))
	again := ssrlCommand(t, "reward --dataset ds --answers judged/answers.jsonl --json")
	require.Zero(t, again.code, again.err)
	right := 0.0
	for line := range strings.Lines(again.out) {
		var s scoreOf
		require.NoError(t, json.Unmarshal([]byte(line), &s))
		right += s.Accuracy
	}
	assert.InDelta(t, got.All.Accuracy, right/float64(n), 1e-9, "reward reads what eval leaves")

	r = ssrlCommand(t, "eval --model model --bench pretext --data ds --max-tokens 4")
	assert.Contains(t, r.out, "shuffle")
	const see = " (see ssrl --help)"
	checkRefusals(t, []refusal{
		{"eval --model model --bench pretext --data ds --out judged", "judged: not empty (want a new or empty directory)", 1},
		{"eval --model model --bench pretexd --data ds", `--bench must be one of "pretext" but got "pretexd"` + see, 2},
		{"eval --model model --bench pretext --data nowhere", "dataset nowhere: no such file or directory", 1},
	})
}
