package ssrl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
	"ssrl/internal/golden"
)

// writeFrames writes drawings as files below in/: wide.png, tall.png and
// square.png with depth in millimetres, sub/colour.png without.
func writeFrames(t testing.TB) {
	t.Helper()
	for _, f := range []*ssrl.Frame{drawing("wide.png", 140, 100, false), drawing("tall.png", 96, 130, false), drawing("square.png", 112, 112, false), colourOnly("sub/colour.png")} {
		files := map[string][]byte{"in/" + f.Name: pngOf(t, f.Image)}
		if f.Depth != nil {
			var mm []uint16
			for _, v := range f.Depth.Metres {
				if v != v {
					v = 0
				}
				mm = append(mm, uint16(v*1000+.5))
			}
			files["in/"+strings.TrimSuffix(f.Name, ".png")+".depth.png"] = counts(t, f.Depth.Width, mm...)
		}
		put(t, files)
	}
}

// generate makes a dataset and returns what was skipped.
func generate(t testing.TB, out string, opts ssrl.GenerateOptions) (skipped []string) {
	t.Helper()
	opts.Skipped = func(frame, task string, why error) {
		skipped = append(skipped, fmt.Sprintf("%s %s: %v", frame, task, why))
	}
	_, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: "in"}, out, opts)
	require.NoError(t, err)
	return skipped
}

func TestGenerateDataset(t *testing.T) {
	inFolder(t, nil)
	writeFrames(t)
	var progress []int
	n, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: "./in/"}, "out", ssrl.GenerateOptions{Seed: 9, PerImage: 5,
		Progress: func(done, total int) { progress = append(progress, done, total) }})
	require.NoError(t, err)
	assert.Equal(t, 5*(3*5+3), n)
	assert.Equal(t, []int{1, 4, 2, 4, 3, 4, 4, 4}, progress)
	manifest, err := os.ReadFile("out/manifest.json")
	require.NoError(t, err)
	assert.JSONEq(t, `{"format":"ssrl-dataset","version":1,"samples":90,"seed":9,"tasks":{"crop":20,"depth":15,"flip":20,"position":15,"shuffle":20},
		"options":{"images":"in","depth":"","unit":"","tasks":["shuffle","flip","crop","depth","position"],"per_image":5,"shard":0,"shards":1}}`, string(manifest))

	// The samples are those of a Generator over the same frames.
	d, err := ssrl.OpenDataset("out")
	require.NoError(t, err)
	defer d.Close()
	i := 0
	for s, err := range (ssrl.Generator{Seed: 9, PerFrame: 5}).Samples(t.Context(), ssrl.Source{Images: "in"}.Frames()) {
		require.NoError(t, err)
		got, err := d.At(i)
		require.NoError(t, err)
		assert.Equal(t, digest(s), digest(got))
		i++
	}
	assert.Equal(t, n, i)
}

func TestDatasetBytesDoNotDependOnWorkers(t *testing.T) {
	inFolder(t, nil)
	writeFrames(t)
	opts := ssrl.GenerateOptions{Seed: 2, PerImage: 4, Workers: 1}
	skipped := generate(t, "one", opts)
	assert.Equal(t, slices.Repeat([]string{"sub/colour.png depth: depth: unsuitable: has no depth"}, 4), skipped[:4])
	assert.Len(t, skipped, 8)
	want := tree(t, "one")
	for _, opts.Workers = range []int{2, 7, 64} {
		out := fmt.Sprint(opts.Workers)
		assert.Equal(t, skipped, generate(t, out, opts))
		assert.Equal(t, want, tree(t, out), "%d workers", opts.Workers)
	}
}

