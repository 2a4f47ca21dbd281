package ssrl_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// madeDataset is a dataset of frames of a synthetic room with all tasks.
func madeDataset(t *testing.T, frames int) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, ssrl.WriteScenes(t.Context(), filepath.Join(dir, "frames"), ssrl.SceneOptions{Count: frames, Seed: 4, Width: 160, Height: 120}))
	_, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: filepath.Join(dir, "frames")}, filepath.Join(dir, "ds"), ssrl.GenerateOptions{Seed: 1})
	require.NoError(t, err)
	return filepath.Join(dir, "ds")
}

func TestShowWritesOnePage(t *testing.T) {
	ds := madeDataset(t, 3)
	out := filepath.Join(t.TempDir(), "page.html")
	var heard []int
	shown, total, err := ssrl.Show(t.Context(), ds, out, ssrl.ShowOptions{Title: "three rooms", Progress: func(done, total int) { heard = append(heard, done) }})
	require.NoError(t, err)
	assert.Equal(t, 15, total)
	assert.Equal(t, total, shown)
	assert.Len(t, heard, 15)
	page, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.Contains(t, string(page), "<title>three rooms</title>")
	assert.Equal(t, 15, strings.Count(string(page), "<article"))
	assert.Equal(t, 15, strings.Count(string(page), `<svg class="truth"`))
	info, err := os.Stat(out)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o644), info.Mode().Perm(), "others may read it")

	// A page is replaced, and comes out the same.
	_, _, err = ssrl.Show(t.Context(), ds, out, ssrl.ShowOptions{Title: "three rooms"})
	require.NoError(t, err)
	again, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(page, again))
	entries, err := os.ReadDir(filepath.Dir(out))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing else is left")
}

func TestShowSpreadsSamplesOverTasks(t *testing.T) {
	dir := t.TempDir()
	var lines []string
	for i := range 1000 { // of tasks that are as 990 to 7 to 3
		task := "often"
		if i >= 990 {
			task = "seldom"
		}
		if i >= 997 {
			task = "rare"
		}
		lines = append(lines, fmt.Sprintf(`{"id":"s%d","task":%q,"problem":"Which?","answer":"this"}`, i, task))
	}
	file := filepath.Join(dir, "questions.jsonl")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o666))
	for _, tc := range []struct {
		limit int
		want  map[string]int
	}{
		{0, map[string]int{"often": 190, "seldom": 7, "rare": 3}},
		{30, map[string]int{"often": 20, "seldom": 7, "rare": 3}},
		{12, map[string]int{"often": 5, "seldom": 4, "rare": 3}},
		{3, map[string]int{"often": 1, "seldom": 1, "rare": 1}},
		{2, map[string]int{"often": 0, "seldom": 1, "rare": 1}},
		{5000, map[string]int{"often": 990, "seldom": 7, "rare": 3}},
	} {
		t.Run(fmt.Sprint(tc.limit), func(t *testing.T) {
			out := filepath.Join(dir, "page.html")
			shown, total, err := ssrl.Show(t.Context(), file, out, ssrl.ShowOptions{Limit: tc.limit})
			require.NoError(t, err)
			text, err := os.ReadFile(out)
			require.NoError(t, err)
			page, sum := string(text), 0
			for task, n := range tc.want {
				assert.Equal(t, n, strings.Count(page, `<span class="tag">`+task+`<`), task)
				sum += n
			}
			assert.Equal(t, sum, shown)
			assert.Equal(t, 1000, total)
			ids := regexp.MustCompile(`class="id">s(\d+)<`).FindAllStringSubmatch(page, -1)
			for i := 1; i < len(ids); i++ {
				assert.Less(t, len(ids[i-1][1])*10000+atoi(t, ids[i-1][1]), len(ids[i][1])*10000+atoi(t, ids[i][1]), "in the dataset's order")
			}
		})
	}
}

func atoi(t *testing.T, s string) (n int) {
	t.Helper()
	_, err := fmt.Sscan(s, &n)
	require.NoError(t, err)
	return n
}

// dot is a small PNG.
func dot(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 6))))
	return b.Bytes()
}

