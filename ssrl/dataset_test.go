package ssrl_test

import (
	"encoding/json"
	"fmt"
	"image"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// someSamples are samples of a small frame.
func someSamples(t testing.TB) []*ssrl.Sample {
	return collect(t, ssrl.Generator{Seed: 1}, drawing("dir/ü.png", 120, 100, false))
}

func writeDataset(t testing.TB, dir string, samples ...*ssrl.Sample) {
	t.Helper()
	w, err := ssrl.CreateDataset(dir, 7, map[string]any{"by": "test"})
	require.NoError(t, err)
	for _, s := range samples {
		require.NoError(t, w.Write(s))
	}
	require.NoError(t, w.Close())
}

func TestDatasetGivesBackWhatWasWritten(t *testing.T) {
	inFolder(t, nil)
	samples := someSamples(t)
	require.Len(t, samples, 5)
	writeDataset(t, "ds", samples...)
	d, err := ssrl.OpenDataset("ds")
	require.NoError(t, err)
	defer d.Close()
	require.Equal(t, 5, d.Len())
	var wg sync.WaitGroup
	for range 4 { // readers share it
		wg.Go(func() {
			for _, i := range rand.Perm(5) {
				s, err := d.At(i)
				if assert.NoError(t, err) {
					assert.Equal(t, digest(samples[i]), digest(s))
				}
				text, err := d.Text(i)
				if assert.NoError(t, err) {
					assert.Nil(t, text.Images)
					text.Images = s.Images
					assert.Equal(t, s, text)
				}
			}
		})
	}
	wg.Wait()
	for _, i := range []int{-1, 5} {
		for _, read := range []func(int) (*ssrl.Sample, error){d.At, d.Text} {
			_, err := read(i)
			assert.EqualError(t, err, fmt.Sprintf("ds: sample %d (want 0 to 4)", i))
		}
	}
}

// The files' keys are what other programs rely on.
func TestDatasetFiles(t *testing.T) {
	inFolder(t, nil)
	samples := someSamples(t)
	writeDataset(t, "ds", samples...)
	assert.Equal(t, []string{"images", "manifest.json", "samples.jsonl"}, listing(t, "ds"))
	manifest, err := os.ReadFile("ds/manifest.json")
	require.NoError(t, err)
	assert.Equal(t, `{"format":"ssrl-dataset","version":1,"samples":5,"seed":7,`+
		`"tasks":{"crop":1,"depth":1,"flip":1,"position":1,"shuffle":1},"options":{"by":"test"}}`+"\n", string(manifest))
	data := lines(t, "ds/samples.jsonl")
	require.Len(t, data, 6)
	var listed []string
	for i, line := range data[:5] {
		var all map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(line), &all))
		assert.ElementsMatch(t, []string{"id", "task", "source", "problem", "answer", "images", "meta"}, slices.Collect(maps.Keys(all)))
		assert.JSONEq(t, string(samples[i].Meta), string(all["meta"]))
		var images []string
		require.NoError(t, json.Unmarshal(all["images"], &images))
		for k, path := range images {
			assert.Equal(t, fmt.Sprintf("images/%s.%d.png", samples[i].ID, k), path)
			listed = append(listed, strings.TrimPrefix(path, "images/"))
		}
		assert.Len(t, images, len(samples[i].Images))
		assert.Contains(t, line, `<image>`, "not escaped")
		assert.Contains(t, line, `"source":"dir/ü.png"`)
	}
	assert.ElementsMatch(t, listed, listing(t, "ds/images"))
}

