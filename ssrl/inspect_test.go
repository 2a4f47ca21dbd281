package ssrl_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// inspected is what Inspect says, whose text must fit a terminal.
func inspected(t *testing.T, path string, opts ssrl.InspectOptions) *ssrl.Inspection {
	t.Helper()
	in, err := ssrl.Inspect(t.Context(), path, opts)
	require.NoError(t, err)
	for _, line := range strings.Split(in.String(), "\n")[1:] { // the first is the path
		if strings.Count(strings.TrimSpace(line), " ") > 1 { // more than a name
			assert.LessOrEqual(t, len([]rune(line)), 80, line)
		}
	}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "null")
	return in
}

func TestInspectModel(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	require.NoError(t, ssrl.CreateModel(dir, "nano", 1))
	in := inspected(t, dir, ssrl.InspectOptions{})
	m, err := ssrl.OpenModel(t.Context(), dir, ssrl.ModelOptions{})
	require.NoError(t, err)
	defer m.Close()
	assert.Equal(t, "model", in.Kind)
	assert.Equal(t, m.Parameters(), in.Model.Parameters)
	assert.Equal(t, map[string]int64{"F32": m.Parameters()}, in.Model.DTypes)
	assert.Equal(t, "Qwen2_5_VLForConditionalGeneration", in.Model.Architecture)
	assert.Equal(t, 4, in.Model.Text.Layers)
	assert.Equal(t, 662, in.Model.Vocabulary.Tokens)
	assert.Contains(t, in.Model.Vocabulary.Added, "<|im_end|>")
	assert.Equal(t, "chat_template.jinja", in.Model.Template.File)
	assert.Empty(t, in.Model.Unusable)
	assert.Contains(t, in.Model.Tensors, ssrl.TensorFacts{Name: "model.layers.*.mlp.up_proj.weight", Count: 4, DType: "F32", Shape: []int{352, 128}})
	var sum int64
	for _, f := range in.Model.Tensors {
		n := int64(f.Count)
		for _, d := range f.Shape {
			n *= int64(d)
		}
		sum += n
	}
	assert.Equal(t, m.Parameters(), sum, "the groups are all of it")

	weights := inspected(t, filepath.Join(dir, "model.safetensors"), ssrl.InspectOptions{})
	assert.Equal(t, in.Model.Tensors, weights.Model.Tensors)

	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "config.json"), []byte(`{"architectures":["LlamaForCausalLM"],"model_type":"llama","num_hidden_layers":2}`), 0o666))
	in = inspected(t, other, ssrl.InspectOptions{})
	assert.Equal(t, "LlamaForCausalLM", in.Model.Architecture)
	assert.NotEmpty(t, in.Model.Unusable)
	assert.Contains(t, in.String(), "no weights here")
}

// trained is a checkpoint of one step of SFT.
func trained(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, ssrl.CreateModel(filepath.Join(dir, "model"), "nano", 1))
	m, err := ssrl.OpenModel(t.Context(), filepath.Join(dir, "model"), ssrl.ModelOptions{})
	require.NoError(t, err)
	defer m.Close()
	sft, err := ssrl.NewSFT(m, ssrl.SFTOptions{})
	require.NoError(t, err)
	_, err = sft.Step(t.Context(), []*ssrl.Sample{{ID: "a", Problem: "one", Answer: "two"}})
	require.NoError(t, err)
	require.NoError(t, sft.Save(filepath.Join(dir, "trained")))
	return filepath.Join(dir, "trained")
}

func TestInspectCheckpoint(t *testing.T) {
	dir := trained(t)
	in := inspected(t, dir, ssrl.InspectOptions{})
	c := in.Checkpoint
	assert.Equal(t, "checkpoint", in.Kind)
	assert.Equal(t, ssrl.CheckpointFacts{Step: 1, Trainer: "sft", Done: 1, Updates: 1, Optimiser: "AdamW", Moments: int(in.Model.Parameters),
		Files: c.Files, Bytes: c.Bytes, Verified: true}, *c)
	assert.Contains(t, in.String(), "sft, 1 step")

	path := filepath.Join(dir, "model.safetensors")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)-1] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o666))
	_, err = ssrl.Inspect(t.Context(), dir, ssrl.InspectOptions{})
	require.ErrorIs(t, err, ssrl.ErrFormat)
	assert.ErrorContains(t, err, "model.safetensors: damaged: SHA-256")
}

