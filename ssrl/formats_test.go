package ssrl_test

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// read returns the samples of a dataset, as far as a format keeps them.
func read(t testing.TB, path string) (samples []string) {
	t.Helper()
	d, err := ssrl.OpenDataset(path)
	require.NoError(t, err)
	defer d.Close()
	assert.Empty(t, d.Skipped())
	for i := range d.Len() {
		s, err := d.At(i)
		require.NoError(t, err)
		assert.Empty(t, s.Response)
		s.Source, s.Meta = "", nil // Parquet has no such columns
		samples = append(samples, digest(s))
	}
	return samples
}

func TestEveryFormatHoldsTheSameSamples(t *testing.T) {
	inFolder(t, nil)
	writeFrames(t)
	generate(t, "dir", ssrl.GenerateOptions{Seed: 4, PerImage: 2})
	want := read(t, "dir")
	require.Len(t, want, 36)
	for _, format := range ssrl.DatasetFormats() {
		generate(t, "of-"+format, ssrl.GenerateOptions{Seed: 4, PerImage: 2, Format: format})
		assert.Equal(t, want, read(t, "of-"+format), format)
	}
}

func TestBytesOfEveryFormatDoNotDependOnWorkers(t *testing.T) {
	inFolder(t, nil)
	writeFrames(t)
	for _, format := range ssrl.DatasetFormats() {
		opts := ssrl.GenerateOptions{Seed: 2, PerImage: 2, Format: format, Validation: 0.3, Shuffled: true, Workers: 1}
		generate(t, format, opts)
		want := tree(t, format)
		for _, opts.Workers = range []int{2, 7, 64} {
			out := fmt.Sprint(format, opts.Workers)
			generate(t, out, opts)
			assert.Equal(t, want, tree(t, out), "%s, %d workers", format, opts.Workers)
		}
	}
}

// members lists the files of the tar archives of a split, in order.
func members(t *testing.T, files map[string]string) (out []string) {
	var names []string
	for name := range files {
		if strings.HasSuffix(name, ".tar") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		in := tar.NewReader(strings.NewReader(files[name]))
		for {
			h, err := in.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			data, err := io.ReadAll(in)
			require.NoError(t, err)
			out = append(out, h.Name+"\n"+string(data))
		}
	}
	return out
}

// The samples of all shards in a row, and their pictures as files, are those of
// one run; JSON records and tar members to the byte.
func TestShardsOfEveryFormatTogetherAreTheWholeRun(t *testing.T) {
	inFolder(t, nil)
	writeFrames(t)
	opts := ssrl.GenerateOptions{Seed: 2, Validation: 0.5, Shuffled: true}
	for _, opts.Format = range ssrl.DatasetFormats() {
		opts.Shard, opts.Shards = 0, 0
		generate(t, opts.Format, opts)
		whole := tree(t, opts.Format)
		for _, opts.Shards = range []int{2, 4} {
			rows, pictures, tars, records := map[string][]string{}, map[string]string{}, []string(nil), map[string][]json.RawMessage{}
			for opts.Shard = range opts.Shards {
				out := fmt.Sprint(opts.Format, opts.Shards, "-", opts.Shard)
				generate(t, out, opts)
				part := tree(t, out)
				tars = append(tars, members(t, part)...)
				for name, data := range part {
					if strings.Contains(name, "images/") {
						assert.NotContains(t, pictures, name)
						pictures[name] = data
					}
					if strings.HasSuffix(name, ".json") && strings.Contains(name, "-of-") {
						var list []json.RawMessage
						require.NoError(t, json.Unmarshal([]byte(data), &list))
						records[filepath.Dir(name)] = append(records[filepath.Dir(name)], list...)
					}
				}
				for _, split := range []string{"train", "validation"} {
					if d, err := ssrl.OpenDataset(out + "@" + split); err == nil {
						if d.Len() > 0 {
							rows[split] = append(rows[split], read(t, out+"@"+split)...)
						}
						require.NoError(t, d.Close())
					}
				}
			}
			for _, split := range []string{"train", "validation"} {
				assert.Equal(t, read(t, opts.Format+"@"+split), rows[split], "%s of %s in %d", split, opts.Format, opts.Shards)
				if list := records[split]; list != nil {
					var want []json.RawMessage
					require.NoError(t, json.Unmarshal([]byte(whole[split+".json"]), &want))
					assert.Equal(t, want, list)
				}
			}
			assert.ElementsMatch(t, members(t, whole), tars, opts.Format)
			for name, data := range whole {
				if strings.Contains(name, "images/") {
					assert.Equal(t, data, pictures[name])
					delete(pictures, name)
				}
			}
			assert.Empty(t, pictures)
		}
	}
}

