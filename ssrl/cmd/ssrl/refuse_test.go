package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusal is a call that must end in one line on standard error.
type refusal struct {
	line string
	want string // without "ssrl: "
	code int
}

// checkRefusals runs each call in the working directory, which it must leave as
// it is.
func checkRefusals(t *testing.T, cases []refusal) {
	t.Helper()
	before := tree(t, ".")
	for _, tc := range cases {
		t.Run(tc.line, func(t *testing.T) {
			assert.Equal(t, result{tc.code, "", "ssrl: " + tc.want + "\n"}, capture(words(tc.line)))
			assert.Equal(t, before, tree(t, "."))
		})
	}
}

func TestCallsThatMakeNoSense(t *testing.T) {
	workspace(t, nil)
	const see = " (see ssrl --help)"
	checkRefusals(t, []refusal{
		{"", "no command" + see, 2},
		{"frobnicate", "unexpected argument frobnicate" + see, 2},
		{"generat --images frames", `unexpected argument generat, did you mean "generate"?` + see, 2},
		{"generate", "missing flags: --images=STRING, --out=STRING" + see, 2},
		{"generate --images frames", "missing flags: --out=STRING" + see, 2},
		{"generate --images", "--images has no value" + see, 2},
		{"generate --images --out out", "--images has no value" + see, 2},
		{"generate --image frames --out out", `unknown flag --image, did you mean "--images"?` + see, 2},
		{"generate --images frames --out out --task flip", `unknown flag --task, did you mean "--tasks"?` + see, 2},
		{"sft --model model --data ds --out out --learning-rate 1", "unknown flag --learning-rate, did you mean learning_rate=VALUE?" + see, 2},
		{"grpo --model model --data ds --out out --kl 1", "unknown flag --kl, did you mean kl=VALUE?" + see, 2},
		{"grpo --model model --data ds --out out --grup 8", "unknown flag --grup, did you mean group=VALUE?" + see, 2},
		{"sft --model model --data ds --out out --lerning-rate 1", "unknown flag --lerning-rate, did you mean learning_rate=VALUE?" + see, 2},
		{"sft --model model --data ds --out out --kl 1", "unknown flag --kl" + see, 2},
		{"sft --model model --data ds --out out learning_rat=1", "unknown option learning_rat (did you mean learning_rate?)", 2},
		{"generate --images frames --out out more", "unexpected argument more" + see, 2},
		{"generate --images frames --out out --tasks shuffel", `--tasks shuffel: task "shuffel" (want shuffle, flip, crop, depth or position; did you mean shuffle?)`, 2},
		{"generate --images frames --out out --tasks ''", `--tasks : task "" (want shuffle, flip, crop, depth or position)`, 2},
		{"generate --images frames --out out --tasks flip,", `--tasks flip,: task "" (want shuffle, flip, crop, depth or position)`, 2},
		{"generate --images frames --out out --seed -1", `--seed: expected a valid 64 bit uint but got "-1"` + see, 2},
		{"generate --images frames --out out --seed 1.5", `--seed: expected a valid 64 bit uint but got "1.5"` + see, 2},
		{"generate --images frames --out out --seed 18446744073709551616", `--seed: expected a valid 64 bit uint but got "18446744073709551616"` + see, 2},
		{"generate --images frames --out out --per-image 0", "--per-image 0 (want at least 1)", 2},
		{"generate --images frames --out out --per-image -2", "--per-image -2 (want at least 1)", 2},
		{"generate --images frames --out out --per-image NaN", `--per-image: expected a valid 64 bit int but got "NaN"` + see, 2},
		{"generate --images frames --out out --workers -1", "--workers -1 (want 0, for one a processor, or more)", 2},
		{"generate --images frames --out out --shard 1", `--shard "1" (want I/N with I from 0 to below N)`, 2},
		{"generate --images frames --out out --shard 2/2", `--shard "2/2" (want I/N with I from 0 to below N)`, 2},
		{"generate --images frames --out out --shard -1/2", `--shard "-1/2" (want I/N with I from 0 to below N)`, 2},
		{"generate --images frames --out out --shard 0/0", `--shard "0/0" (want I/N with I from 0 to below N)`, 2},
		{"generate --images frames --out out --shard 0/2/3", `--shard "0/2/3" (want I/N with I from 0 to below N)`, 2},
		{"generate --images frames --out out --shard 0/1e3", `--shard "0/1e3" (want I/N with I from 0 to below N)`, 2},
		{"generate --images frames --out out --format csv", `--format "csv" (want dir, parquet, parquet-paths, alpaca, sharegpt, webdataset)`, 2},
		{"generate --images frames --out out --validation 1", "--validation 1 (want a part from 0 to below 1)", 2},
		{"generate --images frames --out out --validation -0.1", "--validation -0.1 (want a part from 0 to below 1)", 2},
		{"generate --images frames --out out --validation NaN", "--validation NaN (want a part from 0 to below 1)", 2},
		{"scenes --out out", "missing flags: --count=INT" + see, 2},
		{"scenes --out out --count 0", "--count 0 (want at least 1)", 2},
		{"scenes --out out --count -1", "--count -1 (want at least 1)", 2},
		{"scenes --out out --count many", `--count: expected a valid 64 bit int but got "many"` + see, 2},
		{"scenes --out out --count 1 --size 64", `--size "64" (want WIDTHxHEIGHT, such as 640x480)`, 2},
		{"scenes --out out --count 1 --size 0x64", `--size "0x64" (want WIDTHxHEIGHT, such as 640x480)`, 2},
		{"scenes --out out --count 1 --size -8x8", `--size "-8x8" (want WIDTHxHEIGHT, such as 640x480)`, 2},
		{"scenes --out out --count 1 --size 99999999999999999999x8", `--size "99999999999999999999x8" (want WIDTHxHEIGHT, such as 640x480)`, 2},
		{"new --preset giant --out out", `--preset must be one of "nano","nano3","qwen2.5-vl-3b","qwen2.5-vl-7b","qwen3-vl-4b" but got "giant"` + see, 2},
		{"new --out out", "missing flags: --preset=STRING" + see, 2},
		{"ask", "missing flags: --model=STRING" + see, 2},
		{"ask --model model", "no question (want one, or --messages FILE)", 2},
		{"ask --model model --messages m.json hello", "--messages replaces the question and --image", 2},
		{"ask --model model --max-tokens 0 hello", "--max-tokens 0 (want 1 to 1048576)", 2},
		{"ask --model model --max-tokens -5 hello", "--max-tokens -5 (want 1 to 1048576)", 2},
		{"ask --model model --max-tokens 1000000000000 hello", "--max-tokens 1000000000000 (want 1 to 1048576)", 2},
		{"ask --model model --threads -1 hello", "--threads -1 (want 0, for one a processor, or more)", 2},
		{"ask --model model --dtype f64 hello", `--dtype must be one of "f32","bf16" but got "f64"` + see, 2},
		{"ask --model model --temprature 1 hello", `unknown flag --temprature, did you mean "--temperature"?` + see, 2},
		{"score --model model --prompt hello", "missing flags: --answer=STRING" + see, 2},
		{"score --model model --answer hello", "no question (want one, or --messages FILE)", 2},
		{"reward --dataset ds", "missing flags: --answers=STRING" + see, 2},
		{"sft --model model --data ds --out out steps", `"steps" (want key=value)`, 2},
		{"sft --model model --data ds --out out stepz=1", "unknown option stepz (did you mean steps?)", 2},
		{"sft --model model --data ds --out out steps=0", "steps 0, batch 8, save_every 0 (want at least one step of one sample)", 2},
		{"sft --model model --data ds --out out batch=-1", "steps 100, batch -1, save_every 0 (want at least one step of one sample)", 2},
		{"sft --model model --data ds --out out learning_rate=-1", "sft: learning rate -1 (want a number >= 0)", 2},
		{"grpo --model model --data ds --out out group=1", "grpo: group of 1 answers (want at least 2)", 2},
		{"grpo --model model --data ds --out out kl=-1", "grpo: kl -1 (want 0 or more)", 2},
		{"demo --seed -1", `--seed: expected a valid 64 bit uint but got "-1"` + see, 2},
		{"info more", "unexpected argument more" + see, 2},
	})
}