func TestInspectDataset(t *testing.T) {
	ds := madeDataset(t, 4)
	heard := 0
	in := inspected(t, ds, ssrl.InspectOptions{Progress: func(done, total int) { heard++; assert.Equal(t, 20, total) }})
	d := in.Dataset
	assert.Equal(t, 20, heard)
	assert.Equal(t, "directory", d.Format)
	assert.Equal(t, 20, d.Samples)
	assert.Equal(t, 4, d.Sources)
	assert.Equal(t, uint64(1), *d.Seed)
	assert.Equal(t, 36, d.Pictures.Count, "crop has five")
	assert.Equal(t, map[string]int{"PNG": 36}, d.Pictures.Formats)
	assert.Equal(t, 160, d.Pictures.Width.Max)
	assert.Zero(t, d.Duplicates)
	want := map[string][]string{"shuffle": {"order"}, "flip": {"patch", "direction"}, "crop": {"letter"}, "depth": {"order"}, "position": {"letter", "facing", "kind"}}
	cells := map[string]int{"shuffle order": 24, "flip patch": 4, "flip direction": 2, "crop letter": 4, "depth order": 6, "position letter": 4, "position facing": 4}
	for i, name := range []string{"shuffle", "flip", "crop", "depth", "position"} {
		task := d.Tasks[i]
		assert.Equal(t, name, task.Task)
		assert.Equal(t, 4, task.Samples)
		var parts []string
		for _, b := range task.Balance {
			parts = append(parts, b.Of)
			sum := 0
			for _, n := range b.Counts {
				sum += n
			}
			assert.Equal(t, 4, sum)
			assert.Nil(t, b.P, "four say nothing")
			if n, ok := cells[name+" "+b.Of]; ok {
				assert.Equal(t, n, b.Cells)
			}
		}
		assert.Equal(t, want[name], parts)
	}
}

// questions writes a dataset of plain questions.
func questions(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "q.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o666))
	return path
}

func TestInspectFindsUnevenAnswersAndDuplicates(t *testing.T) {
	var lines []string
	for i := range 100 {
		letter := "A"
		if i%10 == 0 {
			letter = "BCD"[i/10%3 : i/10%3+1]
		}
		lines = append(lines, fmt.Sprintf(`{"id":"s%d","task":"crop","problem":"q%d","answer":%q}`, i, i%98, letter))
	}
	lines = append(lines, `{"id":"open","task":"count","problem":"How many?","answer":"three of them"}`)
	in := inspected(t, questions(t, lines...), ssrl.InspectOptions{})
	b := in.Dataset.Tasks[0].Balance[0]
	assert.Equal(t, map[string]int{"A": 90, "B": 4, "C": 3, "D": 3}, b.Counts)
	assert.InDelta(t, 90*90/25.0+16/25.0+9/25.0+9/25.0-100, b.Chi, 1e-9)
	assert.Less(t, *b.P, 1e-30)
	assert.Contains(t, in.String(), "uneven")
	assert.Equal(t, 1, in.Dataset.Duplicates, "q1 again with the same letter; q0 has another")
	assert.Equal(t, [][2]string{{"s99", "s1"}}, in.Dataset.Repeated)
	assert.Equal(t, ssrl.BalanceFacts{Of: "answer", Counts: map[string]int{"three of them": 1}}, in.Dataset.Tasks[1].Balance[0])
	assert.Contains(t, in.String(), "three of them 1")
}

func TestInspectReadsWhatARunLeftOut(t *testing.T) {
	ds := madeDataset(t, 1)
	var notes []string
	for i := range 9 {
		notes = append(notes, fmt.Sprintf(`{"frame":"f%d.png","task":"crop","why":"crop: unsuitable: options interior and exterior look alike (mean difference %d.1, want 6)"}`, i, i))
	}
	notes = append(notes, `{"frame":"b.png","task":"","why":"image b.png: ends early"}`)
	require.NoError(t, os.WriteFile(filepath.Join(ds, "skipped.jsonl"), []byte(strings.Join(notes, "\n")+"\n"), 0o666))
	in := inspected(t, ds, ssrl.InspectOptions{})
	assert.Equal(t, []ssrl.ReasonFact{
		{Task: "crop", Why: "options interior and exterior look alike", Count: 9, Frames: []string{"f0.png", "f1.png", "f2.png", "f3.png", "f4.png"}},
		{Task: "", Why: "image b.png: ends early", Count: 1, Frames: []string{"b.png"}},
	}, in.Dataset.Unsuitable)
	assert.Contains(t, in.String(), "9 times: options interior")

	require.NoError(t, os.WriteFile(filepath.Join(ds, "skipped.jsonl"), []byte("{}\nhello\n"), 0o666))
	_, err := ssrl.Inspect(t.Context(), ds, ssrl.InspectOptions{})
	assert.ErrorContains(t, err, "skipped.jsonl line 2: ")
}