func TestNoFrameIsInBothSplits(t *testing.T) {
	inFolder(t, nil)
	frames := 12
	for i := range frames {
		put(t, map[string][]byte{fmt.Sprintf("in/%02d.png", i): pngOf(t, drawing("", 96+i, 80, false).Image)})
	}
	opts := ssrl.GenerateOptions{Seed: 5, Tasks: []string{"flip", "crop"}, PerImage: 2, Validation: 0.25}
	generate(t, "out", opts)
	sources := func(path string) (names []string) {
		d, err := ssrl.OpenDataset(path)
		require.NoError(t, err)
		defer d.Close()
		for i := range d.Len() {
			s, err := d.Text(i)
			require.NoError(t, err)
			names = append(names, s.Source)
		}
		return slices.Compact(names)
	}
	train, held := sources("out"), sources("out@validation")
	assert.Len(t, held, 3)
	assert.Len(t, train, 9)
	for _, name := range held {
		assert.NotContains(t, train, name)
	}
	assert.True(t, slices.IsSorted(train))
	generate(t, "json", ssrl.GenerateOptions{Seed: 5, Tasks: []string{"flip"}, Validation: 0.25, Format: "sharegpt", Shuffled: true})
	shuffled := sources("json@validation")
	assert.ElementsMatch(t, held, shuffled, "whatever the tasks and the order")
	assert.False(t, slices.IsSorted(sources("json")))
	generate(t, "other", ssrl.GenerateOptions{Seed: 6, Tasks: []string{"flip"}, Validation: 0.25})
	assert.NotEqual(t, held, sources("other@validation"))
	// A frame less moves no more than one.
	require.NoError(t, os.Remove("in/"+filepath.Base(held[0])))
	generate(t, "less", opts)
	for _, name := range held[1:] {
		assert.Contains(t, sources("less@validation"), name)
	}
}

// killedAt marks the process that TestKilledAnywhereIsFinished starts: when it
// ends itself, in its own words.
const killedAt = "SSRL_TEST_KILLED_AT"

func killAt(t *testing.T, at string) {
	format, micros, _ := strings.Cut(at, ":")
	n, err := strconv.Atoi(micros)
	require.NoError(t, err)
	time.AfterFunc(time.Duration(n)*time.Microsecond, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	generate(t, "out", killedOptions(format))
}

func killedOptions(format string) ssrl.GenerateOptions {
	return ssrl.GenerateOptions{Seed: 3, Format: format, Validation: 0.3, Workers: 2}
}

// A run is killed at many moments, whenever they are: it is whole then, or its
// folder is no dataset. The same arguments finish it to the same bytes.
func TestKilledAnywhereIsFinished(t *testing.T) {
	if at := os.Getenv(killedAt); at != "" {
		killAt(t, at)
		return
	}
	program, err := filepath.Abs(os.Args[0])
	require.NoError(t, err)
	inFolder(t, nil)
	writeFrames(t)
	for _, format := range ssrl.DatasetFormats() {
		start := time.Now()
		generate(t, "whole", killedOptions(format))
		took := time.Since(start)
		want := tree(t, "whole")
		unfinished := 0
		for k := range 6 {
			at := took * time.Duration(k+1) / 6
			child := exec.CommandContext(t.Context(), program, "-test.run=^TestKilledAnywhereIsFinished$")
			child.Env = append(os.Environ(), fmt.Sprintf("%s=%s:%d", killedAt, format, at.Microseconds()))
			err := child.Run()
			var exit *exec.ExitError
			if err != nil {
				require.True(t, errors.As(err, &exit), "%v", err)
				require.Equal(t, "signal: killed", exit.String())
			}
			d, err := ssrl.OpenDataset("out@train")
			switch {
			case err == nil && missing(t, "out/run.json"):
				require.NoError(t, d.Close())
				require.Equal(t, want, tree(t, "out"), "what opens is whole")
			case err == nil:
				t.Errorf("%s: an unfinished run opens", format)
			default:
				unfinished++
				generate(t, "out", killedOptions(format))
				require.Equal(t, want, tree(t, "out"))
			}
			require.NoError(t, os.RemoveAll("out"))
		}
		assert.Positive(t, unfinished, format)
		require.NoError(t, os.RemoveAll("whole"))
	}
}

func missing(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

func TestFormatsAreRefused(t *testing.T) {
	inFolder(t, nil)
	writeFrames(t)
	for _, tc := range []struct {
		name string
		opts ssrl.GenerateOptions
		want string
	}{
		{"an unknown format", ssrl.GenerateOptions{Format: "csv"}, `generate: format "csv" (want dir, parquet, parquet-paths, alpaca, sharegpt or webdataset)`},
		{"everything held out", ssrl.GenerateOptions{Validation: 1}, "generate: validation 1 (want a part from 0 to below 1)"},
		{"less than nothing", ssrl.GenerateOptions{Validation: -0.5}, "generate: validation -0.5 (want a part from 0 to below 1)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: "in"}, "out", tc.opts)
			assert.EqualError(t, err, tc.want)
			assert.NoDirExists(t, "out")
		})
	}
	for _, format := range ssrl.DatasetFormats() {
		generate(t, format, ssrl.GenerateOptions{Format: format})
		_, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: "in"}, format, ssrl.GenerateOptions{Format: format})
		assert.ErrorContains(t, err, "(want a new or empty directory)", format)
		_, err = ssrl.OpenDataset(format + "@validation")
		assert.ErrorContains(t, err, `"validation"`, format)
	}
}