func TestShardsTogetherAreTheWholeRun(t *testing.T) {
	inFolder(t, nil)
	writeFrames(t)
	generate(t, "whole", ssrl.GenerateOptions{Seed: 2})
	whole := tree(t, "whole")
	for _, shards := range []int{2, 3, 4} {
		joined, leftOut, images := "", "", map[string]string{}
		for i := range shards {
			out := fmt.Sprintf("%d-%d", shards, i)
			generate(t, out, ssrl.GenerateOptions{Seed: 2, Shard: i, Shards: shards})
			part := tree(t, out)
			joined += part["samples.jsonl"]
			leftOut += part["skipped.jsonl"]
			for name, data := range part {
				if strings.HasPrefix(name, "images/") {
					assert.NotContains(t, images, name)
					images[name] = data
				}
			}
		}
		assert.Equal(t, whole["samples.jsonl"], joined)
		assert.Equal(t, whole["skipped.jsonl"], leftOut)
		assert.Len(t, images, len(whole)-3, "all but the manifest and two files of lines")
		for name, data := range images {
			assert.Equal(t, whole[name], data)
		}
	}
}

func TestBrokenFramesAreLeftOutWhileOthersRemain(t *testing.T) {
	inFolder(t, nil)
	writeFrames(t)
	put(t, map[string][]byte{"in/broken.png": []byte("text"), "in/bad.png": pngOf(t, image.NewGray(image.Rect(0, 0, 9, 9))), "in/bad.depth.png": nil, "in/b\xff.png": nil})
	skipped := generate(t, "out", ssrl.GenerateOptions{Tasks: []string{"flip"}, PerImage: 40})
	assert.Equal(t, []string{
		"bad.png : depth in/bad.depth.png: empty file (want PNG, PGM, .npy, HDF5 or PFM)",
		`broken.png : image in/broken.png: begins with "text" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`,
		"b\xff.png : " + `image "in/b\xff.png": its name is not UTF-8`,
	}, skipped, "each once")
	for _, name := range []string{"in/broken.png", "in/bad.png", "in/bad.depth.png", "in/b\xff.png"} {
		require.NoError(t, os.Remove(name))
	}
	assert.Empty(t, generate(t, "without", ssrl.GenerateOptions{Tasks: []string{"flip"}, PerImage: 40}))
	with := tree(t, "out")
	assert.Equal(t, `{"frame":"bad.png","task":"","why":"depth in/bad.depth.png: empty file (want PNG, PGM, .npy, HDF5 or PFM)"}
{"frame":"broken.png","task":"","why":"image in/broken.png: begins with \"text\" (want PNG, JPEG, WebP, BMP, TIFF or PNM)"}
{"frame":"b\ufffd.png","task":"","why":"image \"in/b\\xff.png\": its name is not UTF-8"}
`, with["skipped.jsonl"])
	delete(with, "skipped.jsonl")
	assert.Equal(t, tree(t, "without"), with, "the others' samples do not change")
}

