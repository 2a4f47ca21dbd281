package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
)

func TestPixels(t *testing.T) {
	workspace(t, map[string]string{"a.png": picture(), "text.png": "text", "wide.png": sized(603, 1)})
	r := ssrlCommand(t, "pixels --model model --json a.png frames/scene-000000.png")
	assert.Equal(t, []string{"first", "grid_thw", "image", "mean", "sha256", "size", "tokens"}, keys(t, firstLine(r.out)))
	r = ssrlCommand(t, "pixels --model model a.png")
	assert.Regexp(t, `^a\.png: 64x64, grid 1x\d+x\d+, \d+ tokens?, mean -?\d\.\d+, sha256 [0-9a-f]{64}\n$`, r.out)
	const see = " (see ssrl --help)"
	checkRefusals(t, []refusal{
		{"pixels --model model", `expected "<image> ..."` + see, 2},
		{"pixels a.png", "missing flags: --model=STRING" + see, 2},
		{"pixels --model model --profile vllm a.png", `--profile must be one of "hf","easyr1","llamafactory","vlmeval","qwen_vl_utils" but got "vllm"` + see, 2},
		{"pixels --model model --min-pixels 9 a.png", "--min-pixels 9 --max-pixels 0 (want both above 0, the first at most the second)", 2},
		{"pixels --model model --min-pixels 9 --max-pixels 1000000000000 a.png", "limits of 9 to 1000000000000 pixels (want both, the first below the second, at most 67108864)", 1},
		{"pixels --model none a.png", "model none: no such file or directory", 1},
		{"pixels --model frames a.png", "model frames: no preprocessor_config.json: file does not exist", 1},
		{"pixels --model model none.png", "image none.png: no such file or directory", 1},
		{"pixels --model model frames", "image frames: not a regular file", 1},
	})
	r = capture(words("pixels --model model none.png text.png a.png"))
	assert.Equal(t, 1, r.code)
	assert.Equal(t, `ssrl: image none.png: no such file or directory; image text.png: begins with "text" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`+"\n", r.err)
	assert.Contains(t, r.out, "a.png: 64x64", "the good ones are printed")
}

func firstLine(text string) string {
	for i := range text {
		if text[i] == '\n' {
			return text[:i]
		}
	}
	return text
}

// profiles are the names of the reference's callers here.
var profiles = map[string]string{"default": "hf", "grpo": "easyr1", "sft": "llamafactory", "eval": "vlmeval", "small": "hf"}

// TestPixelsEqualTheReference runs the command on every picture, profile, model
// and processor of the reference outputs.
func TestPixelsEqualTheReference(t *testing.T) {
	dir := golden.Dir(t, "preprocess")
	t.Chdir(t.TempDir())
	for _, line := range referenceLines(t, filepath.Join(dir, "cases.jsonl")) {
		var c struct {
			Image, Profile, Model, Kind, Error string
			Size                               [2]int
			Caller                             struct{ Size [2]int }
			Processor                          map[string]any
			Grid                               [3]int `json:"grid_thw"`
			SHA256                             string
			First                              []float32
			Mean                               float64
		}
		require.NoError(t, json.Unmarshal(line, &c))
		if slow1or3(c.Kind, c.Size, c.Caller.Size) {
			continue
		}
		t.Run(c.Image+"/"+c.Profile+"/"+c.Model+"/"+c.Kind, func(t *testing.T) {
			if c.Processor == nil { // the caller fails before any processor is asked
				c.Processor = map[string]any{}
			}
			require.NoError(t, os.MkdirAll("m", 0o777))
			require.NoError(t, os.WriteFile("m/preprocessor_config.json", marshalled(t, c.Processor), 0o666))
			args := words("pixels --json --model m --profile " + profiles[c.Profile])
			if c.Kind == "slow" {
				args = append(args, "--slow")
			}
			path := filepath.Join(dir, "images", c.Image+".png")
			r := capture(append(args, path))
			if c.Error != "" {
				assert.Equal(t, 1, r.code)
				return
			}
			require.Zero(t, r.code, r.err)
			var got struct {
				Image  string
				Size   [2]int
				Grid   [3]int `json:"grid_thw"`
				SHA256 string
				First  []float32
				Mean   float64
			}
			require.NoError(t, json.Unmarshal([]byte(r.out), &got))
			assert.Equal(t, path, got.Image)
			assert.Equal(t, c.Caller.Size, got.Size)
			assert.Equal(t, c.Grid, got.Grid)
			assert.Equal(t, c.First, got.First)
			assert.InDelta(t, c.Mean, got.Mean, 1e-9, "the readme's tolerance")
			assert.Equal(t, c.SHA256, got.SHA256)
		})
	}
}

// slow1or3 names what is not to be reproduced: the slow processor takes a
// picture with a side of 1 or 3 for channels-first.
func slow1or3(kind string, sizes ...[2]int) bool {
	for _, s := range sizes {
		for _, side := range s {
			if kind == "slow" && (side == 1 || side == 3) {
				return true
			}
		}
	}
	return false
}

func TestPixelsLimits(t *testing.T) {
	workspace(t, map[string]string{"a.png": picture()})
	for _, tc := range []struct {
		flags string
		size  [2]int
		area  int // most pixels of the grid
	}{
		{"--profile hf --min-pixels 784 --max-pixels 3200", [2]int{64, 64}, 3200},
		{"--profile easyr1 --min-pixels 1 --max-pixels 1024", [2]int{32, 32}, 1 << 20},
		{"--profile vlmeval --min-pixels 16 --max-pixels 3136", [2]int{56, 56}, 1 << 20},
	} {
		r := ssrlCommand(t, "pixels --json --model model "+tc.flags+" a.png")
		var got struct {
			Size [2]int
			Grid [3]int `json:"grid_thw"`
		}
		require.NoError(t, json.Unmarshal([]byte(r.out), &got))
		assert.Equal(t, tc.size, got.Size, tc.flags)
		assert.LessOrEqual(t, got.Grid[1]*got.Grid[2]*patchArea(t), tc.area, tc.flags)
	}
}

// patchArea is the area of the small model's patch.
func patchArea(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile("model/preprocessor_config.json")
	require.NoError(t, err)
	var c map[string]any
	require.NoError(t, json.Unmarshal(data, &c))
	side, err := strconv.Atoi(string(marshalled(t, c["patch_size"])))
	require.NoError(t, err)
	return side * side
}
