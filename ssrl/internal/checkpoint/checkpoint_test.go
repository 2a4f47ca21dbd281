package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRoundTrip(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "deep", "run [1]", "global_step_7")
	require.NoError(t, Save(dir, 7, fill(7)))
	assert.Equal(t, 7, sound(t, dir))
	m, err := Read(dir)
	require.NoError(t, err)
	var names []string
	for _, f := range m.Files {
		names = append(names, f.Name)
	}
	assert.Equal(t, []string{"moments/adam.safetensors", "notes.txt", "state.json"}, names)

	c, err := Open(dir)
	require.NoError(t, err)
	_, err = c.Tensors("other.safetensors")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "has no other.safetensors")
	require.ErrorContains(t, c.JSON("state.json", &struct{ Step int }{}), `unknown field "Seen"`)
	f, err := c.Tensors("moments/adam.safetensors")
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Info("m")
	require.NoError(t, err)
	assert.Equal(t, []int{3, 5}, info.Shape)
}

func TestSameStateSameBytes(t *testing.T) {
	root := t.TempDir()
	var texts []string
	for _, name := range []string{"a", "b"} {
		require.NoError(t, Save(filepath.Join(root, name), 7, fill(7)))
		text, err := os.ReadFile(filepath.Join(root, name, manifestName))
		require.NoError(t, err)
		texts = append(texts, string(text))
	}
	assert.Equal(t, texts[0], texts[1])
}

// TestDamageIsNamed: every file, truncated, grown, missing or with any one bit
// turned, is refused by its name.
func TestDamageIsNamed(t *testing.T) {
	for _, name := range []string{"state.json", "moments/adam.safetensors", "notes.txt", manifestName} {
		for what, harm := range map[string]func(file string, text []byte) error{
			"missing":   func(file string, _ []byte) error { return os.Remove(file) },
			"empty":     func(file string, _ []byte) error { return os.Truncate(file, 0) },
			"truncated": func(file string, text []byte) error { return os.Truncate(file, int64(len(text)-1)) },
			"grown":     func(file string, text []byte) error { return os.WriteFile(file, append(text, ' '), 0o666) },
			"directory": func(file string, _ []byte) error { return errors.Join(os.Remove(file), os.Mkdir(file, 0o777)) },
		} {
			t.Run(name+"/"+what, func(t *testing.T) { damaged(t, name, harm) })
		}
		t.Run(name+"/bits", func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "c")
			require.NoError(t, put(dir, 1))
			file := filepath.Join(dir, filepath.FromSlash(name))
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for i := 0; i < len(text); i += 1 + len(text)/200 {
				bad := append([]byte(nil), text...)
				bad[i] ^= 1 << (i % 8)
				require.NoError(t, os.WriteFile(file, bad, 0o666))
				_, err := Open(dir)
				require.ErrorContains(t, err, filepath.Base(name), "byte %d", i)
				require.NotContains(t, err.Error(), "\n")
			}
		})
	}
}

func damaged(t *testing.T, name string, harm func(file string, text []byte) error) {
	dir := filepath.Join(t.TempDir(), "c")
	require.NoError(t, put(dir, 1))
	file := filepath.Join(dir, filepath.FromSlash(name))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, harm(file, text))
	_, err = Open(dir)
	require.ErrorContains(t, err, "checkpoint "+dir)
	require.ErrorContains(t, err, filepath.Base(name))
}