func TestGenerateDatasetRefuses(t *testing.T) {
	plain := map[string][]byte{"in/a.png": pngOf(t, image.NewGray(image.Rect(0, 0, 64, 64)))}
	for _, tc := range []struct {
		name  string
		files map[string][]byte
		out   string // "" means out
		opts  ssrl.GenerateOptions
		want  string
		is    error
	}{
		{"an unknown task", plain, "", ssrl.GenerateOptions{Tasks: []string{"shuffel"}}, `task "shuffel" (want shuffle, flip, crop, depth or position; did you mean shuffle?)`, nil},
		{"a task twice", plain, "", ssrl.GenerateOptions{Tasks: []string{"flip", "crop", "flip"}}, "task flip is named twice", nil},
		{"no tasks", plain, "", ssrl.GenerateOptions{Tasks: []string{}}, "generate: no tasks (want shuffle, flip, crop, depth or position)", nil},
		{"a shard too far", plain, "", ssrl.GenerateOptions{Shard: 2, Shards: 2}, "generate: shard 2 of 2 (want 0 to below their number)", nil},
		{"a negative shard", plain, "", ssrl.GenerateOptions{Shard: -1, Shards: 2}, "generate: shard -1 of 2 (want 0 to below their number)", nil},
		{"negative shards", plain, "", ssrl.GenerateOptions{Shards: -1}, "generate: shard 0 of -1 (want 0 to below their number)", nil},
		{"a shard without frames", plain, "", ssrl.GenerateOptions{Shard: 0, Shards: 1 << 62}, "images in: shard 0 of 4611686018427387904 has no frame (want at most 1 shards)", nil},
		{"negative workers", plain, "", ssrl.GenerateOptions{Workers: -1}, "generate: -1 workers (want 0, for one a processor, or more)", nil},
		{"negative questions", plain, "", ssrl.GenerateOptions{PerImage: -1}, "generator: -1 questions of each task and frame (want 1 to 1000000)", nil},
		{"no sample", plain, "", ssrl.GenerateOptions{}, "images in: no sample of 1 frames: shuffle: unsuitable: patch 0 is plain (deviation 0.0, want 2)", ssrl.ErrUnsuitable},
		{"nothing but broken frames", map[string][]byte{"in/a.png": nil, "in/b.png": nil}, "", ssrl.GenerateOptions{}, "image in/a.png: empty file (want PNG, JPEG, WebP, BMP, TIFF or PNM)", ssrl.ErrFormat},
		{"broken and unsuitable frames", map[string][]byte{"in/a.png": plain["in/a.png"], "in/b.png": nil}, "", ssrl.GenerateOptions{},
			"image in/b.png: empty file (want PNG, JPEG, WebP, BMP, TIFF or PNM)", ssrl.ErrFormat},
		{"no frames", map[string][]byte{"in/a.txt": nil}, "", ssrl.GenerateOptions{}, "images in: no image (want .png, .jpg, .webp, .bmp, .tif or .ppm files)", nil},
		{"a full folder", plain, "in", ssrl.GenerateOptions{}, "in: not empty, holds a.png (want a new or empty directory)", nil},
		{"a file", plain, "in/a.png", ssrl.GenerateOptions{}, "in/a.png: a file (want a new or empty directory)", nil},
		{"below a file", plain, "in/a.png/out", ssrl.GenerateOptions{}, "mkdir in/a.png: not a directory", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inFolder(t, tc.files)
			before := tree(t, ".")
			if tc.out == "" {
				tc.out = "out"
			}
			n, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: "in"}, tc.out, tc.opts)
			assert.Zero(t, n)
			assert.EqualError(t, err, tc.want)
			if tc.is != nil {
				assert.ErrorIs(t, err, tc.is)
			}
			assert.Equal(t, before, tree(t, "."))
			assert.NoDirExists(t, "out")
		})
	}
	inFolder(t, plain)
	_, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: "in"}, "", ssrl.GenerateOptions{})
	assert.EqualError(t, err, "generate: no output directory")
	require.NoError(t, os.Mkdir("there", 0o777))
	_, err = ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: "in"}, "there", ssrl.GenerateOptions{})
	assert.ErrorIs(t, err, ssrl.ErrUnsuitable)
	assert.Empty(t, listing(t, "there"), "an empty folder stays, empty")
	assert.DirExists(t, "there")
}

// Images that the run itself writes are no frames, although it writes below
// the images.
func TestGenerateBelowTheImages(t *testing.T) {
	inFolder(t, nil)
	writeFrames(t)
	generate(t, "out", ssrl.GenerateOptions{})
	generate(t, "in/deep/out", ssrl.GenerateOptions{})
	assert.Equal(t, tree(t, "out"), tree(t, "in/deep/out"))
	require.NoError(t, os.Rename("in/deep/out/manifest.json", "in/deep/out/run.json")) // as if it had been killed
	run := `{"format":"ssrl-dataset-run","version":1,"seed":0,"options":` + options(t, "out") + "}"
	put(t, map[string][]byte{"in/deep/out/run.json": []byte(run)})
	generate(t, "in/deep/out", ssrl.GenerateOptions{})
	assert.Equal(t, tree(t, "out"), tree(t, "in/deep/out"))
}

