package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// asCommand makes a process of the test binary the command itself.
const asCommand = "SSRL_TEST_AS_COMMAND"

// shared is a folder with a model, frames and a dataset, made once.
var shared string

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(testAll(m))
}

func testAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ssrl")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	shared = dir
	for _, args := range []string{
		"new --preset nano --out " + dir + "/model",
		"scenes --count 6 --size 64x64 --seed 3 --out " + dir + "/frames",
		"generate --images " + dir + "/frames --tasks shuffle,flip,crop --out " + dir + "/ds",
	} {
		if r := capture(words(args)); r.code != 0 {
			panic(r.err)
		}
	}
	return m.Run()
}

// workspace makes a new folder with files the working directory; model, frames
// and ds lead to the shared ones.
func workspace(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range []string{"model", "frames", "ds"} {
		require.NoError(t, os.Symlink(filepath.Join(shared, name), name))
	}
	for name, data := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		require.NoError(t, os.WriteFile(name, []byte(data), 0o666))
	}
}

// copied copies a shared folder and changes files of it: nil deletes one.
func copied(t *testing.T, from, to string, changes map[string]func(data string) *string) {
	t.Helper()
	require.NoError(t, os.CopyFS(to, os.DirFS(filepath.Join(shared, from))))
	for name, change := range changes {
		data, err := os.ReadFile(filepath.Join(to, name))
		require.NoError(t, err)
		if text := change(string(data)); text == nil {
			require.NoError(t, os.Remove(filepath.Join(to, name)))
		} else {
			require.NoError(t, os.WriteFile(filepath.Join(to, name), []byte(*text), 0o666))
		}
	}
}

// result is what a command left behind.
type result struct {
	code     int
	out, err string
}

// capture runs the command in this process.
func capture(args []string) (r result) {
	stdout, stderr := os.Stdout, os.Stderr
	defer func() { os.Stdout, os.Stderr = stdout, stderr }()
	var files [2]*os.File
	for i, stream := range []**os.File{&os.Stdout, &os.Stderr} {
		f, err := os.CreateTemp("", "ssrl")
		if err != nil {
			panic(err)
		}
		defer os.Remove(f.Name())
		defer f.Close()
		files[i], *stream = f, f
	}
	r.code = run(args)
	for i, text := range []*string{&r.out, &r.err} {
		data, err := os.ReadFile(files[i].Name())
		if err != nil {
			panic(err)
		}
		*text = string(data)
	}
	return r
}

// words splits a command line at spaces; ” is an empty word.
func words(line string) []string {
	if line == "" {
		return nil
	}
	list := strings.Split(line, " ")
	for i, w := range list {
		if w == "''" {
			list[i] = ""
		}
	}
	return list
}

// ssrlCommand runs a command that should end well and returns its output.
func ssrlCommand(t *testing.T, line string, more ...string) result {
	t.Helper()
	r := capture(append(words(line), more...))
	require.Zero(t, r.code, r.err)
	return r
}

// process prepares the command as a process of its own.
func process(t *testing.T, line string) *exec.Cmd {
	t.Helper()
	program, err := filepath.Abs(os.Args[0])
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), program, words(line)...)
	c.Env = append(os.Environ(), asCommand+"=1")
	return c
}

// tree is every file below the working directory, links not followed, with its
// contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		files[path] = ""
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			files[path] = string(data)
			return err
		}
		return nil
	}))
	return files
}

// keys are those of a JSON object, sorted.
func keys(t *testing.T, line string) []string {
	t.Helper()
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(line), &all), line)
	return slices.Sorted(maps.Keys(all))
}

// picture is a small PNG, plain grey.
func picture() string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		panic(err)
	}
	return b.String()
}

// sized is picture with another size in its header.
func sized(width, height uint32) string {
	b := []byte(picture())
	binary.BigEndian.PutUint32(b[16:], width)
	binary.BigEndian.PutUint32(b[20:], height)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return string(b)
}

func TestHelpAndVersion(t *testing.T) {
	r := ssrlCommand(t, "--version")
	assert.Equal(t, result{0, ssrl.Version + "\n", ""}, r)
	r = ssrlCommand(t, "--help")
	assert.Empty(t, r.err)
	for _, command := range []string{"scenes", "generate", "reward", "new", "ask", "score", "tokens", "pixels", "sft", "grpo", "eval", "demo", "bench data", "bench train", "bench grpo", "info"} {
		assert.Contains(t, r.out, "\n  "+command+" ")
		h := ssrlCommand(t, command+" --help")
		assert.Contains(t, h.out, "Usage: ssrl "+command)
		assert.Empty(t, h.err)
	}
}

func TestInfo(t *testing.T) {
	r := ssrlCommand(t, "info")
	assert.True(t, strings.HasPrefix(r.out, "ssrl "+ssrl.Version+", go"), r.out)
	assert.Contains(t, r.out, "\ncpu ")
	r = ssrlCommand(t, "info --json")
	assert.Equal(t, []string{"devices", "version"}, keys(t, r.out))
	assert.Equal(t, 1, strings.Count(r.out, "\n"))
}

func TestBenchData(t *testing.T) {
	workspace(t, nil)
	r := ssrlCommand(t, "bench data --images frames --tasks flip,together --seconds 0.01 --json")
	assert.Equal(t, []string{"impl", "schema", "tasks", "together"}, keys(t, r.out))
	assert.Empty(t, r.err)
	r = ssrlCommand(t, "bench data --images frames --tasks flip --seconds 0.01")
	assert.Regexp(t, `^task +n +median ms .*\nflip +\d+ .*\n$`, r.out)
	checkRefusals(t, []refusal{
		{"bench data --seconds 0", "--seconds 0 (want above 0, at most 86400)", 2},
		{"bench data --tasks flop", `--tasks flop: task "flop" (want shuffle, flip, crop, depth, position, position_far, position_near, together, memory or workers)`, 2},
		{"bench train --steps 0", "--batch 0 --steps 0 --threads 0 (want at least 1, or nothing)", 2},
		{"bench grpo --group 1", "grpo: group of 1 answers (want at least 2)", 1},
		{"bench data --images nowhere", "images nowhere: no such file or directory", 1},
	})
}

// A file name may hold anything; what is printed about it is one line of text.
func TestMessagesAreOneLine(t *testing.T) {
	workspace(t, map[string]string{"in/a\n\x1b[31m\u009bb.png": "text"})
	r := capture(words("generate --images in --out out"))
	assert.Equal(t, result{1, "", `ssrl: image in/a; \x1b[31m\u009bb.png: begins with "text" (want PNG, JPEG, WebP, BMP, TIFF or PNM)` + "\n"}, r)
}

func TestJoinNegatives(t *testing.T) {
	for line, want := range map[string]string{
		"ask --temperature -1":      "ask --temperature=-1",
		"ask --top-p -.5 -x":        "ask --top-p=-.5 -x",
		"ask --top-p -Inf":          "ask --top-p=-Inf",
		"ask --seed=1 -1":           "ask --seed=1 -1",
		"ask --json -- --seed -1":   "ask --json -- --seed -1",
		"generate --shard -1/2":     "generate --shard=-1/2",
		"generate --images --out x": "generate --images --out x",
		"generate -1":               "generate -1",
	} {
		assert.Equal(t, words(want), joinNegatives(words(line)), line)
	}
}