func TestDatasetWriterRefuses(t *testing.T) {
	picture := image.NewGray(image.Rect(0, 0, 2, 2))
	sound := func(change func(*ssrl.Sample)) *ssrl.Sample {
		s := &ssrl.Sample{ID: "a", Task: "t", Problem: "<image>?", Answer: "1", Images: []image.Image{picture}}
		change(s)
		return s
	}
	for _, tc := range []struct {
		name string
		s    *ssrl.Sample
		want string
	}{
		{"nil", nil, "dataset ds: sample is nil"},
		{"an image that is nil", sound(func(s *ssrl.Sample) { s.Images[0] = nil }), "sample a: image 0 is nil"},
		{"an image without pixels", sound(func(s *ssrl.Sample) { s.Images = []image.Image{image.NewGray(image.Rectangle{})} }),
			"sample a: image 0: 0x0 pixels (want one at least)"},
		{"an image too many", sound(func(s *ssrl.Sample) { s.Problem = "?" }), `ds: sample "a": 0 <image> in the problem but 1 images`},
		{"no answer", sound(func(s *ssrl.Sample) { s.Answer = "" }), `ds: sample "a": "answer" is empty`},
		{"no task", sound(func(s *ssrl.Sample) { s.Task = "" }), `ds: sample "a": "task" is empty`},
		{"no id", sound(func(s *ssrl.Sample) { s.ID = "" }), `ds: sample "": id of 0 bytes (want 1 to 200 of A-Z a-z 0-9 - _ .)`},
		{"an id that is a path", sound(func(s *ssrl.Sample) { s.ID = "../a" }), `ds: sample "../a": id of 4 bytes (want 1 to 200 of A-Z a-z 0-9 - _ .)`},
		{"an id again", sound(func(s *ssrl.Sample) { s.ID = "first" }), `ds: sample "first": written before (want an id of its own)`},
		{"meta that is no object", sound(func(s *ssrl.Sample) { s.Meta = json.RawMessage("[1]") }), `ds: sample "a": "meta" is not a JSON object`},
		{"text that is not UTF-8", sound(func(s *ssrl.Sample) { s.Source = "\xff" }), `ds: sample "a": "source" is not UTF-8: "\xff"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inFolder(t, nil)
			w, err := ssrl.CreateDataset("ds", 0, nil)
			require.NoError(t, err)
			require.NoError(t, w.Write(sound(func(s *ssrl.Sample) { s.ID = "first" })))
			assert.EqualError(t, w.Write(tc.s), tc.want)
			require.NoError(t, w.Write(sound(func(s *ssrl.Sample) { s.ID = "last" })), "the writer is sound afterwards")
			require.NoError(t, w.Close())
			assert.Equal(t, []string{"first.0.png", "last.0.png"}, listing(t, "ds/images"))
			d, err := ssrl.OpenDataset("ds")
			require.NoError(t, err)
			assert.Equal(t, 2, d.Len())
			require.NoError(t, d.Close())
		})
	}
}

func TestDatasetWriterEnds(t *testing.T) {
	inFolder(t, map[string][]byte{"other/file": nil})
	s := someSamples(t)[0]
	w, err := ssrl.CreateDataset("ds", 0, nil)
	require.NoError(t, err)
	_, err = ssrl.CreateDataset("ds", 0, nil)
	assert.EqualError(t, err, "ds: another writer is at work here")
	require.NoError(t, w.Write(s))
	_, err = ssrl.OpenDataset("ds")
	assert.EqualError(t, err, "ds: an unfinished run, without manifest.json (want it run again with the same arguments)")
	assert.ErrorIs(t, err, ssrl.ErrFormat)
	require.NoError(t, w.Close())
	w.Abort()
	assert.ErrorIs(t, w.Close(), ssrl.ErrClosed)
	assert.EqualError(t, w.Write(s), "dataset ds: closed")
	assert.Equal(t, []string{"images", "manifest.json", "samples.jsonl"}, listing(t, "ds"), "Abort after Close does nothing")

	_, err = ssrl.CreateDataset("ds", 0, nil)
	assert.EqualError(t, err, "ds: a finished dataset (want a new or empty directory)")
	_, err = ssrl.CreateDataset("other", 0, nil)
	assert.EqualError(t, err, "other: not empty, holds file (want a new or empty directory)")
	_, err = ssrl.CreateDataset("other/file", 0, nil)
	assert.EqualError(t, err, "other/file: a file (want a new or empty directory)")
	_, err = ssrl.CreateDataset("", 0, nil)
	assert.EqualError(t, err, "no dataset directory")
	_, err = ssrl.CreateDataset("x", 0, func() {})
	assert.EqualError(t, err, "dataset x: options: json: unsupported type: func()")
	assert.Equal(t, []string{"ds", "other"}, listing(t, "."))
}

func TestAbortedDatasetLeavesNothing(t *testing.T) {
	for _, there := range []bool{false, true} {
		inFolder(t, nil)
		if there {
			require.NoError(t, os.Mkdir("ds", 0o777))
		}
		w, err := ssrl.CreateDataset("ds", 0, nil)
		require.NoError(t, err)
		require.NoError(t, w.Write(someSamples(t)[0]))
		w.Abort()
		w.Abort()
		assert.ErrorIs(t, w.Write(someSamples(t)[1]), ssrl.ErrClosed)
		assert.Empty(t, listing(t, "ds"))
		assert.Equal(t, there, listing(t, ".") != nil)
	}
}

func TestOpenDatasetRefuses(t *testing.T) {
	const line = `{"id":"a","problem":"<image>?","answer":"1","images":["images/a.png"]}`
	const manifest = `{"format":"ssrl-dataset","version":1,"samples":1}`
	for _, tc := range []struct {
		name              string
		manifest, samples string // "-" means no file
		want              string
	}{
		{"no manifest", "-", line, "ds: no manifest.json (want a finished dataset)"},
		{"an empty manifest", "", line, "ds/manifest.json: unexpected end of JSON input"},
		{"half a manifest", manifest[:20], line, "ds/manifest.json: unexpected end of JSON input"},
		{"another format", `{"format":"zip","version":1}`, line, `ds/manifest.json: format "zip" (want "ssrl-dataset")`},
		{"a newer version", `{"format":"ssrl-dataset","version":2,"samples":"many"}`, line, "ds/manifest.json: version 2 is newer than this program (want at most 1)"},
		{"no version", `{"format":"ssrl-dataset","samples":1}`, line, "ds/manifest.json: version 0 (want 1 to 1)"},
		{"no samples file", manifest, "-", "open ds/samples.jsonl: no such file or directory"},
		{"too few samples", manifest, "", "ds/samples.jsonl: 0 samples (want the 1 of manifest.json)"},
		{"half a line", manifest, line[:30], "ds/samples.jsonl line 1: unexpected end of JSON input"},
		{"a line that is no object", manifest, "[1]", "ds/samples.jsonl line 1: array (want an object)"},
		{"no answer", manifest, `{"id":"a","problem":"?"}`, `ds/samples.jsonl line 1: no "answer"`},
		{"no problem", manifest, `{"id":"a","answer":"?"}`, `ds/samples.jsonl line 1: no "problem"`},
		{"an id again", manifest, line + "\n" + line, `ds/samples.jsonl line 2: id "a" stands on line 1 already`},
		{"an image too few", manifest, `{"id":"a","problem":"<image>","answer":"1"}`, "ds/samples.jsonl line 1: 1 <image> in the problem but 0 images"},
		{"an image outside", manifest, `{"id":"a","problem":"<image>","answer":"1","images":["../a.png"]}`,
			`ds/samples.jsonl line 1: image "../a.png" leads out of the dataset (want a relative path inside)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inFolder(t, map[string][]byte{"ds/images/a.png": nil})
			if tc.manifest != "-" {
				put(t, map[string][]byte{"ds/manifest.json": []byte(tc.manifest)})
			}
			if tc.samples != "-" {
				put(t, map[string][]byte{"ds/samples.jsonl": []byte(tc.samples)})
			}
			_, err := ssrl.OpenDataset("ds")
			assert.EqualError(t, err, tc.want)
			assert.ErrorIs(t, err, ssrl.ErrFormat)
		})
	}
	inFolder(t, map[string][]byte{"file": nil})
	_, err := ssrl.OpenDataset("none")
	assert.EqualError(t, err, "dataset none: no such file or directory")
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.NotErrorIs(t, err, ssrl.ErrFormat)
	_, err = ssrl.OpenDataset("file")
	assert.EqualError(t, err, "file: no dataset by its name (want .parquet, .json, .jsonl or .tar)")
	_, err = ssrl.OpenDataset("")
	assert.EqualError(t, err, "no dataset (want a dataset directory)")
}