func TestShowDatasetsOfOtherPrograms(t *testing.T) {
	uri := "data:image/png;base64," + base64.StdEncoding.EncodeToString(dot(t))
	quoted := func(v any) string {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		return string(b)
	}
	for _, tc := range []struct{ name, file, text, want string }{
		{"JSON lines of EasyR1", "a.jsonl", `{"problem":"<image>How many?","answer":"3","images":[` + quoted(uri) + `]}`, "How many?"},
		{"alpaca", "a.json", `[{"instruction":"<image>How many?","input":"","output":"3","images":["dot.png"]}]`, "How many?"},
		{"a conversation", "a.json", `[{"conversations":[{"from":"human","value":"<image>How many?"},{"from":"gpt","value":"3"},{"from":"human","value":"Sure?"},{"from":"gpt","value":"yes"}],"images":["dot.png"]}]`, "user: Sure?"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, tc.file), []byte(tc.text), 0o666))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "dot.png"), dot(t), 0o666))
			out := filepath.Join(dir, "page.html")
			shown, _, err := ssrl.Show(t.Context(), filepath.Join(dir, tc.file), out, ssrl.ShowOptions{})
			require.NoError(t, err)
			assert.Equal(t, 1, shown)
			page, err := os.ReadFile(out)
			require.NoError(t, err)
			assert.Contains(t, string(page), tc.want)
			assert.Equal(t, 1, strings.Count(string(page), `<img src="data:image/`))
			assert.NotContains(t, string(page), `<svg class="truth"`)
		})
	}
}

func TestShowRefuses(t *testing.T) {
	ds := madeDataset(t, 1)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		return path
	}
	notes := write("notes.txt", "my notes")
	broken := filepath.Join(dir, "broken")
	require.NoError(t, os.CopyFS(broken, os.DirFS(ds)))
	pictures, err := filepath.Glob(filepath.Join(broken, "images", "*flip*"))
	require.NoError(t, err)
	require.NoError(t, os.Truncate(pictures[0], 100))
	unfinished := filepath.Join(dir, "unfinished")
	write("unfinished/run.json", "{}")
	for _, tc := range []struct {
		name, dataset, out string
		limit              int
		want               string
	}{
		{"no dataset", "", "p.html", 0, "no dataset"},
		{"a dataset that is not there", filepath.Join(dir, "none"), "p.html", 0, "dataset " + filepath.Join(dir, "none") + ": no such file or directory"},
		{"an empty folder", t.TempDir(), "p.html", 0, ".parquet, .json, .jsonl or .tar files)"},
		{"an unfinished run", unfinished, "p.html", 0, "an unfinished run"},
		{"a text", notes, "p.html", 0, "no dataset by its name"},
		{"no output", ds, "", 0, "show: no output file"},
		{"a folder as output", ds, ".", 0, "a directory (want a file name)"},
		{"a device as output", ds, "/dev/null", 0, "page /dev/null: not a regular file"},
		{"an output in no folder", ds, "none/p.html", 0, "no such directory"},
		{"an output that is something else", ds, "notes.txt", 0, "holds something else (want a new file or a page to replace)"},
		{"the dataset itself as output", ds, filepath.Join(ds, "samples.jsonl"), 0, "holds something else"},
		{"fewer than none", ds, "p.html", -1, "show: -1 samples (want 1 to 20000, or 0 for 200)"},
		{"too many", ds, "p.html", 20001, "show: 20001 samples"},
		{"a broken picture", broken, "p.html", 0, "sample scene-000000.png-flip-0: image 0: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := tc.out
			if out != "" && !filepath.IsAbs(out) {
				out = filepath.Join(dir, out)
			}
			before, err := os.ReadDir(dir)
			require.NoError(t, err)
			_, _, err = ssrl.Show(t.Context(), tc.dataset, out, ssrl.ShowOptions{Limit: tc.limit})
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "\n")
			after, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Len(t, after, len(before), "nothing is left behind")
		})
	}
	text, err := os.ReadFile(notes)
	require.NoError(t, err)
	assert.Equal(t, "my notes", string(text))
}

func TestShowCanBeStopped(t *testing.T) {
	ds := madeDataset(t, 2)
	out := filepath.Join(t.TempDir(), "page.html")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	_, _, err := ssrl.Show(ctx, ds, out, ssrl.ShowOptions{Progress: func(done, total int) {
		if done == 2 {
			cancel(stop)
		}
	}})
	require.ErrorIs(t, err, stop)
	entries, err := os.ReadDir(filepath.Dir(out))
	require.NoError(t, err)
	assert.Empty(t, entries)
}
