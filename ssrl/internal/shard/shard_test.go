package shard

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/outdir"
)

// The writer and reader look at a picture's first bytes only.
var (
	png = []byte("\x89PNG\r\n\x1a\n and pixels")
	jpg = []byte("\xff\xd8\xff and pixels")
)

var options = Options{Seed: 7, Run: json.RawMessage(`{"tasks": ["crop", "flip"], "a<b": 1.50}`)}

// sample is sample k of a made-up run; it has k%3 pictures.
func sample(k int) (Sample, [][]byte) {
	s := Sample{
		ID: fmt.Sprintf("frame.png-flip-%d", k), Task: []string{"flip", "crop"}[k%2], Source: "rooms/föhn.png",
		Problem: strings.Repeat(placeholder, k%3) + "Which? a < b & c", Answer: fmt.Sprintf("%d-1", k),
		Meta: json.RawMessage(fmt.Sprintf(`{"patch":%d,"area":[0,0,8,8]}`, k)),
	}
	var images [][]byte
	for n := range k % 3 {
		images = append(images, append([]byte{}, png...), nil)
		images = images[:n+1]
		images[n] = append(images[n], byte(k), byte(n))
	}
	return s, images
}

func writeSamples(t *testing.T, w *Writer, from, to int) {
	t.Helper()
	for k := from; k < to; k++ {
		s, images := sample(k)
		require.NoError(t, w.Write(s, images, ".png"))
	}
}

// made writes a whole dataset of n samples into a new directory.
func made(t *testing.T, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	w, err := Create(dir, options)
	require.NoError(t, err)
	writeSamples(t, w, 0, n)
	assert.Equal(t, n, w.Len())
	require.NoError(t, w.Close())
	return dir
}

// tree returns the files below dir with their contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	}))
	return files
}

func TestDatasetReadsBackAsWritten(t *testing.T) {
	dir := made(t, 6)
	files := tree(t, dir)
	assert.Equal(t, `{"format":"ssrl-dataset","version":1,"samples":6,"seed":7,"tasks":{"crop":3,"flip":3},"options":{"a<b":1.50,"tasks":["crop","flip"]}}`+"\n", files["manifest.json"])
	lines := strings.SplitAfter(files["samples.jsonl"], "\n")
	assert.Equal(t, `{"id":"frame.png-flip-2","task":"flip","source":"rooms/föhn.png","problem":"<image><image>Which? a < b & c","answer":"2-1",`+
		`"images":["images/frame.png-flip-2.0.png","images/frame.png-flip-2.1.png"],"meta":{"patch":2,"area":[0,0,8,8]}}`+"\n", lines[2])
	assert.Len(t, files, 2+6, "manifest, samples and six pictures, and no trace of the run")

	r, err := Open(dir)
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, 6, r.Len())
	assert.Equal(t, uint64(7), r.Manifest().Seed)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range r.Len() {
				want, images := sample(i)
				got, err := r.At(i)
				assert.NoError(t, err)
				assert.Len(t, got.Images, len(images))
				for n, path := range got.Images {
					data, err := r.Image(path)
					assert.NoError(t, err)
					assert.Equal(t, images[n], data)
				}
				j, ok := r.Find(want.ID)
				assert.True(t, ok)
				assert.Equal(t, i, j)
				want.Images = got.Images
				if want.Images == nil {
					want.Images = []string{}
				}
				assert.Equal(t, want, got)
			}
		})
	}
	wg.Wait()
	_, ok := r.Find("frame.png-flip-6")
	assert.False(t, ok)
}

func TestEqualRunsWriteEqualBytes(t *testing.T) {
	a, b := tree(t, made(t, 9)), tree(t, made(t, 9))
	assert.Equal(t, a, b)
}

func TestEmptyDatasetIsOne(t *testing.T) {
	r, err := Open(made(t, 0))
	require.NoError(t, err)
	assert.Zero(t, r.Len())
	require.NoError(t, r.Close())
}