// options are those of a manifest.
func options(t *testing.T, dir string) string {
	var m struct{ Options json.RawMessage }
	golden.JSON(t, dir+"/manifest.json", &m)
	return string(m.Options)
}

func TestCancelledRunLeavesNothing(t *testing.T) {
	inFolder(t, nil)
	writeFrames(t)
	put(t, map[string][]byte{"in/broken.png": nil}) // the first to be reported
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	_, err := ssrl.GenerateDataset(ctx, ssrl.Source{Images: "in"}, "out", ssrl.GenerateOptions{PerImage: 1_000_000,
		Skipped: func(string, string, error) { cancel(why) }})
	assert.Equal(t, why, err)
	assert.NoDirExists(t, "out")
}

// killed marks the process that TestKilledRunIsFinished starts.
const killed = "SSRL_TEST_KILLED"

// killMiddle is what that process does: it ends by its own hand in the middle
// of a run.
func killMiddle(t *testing.T) {
	opts := ssrl.GenerateOptions{Seed: 3, Workers: 1}
	opts.Progress = func(done, total int) {
		if done == 3 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
	_, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: "in"}, "out", opts)
	t.Fatalf("ran to the end: %v", err)
}

func TestKilledRunIsFinished(t *testing.T) {
	if os.Getenv(killed) != "" {
		killMiddle(t)
	}
	program, err := filepath.Abs(os.Args[0])
	require.NoError(t, err)
	inFolder(t, nil)
	writeFrames(t)
	generate(t, "whole", ssrl.GenerateOptions{Seed: 3})

	child := exec.CommandContext(t.Context(), program, "-test.run=^TestKilledRunIsFinished$")
	child.Env = append(os.Environ(), killed+"=1")
	require.ErrorContains(t, child.Run(), "killed")
	assert.Contains(t, listing(t, "out"), "samples.jsonl")
	assert.NotEmpty(t, listing(t, "out/images"))
	_, err = ssrl.OpenDataset("out")
	assert.EqualError(t, err, "out: an unfinished run, without manifest.json (want it run again with the same arguments)")

	before := tree(t, "out")
	src := ssrl.Source{Images: "in"}
	for _, other := range []struct {
		name string
		src  ssrl.Source
		opts ssrl.GenerateOptions
	}{
		{"seed", src, ssrl.GenerateOptions{Seed: 4}},
		{"tasks", src, ssrl.GenerateOptions{Seed: 3, Tasks: []string{"flip"}}},
		{"questions", src, ssrl.GenerateOptions{Seed: 3, PerImage: 2}},
		{"shard", src, ssrl.GenerateOptions{Seed: 3, Shard: 1, Shards: 2}},
		{"unit", ssrl.Source{Images: "in", Unit: "tum"}, ssrl.GenerateOptions{Seed: 3}},
		{"depth", ssrl.Source{Images: "in", Depth: "in"}, ssrl.GenerateOptions{Seed: 3}},
		{"images", ssrl.Source{Images: "in/sub"}, ssrl.GenerateOptions{Seed: 3}},
	} {
		_, err := ssrl.GenerateDataset(t.Context(), other.src, "out", other.opts)
		assert.ErrorContains(t, err, "out: an unfinished run of other arguments: seed 3, options {", other.name)
		assert.NotContains(t, err.Error(), "\n")
	}
	assert.Equal(t, before, tree(t, "out"), "a refused run changes nothing")
	generate(t, "out", ssrl.GenerateOptions{Seed: 3, Workers: 5})
	assert.Equal(t, tree(t, "whole"), tree(t, "out"))
}

// realFrame is a frame of the real data, in the words of a command line.
type realFrame struct {
	image, depth, mask string // below the folder of real data
	unit               string
	name               string            // as a file of the test's folder
	without            map[string]string // tasks that the frame cannot carry, and why
}