func TestFilesThatAreWrong(t *testing.T) {
	workspace(t, map[string]string{
		"plain/a.png": picture(), "empty/a.txt": "", "text/a.png": "some text", "nothing/a.png": "", "bomb/a.png": sized(20000, 20000), "huge/a.png": sized(1<<31-1, 1<<31-1),
		"cut/a.png": picture()[:60], "flat/a.png": picture(), "flat/a.depth.png": picture(), "half/a.png": picture(), "half/a.depth.npy": "\x93NUMPY\x01\x00",
		"mask/a.png": picture(), "mask/a.mask.npy": "mask",
		"full/file": "", "bad.yaml": "steps: [1\n", "unknown.yaml": "stepz: 1\n", "m.json": "{",
	})
	const want = " (want PNG, JPEG, WebP, BMP, TIFF or PNM)"
	checkRefusals(t, []refusal{
		{"generate --images none --out out", "images none: no such file or directory", 1},
		{"generate --images '' --out out", "no images (want a folder of images)", 1},
		{"generate --images plain --out ''", "generate: no output directory", 1},
		{"generate --images plain/a.png --out out", "images plain/a.png: a file (want a folder of images)", 1},
		{"generate --images empty --out out", "images empty: no image (want .png, .jpg, .webp, .bmp, .tif or .ppm files)", 1},
		{"generate --images text --out out", `image text/a.png: begins with "some"` + want, 1},
		{"generate --images nothing --out out", "image nothing/a.png: empty file" + want, 1},
		{"generate --images cut --out out", "image cut/a.png: ends early", 1},
		{"generate --images bomb --out out", "image bomb/a.png: 20000x20000 pixels (want 268435456 in all at most)", 1},
		{"generate --images huge --out out", "image huge/a.png: 2147483647x2147483647 pixels (want sides up to 1048576)", 1},
		{"generate --images flat --out out", "depth flat/a.depth.png: 8 bits a pixel (want 16)", 1},
		{"generate --images half --out out", "depth half/a.depth.npy: ends early", 1},
		{"generate --images plain --tasks crop --out out", "images plain: no sample of 1 frames: crop: unsuitable: the missing part is nearly black (mean level 0, want 24)", 1},
		{"generate --images frames --depth-unit furlong --out out", `depth unit "furlong" (want mm, m, tum, sunrgbd, relative or metres a count above 0)`, 1},
		{"generate --images frames --depth-unit -3 --out out", `depth unit "-3" (want mm, m, tum, sunrgbd, relative or metres a count above 0)`, 1},
		{"generate --images frames --depth-unit nan --out out", `depth unit "nan" (want mm, m, tum, sunrgbd, relative or metres a count above 0)`, 1},
		{"generate --images frames --depth-dir none --out out", "depth none: no such file or directory", 1},
		{"generate --images frames --depth-dir full/file --out out", "depth full/file: a file (want a folder of depth maps)", 1},
		{"generate --images frames --shard 6/7 --per-image 2000000 --out out", "generator: 2000000 questions of each task and frame (want 1 to 1000000)", 1},
		{"generate --images plain --shard 0/2 --out out", "images plain: shard 0 of 2 has no frame (want at most 1 shards)", 1},
		{"generate --images frames --tasks flip,flip --out out", "task flip is named twice", 1},
		{"generate --images frames --out full", "full: not empty, holds file (want a new or empty directory)", 1},
		{"generate --images frames --out full/file", "full/file: a file (want a new or empty directory)", 1},
		{"generate --images frames --out full/file/out", "mkdir full/file: not a directory", 1},
		{"generate --images frames --out ds", "ds: a finished dataset (want a new or empty directory)", 1},
		{"scenes --count 1 --size 9000x10 --out out", "scenes: 9000x10 pixels (want sides of 1 to 8192)", 1},
		{"scenes --count 9999999 --size 8x8 --out out", "scenes: 9999999 frames (want 1 to 1000000)", 1},
		{"scenes --count 1 --size 8x8 --out full", "full: not empty (want a new or empty directory)", 1},
		{"scenes --count 1 --size 8x8 --out full/file", "full/file: not a directory (want a new or empty one)", 1},
		{"scenes --count 1 --size 8x8 --out ''", "no output directory", 1},
		{"new --preset nano --out full", "full: not empty (want a new or empty directory)", 1},
		{"new --preset nano --out full/file", "full/file: not a directory (want a new or empty one)", 1},
		{"new --preset nano --out ''", "no output directory", 1},
		{"ask --model model --image none.png hello", "image none.png: no such file or directory", 1},
		{"ask --model model --image empty hello", "image empty: not a regular file", 1},
		{"ask --model model --image /dev/zero hello", "image /dev/zero: not a regular file", 1},
		{"ask --model model --image text/a.png hello", `image text/a.png: begins with "some"` + want, 1},
		{"ask --model model --image bomb/a.png hello", "image bomb/a.png: 20000x20000 pixels (want 268435456 in all at most)", 1},
		{"ask --model model --temperature -1 hello", "temperature -1 (want 0 to 100)", 1},
		{"ask --model model --temperature NaN hello", "temperature NaN (want 0 to 100)", 1},
		{"ask --model model --top-p 1.5 hello", "top-p 1.5 (want 0 to 1)", 1},
		{"ask --model model --top-k -1 hello", "top-k -1 (want 0 or more)", 1},
		{"ask --model model --repetition-penalty -inf hello", "repetition penalty -Inf (want 0 to 100)", 1},
		{"sft --model model --data none --out out", "dataset none: no such file or directory", 1},
		{"sft --model model --data frames --out out", "frames: no manifest.json (want a finished dataset, or .parquet, .json, .jsonl or .tar files)", 1},
		{"sft --model model --data ds --out full", "full: not empty (want a new or empty directory)", 1},
		{"sft --model model --data ds --out full/file", "full/file: not a directory (want a new or empty one)", 1},
		{"sft --model model --data ds --out full/file/out", "full/file/out: not a directory (want a new or empty one)", 1},
		{"sft --model model --data ds --out ''", "no output directory", 1},
		{"sft --model model --data ds --out out --resume", "out: nothing to resume", 1},
		{"sft --model model --data ds --out out --config none.yaml", "config none.yaml: no such file or directory", 1},
		{"sft --model model --data ds --out out --config bad.yaml", "bad.yaml: [1:8] sequence end token ']' not found (want key: value lines)", 2},
		{"sft --model model --data ds --out out --config unknown.yaml", "unknown.yaml: unknown option stepz (did you mean steps?)", 2},
		{"grpo --model model --data full/file --out out", "full/file: no dataset by its name (want .parquet, .json, .jsonl or .tar)", 1},
		{"demo --out full", "full: not empty (want a new or empty directory)", 1},
	})
	// The library words these; the command only has to keep them to a line.
	for _, line := range []string{
		"ask --model none hello", "ask --model frames hello", "ask --model full/file hello", "ask --model model --device tpu hello",
		"ask --model model --messages none.json", "ask --model model --messages m.json",
		"score --model model --prompt hello --answer ''", "sft --model none --data ds --out out", "sft --model model --data ds --out out batch=1000000000",
		"sft --model model --data ds --out out learning_rate=NaN", "grpo --model model --data ds --out out temperature=-1",
		"grpo --model model --data ds --out full --resume", "demo --out full/file",
	} {
		r := capture(words(line))
		assert.Contains(t, []int{1, 2}, r.code, line)
		assert.Empty(t, r.out, line)
		assert.Regexp(t, `^ssrl: [^\n]{15,200}\n$`, r.err, line)
	}
	assert.NoDirExists(t, "out")
}