func TestWriteRefusesUselessSamples(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	w, err := Create(dir, Options{})
	require.NoError(t, err)
	good := Sample{ID: "a", Task: "flip", Problem: "<image>?", Answer: "A"}
	const ids = "(want 1 to 200 of A-Z a-z 0-9 - _ .)"
	for _, tc := range []struct {
		name   string
		edit   func(s *Sample)
		images [][]byte
		ext    string
		want   string
	}{
		{"no id", func(s *Sample) { s.ID = "" }, [][]byte{png}, ".png", `sample "": id of 0 bytes ` + ids},
		{"a path as id", func(s *Sample) { s.ID = "../a" }, [][]byte{png}, ".png", `sample "../a": id of 4 bytes ` + ids},
		{"a letter outside", func(s *Sample) { s.ID = "ä" }, [][]byte{png}, ".png", `sample "ä": id of 2 bytes ` + ids},
		{"a NUL", func(s *Sample) { s.ID = "a\x00" }, [][]byte{png}, ".png", `sample "a\x00": id of 2 bytes ` + ids},
		{"no task", func(s *Sample) { s.Task = "" }, [][]byte{png}, ".png", `sample "a": "task" is empty`},
		{"no problem", func(s *Sample) { s.Problem = "" }, nil, ".png", `sample "a": "problem" is empty`},
		{"no answer", func(s *Sample) { s.Answer = "" }, [][]byte{png}, ".png", `sample "a": "answer" is empty`},
		{"a source that JSON cannot hold", func(s *Sample) { s.Source = "f\xfc.png" }, [][]byte{png}, ".png", `sample "a": "source" is not UTF-8: "f\xfc.png"`},
		{"too few pictures", func(*Sample) {}, nil, ".png", `sample "a": 1 <image> in the problem but 0 images`},
		{"too many pictures", func(*Sample) {}, [][]byte{png, png}, ".png", `sample "a": 1 <image> in the problem but 2 images`},
		{"an unknown format", func(*Sample) {}, [][]byte{png}, ".gif", `sample "a": images as ".gif" (want .png, .jpg or .jpeg)`},
		{"a path as format", func(*Sample) {}, [][]byte{png}, "/../x.png", `sample "a": images as "/../x.png" (want .png, .jpg or .jpeg)`},
		{"another format", func(*Sample) {}, [][]byte{jpg}, ".png", `sample "a": image 0 is not a .png file`},
		{"an empty picture", func(*Sample) {}, [][]byte{{}}, ".jpg", `sample "a": image 0 is not a .jpg file`},
		{"broken meta", func(s *Sample) { s.Meta = json.RawMessage(`{"a"`) }, [][]byte{png}, ".png", `sample "a": "meta" is not a JSON object`},
		{"a list as meta", func(s *Sample) { s.Meta = json.RawMessage(` [1]`) }, [][]byte{png}, ".png", `sample "a": "meta" is not a JSON object`},
		{"a line too long", func(s *Sample) { s.Answer = strings.Repeat("A", maxLine) }, [][]byte{png}, ".png", `sample "a": 16777324 bytes (want at most 16777216)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := good
			tc.edit(&s)
			assert.EqualError(t, w.Write(s, tc.images, tc.ext), dir+": "+tc.want)
		})
	}
	require.NoError(t, w.Write(good, [][]byte{jpg}, ".jpeg"))
	assert.EqualError(t, w.Write(good, [][]byte{jpg}, ".jpeg"), dir+`: sample "a": written before (want an id of its own)`)
	require.NoError(t, w.Close())
	assert.EqualError(t, w.Write(good, nil, ".png"), dir+`: sample "a": 1 <image> in the problem but 0 images`)
	good.ID = "b"
	assert.EqualError(t, w.Write(good, [][]byte{jpg}, ".jpg"), "dataset is closed")
	assert.EqualError(t, w.Close(), "dataset is closed")
	w.Abort()
	r, err := Open(dir)
	require.NoError(t, err, "what was refused leaves the rest whole")
	defer r.Close()
	assert.Equal(t, 1, r.Len())
}

func TestCreateRefusesWhatIsNotItsOwn(t *testing.T) {
	base := t.TempDir()
	for _, tc := range []struct {
		name  string
		setUp func(t *testing.T, dir string)
		want  string
	}{
		{"a file", func(t *testing.T, dir string) { require.NoError(t, os.WriteFile(dir, nil, 0o666)) },
			"DIR: a file (want a new or empty directory)"},
		{"somebody's files", func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir, 0o777))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o666))
		}, "DIR: not empty, holds thesis.txt (want a new or empty directory)"},
		{"a finished dataset", func(t *testing.T, dir string) { require.NoError(t, os.CopyFS(dir, os.DirFS(made(t, 1)))) },
			"DIR: a finished dataset (want a new or empty directory)"},
		{"another seed", func(t *testing.T, dir string) { unfinished(t, dir, Options{Seed: 8, Run: options.Run}) },
			`DIR: an unfinished run of other arguments: seed 8, options {"a<b":1.50,"tasks":["crop","flip"]} (want seed 7, options {"a<b":1.50,"tasks":["crop","flip"]})`},
		{"other options", func(t *testing.T, dir string) { unfinished(t, dir, Options{Seed: 7}) },
			`DIR: an unfinished run of other arguments: seed 7, options {} (want seed 7, options {"a<b":1.50,"tasks":["crop","flip"]})`},
		{"a damaged run", func(t *testing.T, dir string) {
			unfinished(t, dir, options)
			require.NoError(t, os.WriteFile(filepath.Join(dir, runName), []byte(`{"fo`), 0o666))
		}, "DIR/run.json: unexpected end of JSON input (want the arguments of an unfinished run)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(base, strings.ReplaceAll(tc.name, " ", "-"))
			tc.setUp(t, dir)
			before := map[string]string{}
			if tc.name != "a file" {
				before = tree(t, dir)
			}
			_, err := Create(dir, options)
			assert.EqualError(t, err, strings.ReplaceAll(tc.want, "DIR", dir))
			if tc.name != "a file" {
				assert.Equal(t, before, tree(t, dir), "nothing is touched")
			}
		})
	}
	_, err := Create(filepath.Join(base, "new"), Options{Run: json.RawMessage(`{} {}`)})
	assert.EqualError(t, err, "options of the run: more than one JSON value")
	assert.NoDirExists(t, filepath.Join(base, "new"))
}