// What is wrong with a picture is known when it is read: the others can be used.
func TestDatasetImagesThatAreBroken(t *testing.T) {
	inFolder(t, nil)
	samples := someSamples(t)
	writeDataset(t, "ds", samples...)
	files := listing(t, "ds/images")
	require.NoError(t, os.Remove("ds/images/"+samples[0].ID+".0.png"))
	put(t, map[string][]byte{"ds/images/" + samples[1].ID + ".0.png": []byte("broken")})
	require.Equal(t, "crop", samples[2].Task)
	require.NoError(t, os.Remove("ds/images/"+samples[2].ID+".4.png"))
	require.NoError(t, os.Symlink("/dev/zero", "ds/images/"+samples[2].ID+".4.png"))
	d, err := ssrl.OpenDataset("ds")
	require.NoError(t, err)
	for i, want := range []string{
		"sample ID: open ds/images/ID.0.png: no such file or directory",
		`sample ID: image ds/images/ID.0.png: begins with "brok" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`,
		"sample ID: open ds/images/ID.4.png: ",
	} {
		_, err := d.At(i)
		assert.ErrorContains(t, err, strings.ReplaceAll(want, "ID", samples[i].ID))
		_, err = d.Text(i)
		assert.NoError(t, err)
	}
	_, err = d.At(0)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = d.At(1)
	assert.ErrorIs(t, err, ssrl.ErrFormat)
	_, err = d.At(3)
	assert.NoError(t, err)
	assert.Len(t, files, 9)

	require.NoError(t, d.Close())
	for _, read := range []func(int) (*ssrl.Sample, error){d.At, d.Text} {
		_, err := read(3)
		assert.ErrorIs(t, err, ssrl.ErrClosed)
	}
}

// Datasets of other programs hold less, and numbers for ids and answers.
func TestDatasetOfAnotherProgram(t *testing.T) {
	inFolder(t, map[string][]byte{
		"ds/manifest.json": []byte(`{"format":"ssrl-dataset","version":1,"samples":2,"more":[]}`),
		"ds/samples.jsonl": []byte(`{"id":1,"problem":"1+1?","answer":2,"more":{}}` + "\r\n\n" + `{"id":"b","problem":"<image>","answer":"x","images":["b.JPEG"]}`),
		"ds/b.JPEG":        pngOf(t, image.NewGray(image.Rect(0, 0, 3, 2))),
	})
	d, err := ssrl.OpenDataset("ds")
	require.NoError(t, err)
	defer d.Close()
	s, err := d.At(0)
	require.NoError(t, err)
	assert.Equal(t, &ssrl.Sample{ID: "1", Problem: "1+1?", Answer: "2"}, s)
	s, err = d.At(1)
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 0, 3, 2), s.Images[0].Bounds())
}