func TestManifestsAreRefused(t *testing.T) {
	good := Manifest{Format: formatName, Version: 1, Step: 3, Files: []File{{"a", 1, "00"}}}
	_, err := parse(good.encode())
	require.NoError(t, err)
	for want, change := range map[string]func(*Manifest){
		"version 2 is newer than this program": func(m *Manifest) { m.Version = 2 },
		"version 0 (want at least 1)":          func(m *Manifest) { m.Version = 0 },
		`format "other"`:                       func(m *Manifest) { m.Format = "other" },
		"step -1":                              func(m *Manifest) { m.Step = -1 },
		`"a" is listed twice`:                  func(m *Manifest) { m.Files = append(m.Files, m.Files[0]) },
		`"../a"`:                               func(m *Manifest) { m.Files[0].Name = "../a" },
		`"/etc/passwd"`:                        func(m *Manifest) { m.Files[0].Name = "/etc/passwd" },
		`"a/../../b"`:                          func(m *Manifest) { m.Files[0].Name = "a/../../b" },
		`".\\a"`:                               func(m *Manifest) { m.Files[0].Name = `.\a` },
		`""`:                                   func(m *Manifest) { m.Files[0].Name = "" },
		"manifest's own":                       func(m *Manifest) { m.Files[0].Name = manifestName },
		"-1 bytes":                             func(m *Manifest) { m.Files[0].Bytes = -1 },
	} {
		m := good
		m.Files = append([]File(nil), good.Files...)
		change(&m)
		_, err := parse(m.encode())
		require.ErrorContains(t, err, want)
	}
	text := good.encode()
	for want, bad := range map[string]string{
		"not JSON":                  "",
		"does not match":            strings.Replace(string(text), `"step": 3`, `"step": 4`, 1),
		"damaged":                   string(text) + "\n",
		"not JSON: invalid":         string(text) + "{}",
		"version 9 is newer than":   strings.Replace(string(text), `"version": 1`, `"version": 9, "new": [1]`, 1),
		"not a manifest: json: can": strings.Replace(string(text), `"step": 3`, `"step": "x"`, 1),
	} {
		_, err := parse([]byte(bad))
		require.ErrorContains(t, err, want)
	}
}

func TestSaveRefuses(t *testing.T) {
	root := t.TempDir()
	foreign := filepath.Join(root, "photos")
	require.NoError(t, os.Mkdir(foreign, 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(foreign, "cat.png"), nil, 0o666))
	require.ErrorContains(t, Save(foreign, 1, fill(1)), "holds files but no checkpoint.json")
	require.ErrorContains(t, Save(filepath.Join(foreign, "cat.png"), 1, fill(1)), "cat.png")
	require.ErrorContains(t, Save(filepath.Join(foreign, "cat.png", "c"), 1, fill(1)), "not a directory")
	require.ErrorContains(t, Save(filepath.Join(root, "c"), -1, fill(1)), "step -1")
	require.NoError(t, os.Mkdir(filepath.Join(root, "empty"), 0o777))
	require.NoError(t, Save(filepath.Join(root, "empty"), 1, fill(1)))

	none := func(io.Writer) error { return nil }
	nothing := func([]float32) error { return nil }
	for want, write := range map[string]func(w *Writer) error{
		`"a" is written twice`:  func(w *Writer) error { return errors.Join(w.File("a", none), w.File("a", none)) },
		`file name "../a"`:      func(w *Writer) error { return w.File("../a", none) },
		`(is the manifest's`:    func(w *Writer) error { return w.File(manifestName, none) },
		"j: json: unsupported":  func(w *Writer) error { return w.JSON("j", func() {}) },
		`tensor "t": the name`:  func(w *Writer) error { return w.Tensors("x", []Tensor{{"t", nil, nothing}, {"t", nil, nothing}}) },
		`tensor "t": shape [-1`: func(w *Writer) error { return w.Tensors("x", []Tensor{{"t", []int{-1}, nothing}}) },
		"link: L":               func(w *Writer) error { return os.Symlink("/etc/passwd", filepath.Join(w.Dir(), "link")) },
	} {
		require.ErrorContains(t, Save(filepath.Join(root, "c"), 1, write), want)
	}
	assert.Empty(t, leftovers(t, root))
}

