package shard

import (
	"bufio"
	"bytes"
	"encoding/json"
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

// foreign is a dataset directory as another program may write it.
func foreign(t *testing.T, manifest, samples string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "set")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, imagesName), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, manifestName), []byte(manifest), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, samplesName), []byte(samples), 0o666))
	return dir
}

func TestOpenTakesWhatOtherProgramsWrite(t *testing.T) {
	dir := foreign(t, `{"version": 1, "format": "ssrl-dataset", "samples": 4, "made_by": {"x": 1}}`,
		`{"problem": "?", "id": 17, "answer": 3, "Answer": "other", "split": "train"}`+"\r\n"+
			"\n"+
			`{"id":"b","problem":"<image>?","answer":"-1.50","images":["images/b.jpg"],"meta":null,"task":"x"}`+"\n"+
			" \t\n"+
			`{"id":"c","problem":"?","answer":-1.50,"images":[]}`+"\n"+
			`{"id":"d","problem":"?","answer":""}`)
	r, err := Open(dir)
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, 4, r.Len())
	for i, want := range []Sample{
		{ID: "17", Problem: "?", Answer: "3"},
		{ID: "b", Task: "x", Problem: "<image>?", Answer: "-1.50", Images: []string{"images/b.jpg"}, Meta: json.RawMessage("null")},
		{ID: "c", Problem: "?", Answer: "-1.50", Images: []string{}},
		{ID: "d", Problem: "?"},
	} {
		got, err := r.At(i)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, i := range []int{-1, 4} {
		_, err = r.At(i)
		assert.EqualError(t, err, fmt.Sprintf("%s: sample %d (want 0 to 3)", dir, i))
	}
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	const two = `{"format":"ssrl-dataset","version":1,"samples":2}`
	const good = `{"id":"a","problem":"?","answer":"A"}` + "\n"
	for _, tc := range []struct{ name, manifest, samples, want string }{
		{"an empty manifest", "", good, "DIR/manifest.json: unexpected end of JSON input"},
		{"another format", `{"format":"webdataset","version":1}`, good, `DIR/manifest.json: format "webdataset" (want "ssrl-dataset")`},
		{"a JSON file of another program", `{"name":"x"}`, good, `DIR/manifest.json: format "" (want "ssrl-dataset")`},
		{"a newer version, whatever it holds", `{"format":"ssrl-dataset","version":2,"samples":{"train":1}}`, good,
			"DIR/manifest.json: version 2 is newer than this program (want at most 1)"},
		{"no version", `{"format":"ssrl-dataset","samples":2}`, good, "DIR/manifest.json: version 0 (want 1 to 1)"},
		{"fewer samples than said", two, good, "DIR/samples.jsonl: 1 samples (want the 2 of manifest.json)"},
		{"more samples than said", `{"format":"ssrl-dataset","version":1,"samples":0}`, good, "DIR/samples.jsonl: 1 samples (want the 0 of manifest.json)"},
		{"a negative number of samples", `{"format":"ssrl-dataset","version":1,"samples":-1}`, good, "DIR/manifest.json: -1 samples"},
		{"a line cut short", two, good + good[:20], "DIR/samples.jsonl line 2: unexpected end of JSON input"},
		{"not JSON", two, good + "\nhello\n", "DIR/samples.jsonl line 3: invalid character 'h' looking for beginning of value"},
		{"a list", two, "[]\n", "DIR/samples.jsonl line 1: array (want an object)"},
		{"null", two, "null\n", "DIR/samples.jsonl line 1: null (want an object)"},
		{"no id", two, `{"problem":"?","answer":"A"}`, `DIR/samples.jsonl line 1: no "id"`},
		{"an empty id", two, `{"id":"","problem":"?","answer":"A"}`, `DIR/samples.jsonl line 1: "id" is empty`},
		{"an id twice", two, good + good, `DIR/samples.jsonl line 2: id "a" stands on line 1 already`},
		{"no problem", two, `{"id":"a","answer":"A"}`, `DIR/samples.jsonl line 1: no "problem"`},
		{"a number as problem", two, `{"id":"a","problem":7,"answer":"A"}`, `DIR/samples.jsonl line 1: "problem" is not a string`},
		{"no answer", two, good + `{"id":"b","problem":"?"}`, `DIR/samples.jsonl line 2: no "answer"`},
		{"a null answer", two, good + `{"id":"b","problem":"?","answer":null}`, `DIR/samples.jsonl line 2: "answer" is null (want a string)`},
		{"a list as answer", two, `{"id":"a","problem":"?","answer":["A"]}`, `DIR/samples.jsonl line 1: "answer" is not a string`},
		{"images that are no list", two, `{"id":"a","problem":"?","answer":"A","images":"x.png"}`, `DIR/samples.jsonl line 1: "images" is not a list of paths`},
		{"null images", two, `{"id":"a","problem":"?","answer":"A","images":null}`, `DIR/samples.jsonl line 1: "images" is not a list of paths`},
		{"a placeholder too many", two, `{"id":"a","problem":"<image><image>?","answer":"A","images":["x.png"]}`,
			"DIR/samples.jsonl line 1: 2 <image> in the problem but 1 images"},
		{"a path upward", two, `{"id":"a","problem":"<image>?","answer":"A","images":["images/../../x.png"]}`,
			`DIR/samples.jsonl line 1: image "images/../../x.png" leads out of the dataset (want a relative path inside)`},
		{"an absolute path", two, `{"id":"a","problem":"<image>?","answer":"A","images":["/etc/passwd"]}`,
			`DIR/samples.jsonl line 1: image "/etc/passwd" leads out of the dataset (want a relative path inside)`},
		{"an empty path", two, `{"id":"a","problem":"<image>?","answer":"A","images":[""]}`,
			`DIR/samples.jsonl line 1: image "" leads out of the dataset (want a relative path inside)`},
		{"an endless line", two, strings.Repeat(" ", maxLine+2<<20), "DIR/samples.jsonl line 1: more than 16777216 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := foreign(t, tc.manifest, tc.samples)
			_, err := Open(dir)
			assert.EqualError(t, err, strings.ReplaceAll(tc.want, "DIR", dir))
		})
	}
}