// Rows of other programs: EasyR1's without ids, and LLaMA-Factory's whose answer
// stands in a longer response.
func TestDatasetsOfOtherPrograms(t *testing.T) {
	picture := pngOf(t, drawing("", 64, 48, false).Image)
	inFolder(t, map[string][]byte{
		"rl/train.jsonl": []byte(`{"question":"<image>How many?","truth":3,"pictures":["a.png"]}` + "\n" + `{"question":"1+1?","truth":"2"}` + "\n"),
		"pictures/a.png": picture, "sft/a.png": picture,
		"sft/sft.json": []byte(`[{"instruction":"<image>Which?","input":"","output":"<think>hm</think>\\boxed{B}","images":["a.png"]},
			{"instruction":"lost","output":null},{"instruction":"Bare?","output":"C"}]`),
		"turns/train.json": []byte(`[{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"},{"role":"assistant","content":"d"}]}]`),
		"system/x.json":    []byte(`[{"messages":[{"role":"system","content":"Be rude."},{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}]`),
	})
	d, err := ssrl.OpenDatasetAs("rl@train", ssrl.DatasetOptions{Problem: "question", Answer: "truth", Images: "pictures", ImageDir: "pictures"})
	require.NoError(t, err)
	s, err := d.At(0)
	require.NoError(t, err)
	assert.Equal(t, "0 3 64", fmt.Sprint(s.ID, " ", s.Answer, " ", s.Images[0].Bounds().Dx()))
	require.NoError(t, d.Close())
	_, err = d.At(0)
	assert.ErrorIs(t, err, ssrl.ErrClosed)

	d, err = ssrl.OpenDataset("sft/sft.json")
	require.NoError(t, err)
	assert.Equal(t, 2, d.Len())
	require.Len(t, d.Skipped(), 1)
	assert.EqualError(t, d.Skipped()[0], `sft/sft.json row 1: "output" is not a string`)
	s, err = d.Text(0)
	require.NoError(t, err)
	assert.Equal(t, "B", s.Answer)
	assert.Equal(t, `<think>hm</think>\boxed{B}`, ssrl.Response(s))
	s, err = d.Text(1)
	require.NoError(t, err)
	assert.Equal(t, "1 Bare? C ", s.ID+" "+s.Problem+" "+s.Answer+" "+s.Response)
	require.NoError(t, d.Close())

	_, err = ssrl.OpenDataset("turns")
	assert.EqualError(t, err, "turns/train.json row 0: 4 messages (want one question and its answer)")
	assert.ErrorIs(t, err, ssrl.ErrFormat)
	_, err = ssrl.OpenDataset("system")
	assert.ErrorContains(t, err, `system/x.json row 0: system prompt "Be rude."`)
}

// What one program writes by hand can be any format.
func TestCreateDatasetAs(t *testing.T) {
	inFolder(t, nil)
	all := someSamples(t)
	for _, format := range ssrl.DatasetFormats() {
		w, err := ssrl.CreateDatasetAs(format, format, 7, nil)
		require.NoError(t, err)
		for _, s := range all {
			require.NoError(t, w.Write(s))
		}
		require.NoError(t, w.Close())
		assert.Len(t, read(t, format), len(all))
		w, err = ssrl.CreateDatasetAs(format, format+"-aborted", 7, nil)
		require.NoError(t, err)
		require.NoError(t, w.Write(all[0]))
		w.Abort()
		assert.NoDirExists(t, format+"-aborted")
	}
	_, err := ssrl.CreateDatasetAs("zip", "x", 0, nil)
	assert.ErrorContains(t, err, `dataset x: format "zip" (want dir, parquet`)
	assert.NoDirExists(t, "x")
}