func unfinished(t *testing.T, dir string, o Options) {
	t.Helper()
	w, err := Create(dir, o)
	require.NoError(t, err)
	writeSamples(t, w, 0, 2)
	w.Abort()
	w.Abort()
	assert.EqualError(t, w.Close(), "dataset is closed")
}

func TestCreateKeepsASecondWriterOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	w, err := Create(dir, options)
	require.NoError(t, err)
	_, err = Create(dir, options)
	assert.EqualError(t, err, dir+": another writer is at work here")
	w.Abort()
	w, err = Create(dir, options)
	require.NoError(t, err)
	w.Abort()
}

func TestCreateTakesEqualArgumentsInAnyForm(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	unfinished(t, dir, options)
	w, err := Create(dir, Options{Seed: 7, Run: json.RawMessage(`{"a<b":1.50,"tasks":["crop","flip"]}`)})
	require.NoError(t, err)
	w.Abort()
	for _, none := range []json.RawMessage{nil, json.RawMessage("null"), json.RawMessage("{}")} {
		w, err := Create(filepath.Join(filepath.Dir(dir), "none"), Options{Run: none})
		require.NoError(t, err)
		w.Abort()
	}
}

// A run that is killed leaves the directory as it was after one of its steps.
// Every such state is refused by the reader and taken over by the same run.
func TestKilledRunNeverLooksWholeAndIsTakenOver(t *testing.T) {
	const n = 5
	want := tree(t, made(t, n))
	base := t.TempDir()
	dir := filepath.Join(base, "out")
	var states []string
	keep := func() {
		state := filepath.Join(base, fmt.Sprint("state", len(states)))
		require.NoError(t, os.CopyFS(state, os.DirFS(dir)))
		states = append(states, state)
	}
	d := outdir.Real()
	var one sync.Mutex // pictures are synced several at once
	spied := outdir.Disk{
		Create: func(path string) (io.WriteCloser, error) {
			keep()
			f, err := d.Create(path)
			keep()
			return f, err
		},
		Sync: func(path string) error {
			one.Lock()
			defer one.Unlock()
			keep()
			return d.Sync(path)
		},
		Rename: func(from, to string) error {
			keep()
			return d.Rename(from, to)
		},
	}
	w, err := CreateOn(spied, dir, options)
	require.NoError(t, err)
	for k := range n {
		writeSamples(t, w, k, k+1)
		require.NoError(t, w.lines.Flush(), "as a full buffer would")
		if k == 2 {
			keep()
			torn := filepath.Join(states[len(states)-1], samplesName)
			data, err := os.ReadFile(torn)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(torn, data[:len(data)-9], 0o666))
		}
	}
	require.NoError(t, w.Close())
	require.Equal(t, want, tree(t, dir))

	whole := 0
	for _, state := range states {
		r, err := Open(state)
		if err == nil { // the manifest's own directory is synced behind the rename
			whole++
			require.Equal(t, n, r.Len())
			require.NoError(t, r.Close())
			_, err = Create(state, options)
			require.EqualError(t, err, state+": a finished dataset (want a new or empty directory)")
			continue
		}
		require.Contains(t, []string{
			state + ": an unfinished run, without manifest.json (want it run again with the same arguments)",
			state + ": no manifest.json (want a finished dataset)",
		}, err.Error())
		w, err := Create(state, options)
		require.NoError(t, err)
		writeSamples(t, w, 0, n)
		require.NoError(t, w.Close())
		require.Equal(t, want, tree(t, state))
	}
	assert.Equal(t, 2, whole, "two syncs of directories follow the manifest's rename")
	assert.Greater(t, len(states), 20)
}