// What a run left out is in the dataset, in every format, and so are its splits.
func TestInspectSplits(t *testing.T) {
	frames := t.TempDir()
	require.NoError(t, ssrl.WriteScenes(t.Context(), frames, ssrl.SceneOptions{Count: 5, Seed: 4, Width: 160, Height: 120}))
	require.NoError(t, os.Remove(filepath.Join(frames, "scene-000001.depth.png")))
	require.NoError(t, os.WriteFile(filepath.Join(frames, "cut.png"), nil, 0o666))
	broken := "image " + filepath.Join(frames, "cut.png") + ": empty file (want PNG, JPEG, WebP, BMP, TIFF or PNM)"
	for _, format := range ssrl.DatasetFormats() {
		t.Run(format, func(t *testing.T) {
			ds := filepath.Join(t.TempDir(), "ds")
			n, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: frames}, ds,
				ssrl.GenerateOptions{Tasks: []string{"flip", "depth"}, Format: format, Validation: 0.34})
			require.NoError(t, err)
			in := inspected(t, ds, ssrl.InspectOptions{})
			require.Equal(t, "dataset", in.Kind)
			d := in.Dataset
			assert.Equal(t, n, d.Samples, "of both")
			require.Len(t, d.Splits, 2)
			assert.Equal(t, n, d.Splits[0].Samples+d.Splits[1].Samples)
			assert.Positive(t, d.Splits[1].Samples)
			if d.Sources > 0 { // the format says from which frame
				assert.Equal(t, 5, d.Sources)
				assert.Equal(t, 5, d.Splits[0].Sources+d.Splits[1].Sources)
				assert.Contains(t, unwrapped(in), "no frame in two of them")
			}
			assert.Zero(t, d.Shared)
			assert.Equal(t, []ssrl.ReasonFact{
				{Task: "depth", Why: "has no depth", Count: 1, Frames: []string{"scene-000001.png"}},
				{Task: "", Why: broken, Count: 1, Frames: []string{"cut.png"}},
			}, d.Unsuitable)
			for i, split := range []string{"train", "validation"} {
				in := inspected(t, ds+"@"+split, ssrl.InspectOptions{})
				assert.Equal(t, d.Splits[i].Samples, in.Dataset.Samples)
				assert.Empty(t, in.Dataset.Splits)
			}
		})
	}
}

// unwrapped is what is printed, as one line.
func unwrapped(in *ssrl.Inspection) string { return strings.Join(strings.Fields(in.String()), " ") }

// A frame that is trained on and validated with is pointed out, and so is a
// question.
func TestInspectFindsFramesInTwoSplits(t *testing.T) {
	dir := t.TempDir()
	for split, frames := range map[string]string{"train": "ab", "validation": "bc"} {
		lines := ""
		for _, f := range frames {
			lines += fmt.Sprintf(`{"id":"%s-%c","source":"%c.png","problem":"of %c","answer":"A"}`+"\n", split, f, f, f)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, split+".jsonl"), []byte(lines), 0o666))
	}
	in := inspected(t, dir, ssrl.InspectOptions{})
	assert.Equal(t, []ssrl.SplitFacts{{Name: "train", Samples: 2, Sources: 2}, {Name: "validation", Samples: 2, Sources: 2}}, in.Dataset.Splits)
	assert.Equal(t, [2]int{3, 1}, [2]int{in.Dataset.Sources, in.Dataset.Shared})
	assert.Equal(t, [][2]string{{"validation-b", "train-b"}}, in.Dataset.Repeated)
	assert.Contains(t, unwrapped(in), "1 frame in more than one")
}