func TestOpenNeedsAFinishedDataset(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	_, err := Open(missing)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.EqualError(t, err, "stat "+missing+": no such file or directory")

	empty := t.TempDir()
	_, err = Open(empty)
	assert.EqualError(t, err, empty+": no manifest.json (want a finished dataset)")

	dir := made(t, 2)
	require.NoError(t, os.Remove(filepath.Join(dir, samplesName)))
	_, err = Open(dir)
	assert.EqualError(t, err, "open "+dir+"/samples.jsonl: no such file or directory")

	require.NoError(t, os.Mkdir(filepath.Join(dir, samplesName), 0o777))
	_, err = Open(dir)
	assert.EqualError(t, err, dir+"/samples.jsonl: not a regular file")

	require.NoError(t, os.Remove(filepath.Join(dir, manifestName)))
	require.NoError(t, os.Mkdir(filepath.Join(dir, manifestName), 0o777))
	_, err = Open(dir)
	assert.EqualError(t, err, dir+"/manifest.json: not a regular file")
}

func TestImageStaysInside(t *testing.T) {
	dir := made(t, 3)
	outside := filepath.Join(t.TempDir(), "secret.png")
	require.NoError(t, os.WriteFile(outside, png, 0o666))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, imagesName, "link.png")))
	require.NoError(t, os.Symlink("frame.png-flip-1.0.png", filepath.Join(dir, imagesName, "inner.png")))
	r, err := Open(dir)
	require.NoError(t, err)
	defer r.Close()
	for _, tc := range []struct{ path, want string }{
		{"../secret.png", `DIR: image "../secret.png" leads out of the dataset (want a relative path inside)`},
		{outside, `DIR: image "` + outside + `" leads out of the dataset (want a relative path inside)`},
		{"images/link.png", "open DIR/images/link.png: path escapes from parent"},
		{"images/none.png", "open DIR/images/none.png: no such file or directory"},
		{"images", "DIR/images: not a regular file"},
	} {
		_, err := r.Image(tc.path)
		assert.EqualError(t, err, strings.ReplaceAll(tc.want, "DIR", dir))
	}
	data, err := r.Image("images/inner.png")
	require.NoError(t, err, "a link that stays inside is fine")
	assert.Equal(t, append(bytes.Clone(png), 1, 0), data)

	require.NoError(t, os.Truncate(filepath.Join(dir, imagesName, "frame.png-flip-1.0.png"), maxImage+1))
	_, err = r.Image("images/frame.png-flip-1.0.png")
	assert.EqualError(t, err, dir+"/images/frame.png-flip-1.0.png: 268435457 bytes (want at most 268435456)")
}