func TestModelsThatAreBroken(t *testing.T) {
	workspace(t, nil)
	remove := func(string) *string { return nil }
	cut := func(data string) *string { data = data[:len(data)/2]; return &data }
	replace := func(old, new string) func(string) *string {
		return func(data string) *string {
			require.Contains(t, data, old)
			data = strings.Replace(data, old, new, 1)
			return &data
		}
	}
	for _, tc := range []struct {
		name, file string
		change     func(string) *string
		names      string // what the error names
	}{
		{"no configuration", "config.json", remove, "config.json"},
		{"half a configuration", "config.json", cut, "config.json"},
		{"another architecture", "config.json", replace(`"qwen2_5_vl"`, `"llama"`), "config.json"},
		{"an odd size", "config.json", replace(`"hidden_size": `, `"hidden_size": 1`), "config.json"},
		{"an absurd size", "config.json", replace(`"num_hidden_layers": `, `"num_hidden_layers": 99999999`), "layers"},
		{"no weights", "model.safetensors", remove, "model.safetensors"},
		{"half of the weights", "model.safetensors", cut, "model.safetensors"},
		{"half a vocabulary", "tokenizer.json", cut, "tokenizer.json"},
		{"half a preprocessor", "preprocessor_config.json", cut, "preprocessor_config.json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			copied(t, "model", "broken", map[string]func(string) *string{tc.file: tc.change})
			defer os.RemoveAll("broken")
			r := capture(words("ask --model broken --max-tokens 2 hello"))
			t.Log(r.err)
			assert.Equal(t, 1, r.code)
			assert.Empty(t, r.out)
			assert.Regexp(t, `^ssrl: model broken: [^\n]{15,200}\n$`, r.err)
			assert.Contains(t, r.err, tc.names)
		})
	}
}