// A shard may have no frame of a split.
func TestInspectAnEmptySplit(t *testing.T) {
	frames := t.TempDir()
	require.NoError(t, ssrl.WriteScenes(t.Context(), frames, ssrl.SceneOptions{Count: 3, Seed: 4, Width: 160, Height: 120}))
	empty := 0
	for i := range 3 {
		ds := filepath.Join(t.TempDir(), "ds")
		_, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: frames}, ds, ssrl.GenerateOptions{Tasks: []string{"flip"}, Validation: 0.34, Shard: i, Shards: 3})
		require.NoError(t, err)
		d := inspected(t, ds, ssrl.InspectOptions{}).Dataset
		assert.Equal(t, 1, d.Samples)
		assert.Equal(t, "directory", d.Format)
		for _, s := range d.Splits {
			if s.Samples == 0 {
				empty++
			}
		}
	}
	assert.Equal(t, 3, empty)
}

func TestInspectFrames(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, ssrl.WriteScenes(t.Context(), dir, ssrl.SceneOptions{Count: 3, Seed: 4, Width: 160, Height: 120}))
	require.NoError(t, os.Remove(filepath.Join(dir, "scene-000001.depth.png")))
	var flat bytes.Buffer
	require.NoError(t, png.Encode(&flat, image.NewGray(image.Rect(0, 0, 320, 240))))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "black.png"), flat.Bytes(), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cut.png"), flat.Bytes()[:60], 0o666))
	in := inspected(t, dir, ssrl.InspectOptions{})
	f := in.Frames
	assert.Equal(t, "frames", in.Kind)
	assert.Equal(t, [2]int{5, 2}, [2]int{f.Frames, f.WithDepth})
	assert.Equal(t, ssrl.Spread{Min: 160, Median: 160, Max: 320}, f.Pictures.Width)
	assert.Equal(t, map[string]int{"shuffle": 3, "flip": 3, "crop": 3, "depth": 2, "position": 2}, f.Carries)
	assert.Greater(t, f.Depth.Max, f.Depth.Min)
	assert.Contains(t, f.Unsuitable, ssrl.ReasonFact{Task: "depth", Why: "has no depth", Count: 2, Frames: []string{"black.png", "scene-000001.png"}})
	broken := f.Unsuitable[len(f.Unsuitable)-1]
	assert.Equal(t, []string{"cut.png"}, broken.Frames)
	assert.Empty(t, broken.Task)

	// What it says is what GenerateDataset leaves out.
	skipped := 0
	_, err := ssrl.GenerateDataset(t.Context(), ssrl.Source{Images: dir}, filepath.Join(t.TempDir(), "ds"), ssrl.GenerateOptions{Skipped: func(string, string, error) { skipped++ }})
	require.NoError(t, err)
	for _, r := range f.Unsuitable {
		skipped -= r.Count
	}
	assert.Zero(t, skipped)
}

func TestInspectFrame(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, ssrl.WriteScenes(t.Context(), dir, ssrl.SceneOptions{Count: 1, Seed: 4, Width: 160, Height: 120}))
	in := inspected(t, filepath.Join(dir, "scene-000000.png"), ssrl.InspectOptions{})
	assert.Equal(t, "frame", in.Kind)
	assert.Equal(t, "PNG", in.Frame.Format)
	assert.Equal(t, [2]int{160, 120}, [2]int{in.Frame.Width, in.Frame.Height})
	assert.Len(t, in.Frame.Tasks, 5)
	assert.False(t, in.Frame.Depth.Relative)
	assert.Nil(t, in.Frame.Camera)

	depth := inspected(t, filepath.Join(dir, "scene-000000.depth.png"), ssrl.InspectOptions{})
	assert.Equal(t, "depth", depth.Kind)
	assert.Equal(t, in.Frame.Depth, depth.Frame.Depth)
	tenth := inspected(t, filepath.Join(dir, "scene-000000.depth.png"), ssrl.InspectOptions{Source: ssrl.Source{Unit: "0.0001"}})
	assert.InDelta(t, in.Frame.Depth.Max/10, tenth.Frame.Depth.Max, 1e-5)
}

func TestInspectDepthCountsMissingReadings(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("Pf\n4 2\n-1\n")
	require.NoError(t, binary.Write(&b, binary.LittleEndian, []float32{1, 2, 3, 0, float32(math.NaN()), 6, 7, 8}))
	path := filepath.Join(t.TempDir(), "d.pfm")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o666))
	in := inspected(t, path, ssrl.InspectOptions{})
	assert.Equal(t, ssrl.DepthFacts{Width: 4, Height: 2, Min: 1, Median: 3, Max: 8, Missing: 0.25}, *in.Frame.Depth)
	assert.Contains(t, in.String(), "25.0 % without a reading")
}

func TestInspectRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		return path
	}
	for _, tc := range []struct{ name, path, unit, want string }{
		{"nothing", "", "", "no path"},
		{"not there", filepath.Join(dir, "none"), "", "none: no such file or directory"},
		{"an empty folder", t.TempDir(), "", "nothing known in it (want a model, a checkpoint, a dataset or pictures)"},
		{"an empty file", write("empty", ""), "", "empty file"},
		{"a text", write("notes.txt", "my notes"), "", `begins with "my n" (want a picture`},
		{"a device", "/dev/zero", "", "/dev/zero: not a regular file"},
		{"a unit", write("p.pfm", "Pf\n1 1\n-1\n\x00\x00\x80\x3f"), "furlong", `depth unit "furlong"`},
		{"half a picture", write("half.png", "\x89PNG\r\n\x1a\n\x00\x00"), "", "half.png: "},
		{"half a depth map", write("half.npy", "\x93NUMPY\x01\x00"), "", "half.npy: ends early"},
		{"weights that are none", write("m.safetensors", "hello"), "", "m.safetensors"},
		{"an absurd header", write("n.safetensors", "\xff\xff\xff\xff\xff\xff\xff\x7f{}"), "", "n.safetensors"},
		{"half a configuration", filepath.Dir(write("model/config.json", `{"architectures":[`)), "", "config.json: "},
		{"a configuration of numbers", filepath.Dir(write("odd/config.json", `{"num_hidden_layers":"four"}`)), "", "config.json: "},
		{"an unfinished run", filepath.Dir(write("run/run.json", "{}")), "", "an unfinished run"},
		{"half a manifest", filepath.Dir(write("ds/manifest.json", `{"format":`)), "", "manifest.json"},
		{"a newer checkpoint", filepath.Dir(write("ck/checkpoint.json", `{"format":"ssrl-checkpoint","version":99}`)), "", "version 99 is newer"},
		{"questions that are none", write("q.jsonl", "{}\n"), "", "q.jsonl row 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ssrl.Inspect(t.Context(), tc.path, ssrl.InspectOptions{Source: ssrl.Source{Unit: tc.unit}})
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestInspectCanBeStopped(t *testing.T) {
	ds := madeDataset(t, 1)
	for _, path := range []string{ds, filepath.Join(filepath.Dir(ds), "frames")} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := ssrl.Inspect(ctx, path, ssrl.InspectOptions{})
		assert.ErrorIs(t, err, context.Canceled)
	}
}

func TestInspectionShowsNoControlCharacters(t *testing.T) {
	in := inspected(t, questions(t, `{"id":"a","task":"\u001b[31mred","problem":"?","answer":"\u001b]0;x\u0007"}`), ssrl.InspectOptions{})
	assert.NotContains(t, in.String(), "\x1b")
	assert.NotContains(t, in.String(), "\x07")
}

func TestInspectPicturesOfPhones(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range m.Pix {
		m.Pix[i] = byte(i * 7)
	}
	m.SetRGBA(0, 0, color.RGBA{255, 255, 255, 255})
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	tiff := "II*\x00\x08\x00\x00\x00\x02\x00" + "\x0f\x01\x02\x00\x04\x00\x00\x00Cam\x00" + "\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00" + "\x00\x00\x00\x00"
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(tiff)))
	chunk = append(append(chunk, "eXIf"+tiff...), 0, 0, 0, 0)
	data := b.Bytes()
	at := 8 + 12 + 13 // after IHDR
	crc := crc32.ChecksumIEEE([]byte("eXIf" + tiff))
	binary.BigEndian.PutUint32(chunk[len(chunk)-4:], crc)
	data = append(append(bytes.Clone(data[:at]), chunk...), data[at:]...)
	path := filepath.Join(t.TempDir(), "phone.png")
	require.NoError(t, os.WriteFile(path, data, 0o666))
	in := inspected(t, path, ssrl.InspectOptions{})
	assert.Equal(t, ssrl.CameraFacts{Orientation: 6, Make: "Cam"}, *in.Frame.Camera)
	assert.Equal(t, [2]int{30, 40}, [2]int{in.Frame.Width, in.Frame.Height}, "as it is shown")
	assert.Contains(t, in.String(), "Cam, orientation 6, turned upright")
}