func TestSteps(t *testing.T) {
	root := t.TempDir()
	steps, err := Steps(filepath.Join(root, "absent"))
	require.NoError(t, err)
	require.Empty(t, steps)
	_, err = Latest(root)
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, s := range []int{10, 9, 100} {
		require.NoError(t, put(Dir(root, s), s))
	}
	for _, other := range []string{"global_step_12abc", "global_step_0200", "global_step_300", "global_step_-5", ".global_step_400.new", ".global_step_500.gone"} {
		require.NoError(t, os.Mkdir(filepath.Join(root, other), 0o777))
	}
	steps, err = Steps(root)
	require.NoError(t, err)
	assert.Equal(t, []int{9, 10, 100}, steps)
	dir, err := Latest(root)
	require.NoError(t, err)
	assert.Equal(t, 100, sound(t, dir))
}

func TestPrune(t *testing.T) {
	for _, c := range []struct {
		keep    int
		protect []int
		want    []int
	}{
		{0, nil, []int{1, 2, 3, 4, 5}},
		{-1, nil, []int{1, 2, 3, 4, 5}},
		{9, nil, []int{1, 2, 3, 4, 5}},
		{3, nil, []int{3, 4, 5}},
		{3, []int{2}, []int{2, 4, 5}},
		{3, []int{5}, []int{3, 4, 5}},
		{1, nil, []int{5}},
		{1, []int{2}, []int{2, 5}},
		{1, []int{1, 2, 99}, []int{1, 2, 5}},
	} {
		t.Run(fmt.Sprint(c.keep, c.protect), func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "run [1]*")
			for s := 1; s <= 5; s++ {
				require.NoError(t, put(Dir(root, s), s))
			}
			foreign := filepath.Join(root, "global_step_0") // no manifest: not ours
			require.NoError(t, os.Mkdir(foreign, 0o777))
			require.NoError(t, os.Mkdir(filepath.Join(root, ".global_step_77.gone"), 0o777))
			require.NoError(t, Prune(root, c.keep, c.protect...))
			steps, err := Steps(root)
			require.NoError(t, err)
			assert.Equal(t, c.want, steps)
			assert.DirExists(t, foreign)
			if c.keep > 0 {
				assert.Empty(t, leftovers(t, root))
			}
		})
	}
}

func TestTracker(t *testing.T) {
	root := t.TempDir()
	tr, err := ReadTracker(root)
	require.NoError(t, err)
	assert.Equal(t, Tracker{}, tr)
	assert.True(t, tr.Better(5, 0), "the first validated step is the best, whatever its score")
	assert.False(t, tr.Better(10, 0), "only a higher one replaces it")
	assert.False(t, tr.Better(10, nan()))
	assert.True(t, tr.Better(15, .25))
	tr.LastStep, tr.LastPath = 20, Dir(root, 20)
	for range 2 {
		require.NoError(t, WriteTracker(root, tr))
	}
	back, err := ReadTracker(root)
	require.NoError(t, err)
	assert.Equal(t, tr, back)
	assert.Equal(t, 15, *back.BestStep)
	require.NoError(t, os.WriteFile(filepath.Join(root, trackerName), []byte("{"), 0o666))
	_, err = ReadTracker(root)
	require.ErrorContains(t, err, trackerName)
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

// FuzzManifest: what parse takes is exactly what encode writes, and no name of
// it leaves the checkpoint.
func FuzzManifest(f *testing.F) {
	f.Add(Manifest{Format: formatName, Version: 1, Files: []File{}}.encode())
	f.Add(Manifest{Format: formatName, Version: 1, Step: 7, Files: []File{{"a/b", 3, "ff"}, {"ü<&>", 0, ""}}}.encode())
	f.Add([]byte(`{"format":"ssrl-checkpoint","version":99}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parse(text)
		if err != nil {
			return
		}
		require.Equal(t, string(text), string(m.encode()))
		for _, file := range m.Files {
			at := filepath.Join("/c", filepath.FromSlash(file.Name))
			require.True(t, strings.HasPrefix(at, "/c/"), file.Name)
		}
	})
}
