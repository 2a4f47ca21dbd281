package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// call runs a command line in this process and returns what it printed.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var read [2]func() string
	for i, f := range []**os.File{&os.Stdout, &os.Stderr} {
		old := *f
		file, err := os.CreateTemp(t.TempDir(), "out")
		require.NoError(t, err)
		*f = file
		defer func() { *f = old }()
		read[i] = func() string {
			_, err := file.Seek(0, io.SeekStart)
			require.NoError(t, err)
			text, err := io.ReadAll(file)
			require.NoError(t, err)
			return string(text)
		}
	}
	code = run(args)
	return code, read[0](), read[1]()
}

// good runs a command that must succeed and returns its standard output.
func good(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := call(t, args...)
	require.Equal(t, 0, code, "%v: %s", args, stderr)
	return stdout
}

// lines decodes one JSON object a line.
func lines(t *testing.T, text string) (out []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var v map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &v), line)
		out = append(out, v)
	}
	return out
}

// The whole way as a user types it, from scenes to an answer of a trained model.
func TestTheWholeWay(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	good(t, "scenes", "--count", "4", "--seed", "2", "--size", "112x112", "--out", at("frames"))
	made := lines(t, good(t, "generate", "--images", at("frames"), "--seed", "3", "--out", at("data"), "--json"))
	require.Len(t, made, 1)
	text, err := os.ReadFile(at("data/samples.jsonl"))
	require.NoError(t, err)
	samples := lines(t, string(text))
	assert.EqualValues(t, len(samples), made[0]["samples"])
	tasks := map[any]bool{}
	for _, s := range samples {
		tasks[s["task"]] = true
		for _, key := range []string{"id", "task", "source", "problem", "answer", "images", "meta"} {
			assert.Contains(t, s, key)
		}
	}
	assert.Len(t, tasks, 5)

	good(t, "new", "--preset", "nano", "--seed", "1", "--out", at("nano"))
	steps := lines(t, good(t, "sft", "--model", at("nano"), "--data", at("data"), "--out", at("sft"), "--json", "steps=2", "batch=2", "learning_rate=1e-3"))
	require.Len(t, steps, 3)
	assert.Contains(t, steps[0], "train/loss")
	assert.Equal(t, map[string]any{"done": true, "steps": 2.0, "model": at("sft")}, steps[2])
	steps = lines(t, good(t, "grpo", "--model", at("sft"), "--data", at("data"), "--out", at("grpo"), "--json", "steps=1", "batch=2", "group=2", "max_tokens=8"))
	require.Len(t, steps, 2)
	for _, key := range []string{"step", "actor/pg_loss", "actor/kl_loss", "actor/grad_norm", "reward/overall", "reward/format", "reward/accuracy", "response_length/mean"} {
		assert.Contains(t, steps[0], key)
	}
	good(t, "grpo", "--model", at("sft"), "--data", at("data"), "--out", at("grpo"), "--resume", "steps=2", "batch=2", "group=2", "max_tokens=8")

	image := filepath.Join(at("data"), samples[0]["images"].([]any)[0].(string))
	said := lines(t, good(t, "ask", "--model", at("grpo"), "--image", image, "--max-tokens", "5", "--json", "What is this?"))[0]
	assert.Len(t, said["tokens"], 5)
	assert.Len(t, said["logprobs"], 5)
	assert.Equal(t, "length", said["finish"])
	scored := lines(t, good(t, "score", "--model", at("grpo"), "--image", image, "--prompt", "What is this?", "--answer", "A", "--json"))[0]
	for _, key := range []string{"prompt_tokens", "answer_tokens", "logprobs", "top1"} {
		assert.NotEmpty(t, scored[key], key)
	}

	right := `{"id": "` + samples[0]["id"].(string) + `", "answer": "<think>so</think>\\boxed{` + samples[0]["answer"].(string) + `}"}`
	require.NoError(t, os.WriteFile(at("answers.jsonl"), []byte(right+"\n"), 0o666))
	assert.Equal(t, []map[string]any{{"id": samples[0]["id"], "overall": 1.0, "format": 1.0, "accuracy": 1.0}},
		lines(t, good(t, "reward", "--dataset", at("data"), "--answers", at("answers.jsonl"), "--json")))
}

func TestWrongCallsAreOneLine(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.MkdirAll(at("images"), 0o777))
	require.NoError(t, os.WriteFile(at("images/cut.png"), []byte("\x89PNG\r\n\x1a\n"), 0o666))
	require.NoError(t, os.MkdirAll(at("full"), 0o777))
	require.NoError(t, os.WriteFile(at("full/file"), nil, 0o666))
	require.NoError(t, os.MkdirAll(at("empty"), 0o777))
	for _, tc := range []struct {
		args string
		code int
		want string
	}{
		{"", 2, "no command"},
		{"generat", 2, "generat"},
		{"scenes --count 1", 2, "--out"},
		{"scenes --count 1 --size big --out OUT", 2, `--size "big" (want WIDTHxHEIGHT`},
		{"scenes --count -1 --out OUT", 0, "-1"},
		{"scenes --count 1 --out FULL", 1, "not empty (want a new or empty directory)"},
		{"generate --images NONE --out OUT", 1, "none"},
		{"generate --images EMPTY --out OUT", 1, "no image"},
		{"generate --images IMAGES --out OUT", 1, "cut.png"},
		{"generate --images IMAGES --tasks shufle --out OUT", 0, `task "shufle" (want shuffle, flip, crop, depth or position)`},
		{"generate --images IMAGES --depth-unit parsec --out OUT", 0, "parsec"},
		{"generate --images IMAGES --shard 2/2 --out OUT", 2, `--shard "2/2" (want I/N`},
		{"generate --images IMAGES --per-image 0 --out OUT", 2, "--per-image 0"},
		{"generate --images IMAGES --format tar --out OUT", 2, "tar"},
		{"new --preset micro --out OUT", 2, "micro"},
		{"new --preset nano --out FULL", 1, "not empty"},
		{"ask --model EMPTY hello", 1, "no config.json (want a Hugging Face model directory)"},
		{"ask --model EMPTY", 2, "no question"},
		{"ask --model EMPTY --max-tokens 0 hello", 2, "--max-tokens 0"},
		{"ask --model EMPTY --device cuda hello", 1, `device "cuda"`},
		{"score --model EMPTY --prompt a", 2, "--answer"},
		{"sft --model EMPTY --data EMPTY --out OUT", 1, "empty"},
		{"sft --model EMPTY --data EMPTY --out OUT steps=0", 2, "steps 0"},
		{"sft --model EMPTY --data EMPTY --out OUT learning_rat=1", 2, "unknown option learning_rat (did you mean learning_rate?)"},
		{"grpo --model EMPTY --data EMPTY --out OUT group=many", 2, "option group: a string (want int)"},
		{"reward --dataset EMPTY --answers NONE", 1, "empty"},
	} {
		t.Run(tc.args, func(t *testing.T) {
			line := strings.NewReplacer("OUT", at("out"), "FULL", at("full"), "NONE", at("none"), "EMPTY", at("empty"), "IMAGES", at("images")).Replace(tc.args)
			code, stdout, stderr := call(t, strings.Fields(line)...)
			if tc.code == 0 {
				assert.Contains(t, []int{1, 2}, code)
			} else {
				assert.Equal(t, tc.code, code)
			}
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, tc.want)
			last := strings.Split(strings.TrimSpace(stderr), "\n")
			assert.True(t, strings.HasPrefix(last[len(last)-1], "ssrl: "), stderr)
			assert.NoFileExists(t, at("out/manifest.json"))
		})
	}
}