// realFrames arranges whatever is found: a colour image with the depth map of
// the same number beside it.
func realFrames(t *testing.T) (frames []realFrame) {
	root, err := filepath.Abs(golden.Data(t))
	require.NoError(t, err)
	noDepth := map[string]string{"depth": "depth: unsuitable: has no depth", "position": "position: unsuitable: has no depth"}
	units := map[string]string{"tum": "tum", "redwood": "mm", "megadepth": "relative", "diode": "m"}
	for _, folder := range listing(t, root) {
		entries, err := os.ReadDir(filepath.Join(root, folder))
		if err != nil {
			continue // a file, such as the README
		}
		digits := func(name string) string {
			return strings.Trim(strings.TrimSuffix(name, filepath.Ext(name)), "abcdefghijklmnopqrstuvwxyz_-")
		}
		var depths, masks []string
		for _, e := range entries {
			switch {
			case strings.Contains(e.Name(), "mask"):
				masks = append(masks, e.Name())
			case strings.HasPrefix(e.Name(), "depth"):
				depths = append(depths, e.Name())
			}
		}
		for _, e := range entries {
			ext := strings.ToLower(filepath.Ext(e.Name()))
			if slices.Contains(append(depths, masks...), e.Name()) || ext != ".png" && ext != ".jpg" {
				continue
			}
			f := realFrame{image: filepath.Join(root, folder, e.Name()), unit: units[folder], name: folder + "-" + e.Name(), without: noDepth}
			for _, d := range depths {
				if digits(d) == digits(e.Name()) {
					f.depth, f.without = filepath.Join(root, folder, d), nil
				}
			}
			for _, m := range masks {
				if digits(m) == digits(e.Name()) {
					f.mask = filepath.Join(root, folder, m)
				}
			}
			frames = append(frames, f)
		}
	}
	require.NotEmpty(t, frames)
	return frames
}

// Every real frame carries all five tasks if it has depth, the three of colour
// if not, and each answer follows from files that this test reads by itself.
func TestRealFrames(t *testing.T) {
	for _, f := range realFrames(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			stem := strings.TrimSuffix(f.name, filepath.Ext(f.name))
			for to, from := range map[string]string{
				"beside/" + f.name: f.image, "beside/" + stem + ".depth" + filepath.Ext(f.depth): f.depth, "beside/" + stem + ".mask.npy": f.mask,
				"images/" + f.name: f.image, "depths/" + stem + filepath.Ext(f.depth): f.depth, "depths/" + stem + ".mask.npy": f.mask,
			} {
				if from != "" {
					require.NoError(t, os.MkdirAll(filepath.Dir(at(to)), 0o777))
					require.NoError(t, os.Symlink(from, at(to)))
				}
			}
			skipped := map[string]string{}
			opts := ssrl.GenerateOptions{Seed: 1, Skipped: func(_, task string, why error) { skipped[task] = why.Error() }}
			src := ssrl.Source{Images: at("beside"), Unit: f.unit}
			n, err := ssrl.GenerateDataset(t.Context(), src, at("out"), opts)
			require.NoError(t, err)
			assert.Equal(t, 5-len(f.without), n)
			if len(f.without) == 0 {
				assert.Empty(t, skipped)
			} else {
				assert.Equal(t, f.without, skipped)
			}
			verifyDataset(t, src, f, at("out"))
			if f.depth == "" {
				return
			}
			other := ssrl.Source{Images: at("images"), Depth: at("depths"), Unit: f.unit}
			_, err = ssrl.GenerateDataset(t.Context(), other, at("other"), ssrl.GenerateOptions{Seed: 1, Tasks: []string{"depth", "position"}})
			require.NoError(t, err)
			want := slices.DeleteFunc(lines(t, at("out/samples.jsonl")), func(line string) bool {
				return line != "" && !strings.Contains(line, `"task":"depth"`) && !strings.Contains(line, `"task":"position"`)
			})
			assert.Equal(t, want, lines(t, at("other/samples.jsonl")), "--depth-dir finds the same maps")
		})
	}
}