// full is a disk with room for some bytes; it never syncs what is not there.
func full(room int) outdir.Disk {
	d := outdir.Real()
	create := d.Create
	d.Create = func(path string) (io.WriteCloser, error) {
		f, err := create(path)
		return &fullFile{f, &room}, err
	}
	return d
}

type fullFile struct {
	io.WriteCloser
	room *int
}

func (f *fullFile) Write(b []byte) (int, error) {
	n, _ := f.WriteCloser.Write(b[:min(len(b), *f.room)])
	*f.room -= n
	if n < len(b) {
		return n, &fs.PathError{Op: "write", Path: "disk", Err: syscall.ENOSPC}
	}
	return n, nil
}

func TestFullDiskLeavesNoManifest(t *testing.T) {
	base := t.TempDir()
	stages := map[string]int{}
	for room := 0; ; room += 37 {
		dir := filepath.Join(base, fmt.Sprint(room))
		w, err := CreateOn(full(room), dir, options)
		stage := "create"
		for k := 0; err == nil && k < 4; k++ {
			stage = "write"
			s, images := sample(k)
			err = w.Write(s, images, ".png")
		}
		if err == nil {
			stage = "close"
			err = w.Close()
		} else if w != nil {
			assert.Equal(t, err, w.Close(), "the writer keeps its first error")
		}
		if err == nil {
			break
		}
		stages[stage]++
		require.ErrorIs(t, err, syscall.ENOSPC)
		if stage != "create" {
			require.EqualError(t, err, "write disk: no space left on device (the dataset stays unfinished)")
		}
		_, err = Open(dir)
		require.Error(t, err)
		w, err = Create(dir, options)
		require.NoError(t, err, "room again: the same run goes on")
		w.Abort()
	}
	assert.Len(t, stages, 3, "the disk was full at every stage: %v", stages)
}

func TestFailingSyncLeavesNoManifest(t *testing.T) {
	broken := errors.New("medium error")
	for _, name := range []string{samplesName, imagesName, "frame.png-flip-1.0.png", manifestName + ".tmp", "out"} {
		dir := filepath.Join(t.TempDir(), "out")
		d := outdir.Real()
		armed := false
		d.Sync = func(path string) error {
			if armed && filepath.Base(path) == name {
				return broken
			}
			return nil
		}
		w, err := CreateOn(d, dir, options)
		require.NoError(t, err)
		writeSamples(t, w, 0, 3)
		armed = true
		assert.EqualError(t, w.Close(), "medium error (the dataset stays unfinished)", name)
		_, err = Open(dir)
		assert.EqualError(t, err, dir+": an unfinished run, without manifest.json (want it run again with the same arguments)", name)
	}
}