func TestAtNoticesAFileThatChanged(t *testing.T) {
	dir := made(t, 3)
	r, err := Open(dir)
	require.NoError(t, err)
	defer r.Close()
	name := filepath.Join(dir, samplesName)
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	data[0] = '['
	require.NoError(t, os.WriteFile(name, data[:len(data)-3], 0o666))
	_, err = r.At(0)
	assert.EqualError(t, err, name+` line 1: invalid character ':' after array element (changed since it was opened)`)
	_, err = r.At(2)
	assert.EqualError(t, err, name+" line 3: EOF")
}

// FuzzLine splits bytes into lines as the reader does, and reads each.
func FuzzLine(f *testing.F) {
	s, _ := sample(2)
	s.Images = []string{"images/a.png", "images/b.png"}
	line, err := s.line()
	require.NoError(f, err)
	f.Add(line)
	f.Add([]byte("{\"id\":1,\"answer\":-2e3,\"problem\":\"\xff<image>\",\"images\":[\"a\"]}\r\n\n{\"id\":\"\\ud800\"}"))
	f.Add([]byte(`{"id":"a","problem":"?","answer":null}` + "\n[[[[{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := bufio.NewReaderSize(bytes.NewReader(data), 16)
		var all []byte
		for {
			line, err := readLine(in)
			require.True(t, err == nil || err == io.EOF, err)
			require.Equal(t, err == nil, bytes.HasSuffix(line, []byte("\n")))
			require.LessOrEqual(t, bytes.Count(line, []byte("\n")), 1)
			all = append(all, line...)
			if s, err := decode(line); err == nil {
				again, err := s.line()
				require.NoError(t, err)
				back, err := decode(again)
				require.NoError(t, err)
				if s.Images == nil {
					s.Images = []string{}
				}
				s.Meta, back.Meta = nil, nil // written again without white space
				require.Equal(t, s, back)
			}
			if err == io.EOF {
				break
			}
		}
		require.True(t, bytes.Equal(data, all), "no byte is lost")
	})
}

func BenchmarkOpen(b *testing.B) {
	var lines bytes.Buffer
	const n = 20000
	for k := range n {
		s, _ := sample(3 * k)
		s.Problem = strings.Repeat(s.Problem, 20)
		line, err := s.line()
		require.NoError(b, err)
		lines.Write(line)
	}
	dir := b.TempDir()
	require.NoError(b, os.WriteFile(filepath.Join(dir, samplesName), lines.Bytes(), 0o666))
	require.NoError(b, os.WriteFile(filepath.Join(dir, manifestName), fmt.Appendf(nil, `{"format":"ssrl-dataset","version":1,"samples":%d}`, n), 0o666))
	b.SetBytes(int64(lines.Len()))
	for b.Loop() {
		r, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkWrite(b *testing.B) {
	w, err := Create(filepath.Join(b.TempDir(), "out"), options)
	require.NoError(b, err)
	picture := append(bytes.Clone(png), make([]byte, 40000)...)
	k := 0
	for b.Loop() {
		s, _ := sample(3*k + 1)
		if err := w.Write(s, [][]byte{picture}, ".png"); err != nil {
			b.Fatal(err)
		}
		k++
	}
	b.StopTimer()
	require.NoError(b, w.Close())
}