// verifyDataset reads a dataset with the standard library alone and works every
// answer out again. The colours come from Source, whose decoders are tested
// against other programs; depth is read here.
func verifyDataset(t *testing.T, src ssrl.Source, f realFrame, dir string) {
	frame, err := src.Open(f.name)
	require.NoError(t, err)
	flat := image.NewRGBA(frame.Image.Bounds())
	draw.Draw(flat, flat.Rect, frame.Image, image.Point{}, draw.Src)
	frame.Image = flat
	assert.Equal(t, f.unit == "relative", frame.Depth != nil && frame.Depth.Relative)
	if want := depthOf(t, f, frame); want != nil {
		for i, v := range want {
			if got := frame.Depth.Metres[i]; got != v && (got == got || v == v) {
				t.Fatalf("depth %d is %v, want %v", i, got, v)
			}
		}
	}
	for _, line := range lines(t, dir+"/samples.jsonl") {
		if line == "" {
			continue
		}
		var s struct {
			ID, Task, Source, Problem, Answer string
			Images                            []string
			Meta                              json.RawMessage
		}
		keysOf(t, json.RawMessage(line), &s, "id", "task", "source", "problem", "answer", "images", "meta")
		assert.Equal(t, f.name, s.Source)
		sample := &ssrl.Sample{ID: s.ID, Task: s.Task, Source: s.Source, Problem: s.Problem, Answer: s.Answer, Meta: s.Meta}
		for _, path := range s.Images {
			data, err := os.ReadFile(filepath.Join(dir, path))
			require.NoError(t, err)
			m, err := png.Decode(bytes.NewReader(data))
			require.NoError(t, err)
			sample.Images = append(sample.Images, m)
		}
		verify(t, frame, sample)
	}
}

// depthOf reads PNG and .npy depth of the image's size without this module's
// code; nil for other files.
func depthOf(t *testing.T, f realFrame, frame *ssrl.Frame) []float32 {
	var out []float32
	nothing := func(v float32) float32 {
		if !(v > 0) {
			return float32(nan)
		}
		return v
	}
	switch filepath.Ext(f.depth) {
	case ".png":
		file, err := os.Open(f.depth)
		require.NoError(t, err)
		defer file.Close()
		m, err := png.Decode(file)
		require.NoError(t, err)
		grey := m.(*image.Gray16)
		perMetre := map[string]float64{"mm": 1000, "tum": 5000}[f.unit]
		for i := 0; i < len(grey.Pix); i += 2 {
			out = append(out, nothing(float32(float64(int(grey.Pix[i])<<8|int(grey.Pix[i+1]))/perMetre)))
		}
	case ".npy":
		_, values := golden.Floats(t, f.depth)
		mask := maskOf(t, f.mask, len(values))
		for i, v := range values {
			if mask[i] == 0 {
				v = 0
			}
			out = append(out, nothing(v))
		}
	default:
		return nil
	}
	require.Len(t, out, frame.Depth.Width*frame.Depth.Height)
	return out
}

// maskOf reads the one-byte or float32 values of an .npy mask, ones if there is none.
func maskOf(t *testing.T, path string, n int) []float32 {
	out := slices.Repeat([]float32{1}, n)
	if path == "" {
		return out
	}
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	if strings.Contains(string(data[:100]), "'<f4'") {
		_, values := golden.Floats(t, path)
		return values
	}
	body := data[len(data)-n:]
	if strings.Contains(string(data[:100]), "'<f8'") {
		t.Fatalf("%s: a mask of float64", path)
	}
	for i, v := range body {
		out[i] = float32(v)
	}
	return out
}
