package patch

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	clipMean32 = [3]float32{0.48145466, 0.4578275, 0.40821073}
	clipStd32  = [3]float32{0.26862954, 0.26130258, 0.27577711}
)

// configured writes a configuration into a new directory.
func configured(t *testing.T, name, text string) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	return dir
}

func TestReadProcessor(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       Processor
	}{
		{"nothing", `{}`, Processor{14, 2, 2, 3136, 1003520, clipMean32, clipStd32, Torchvision}},
		{"Qwen2.5-VL as released", `{"min_pixels":3136,"max_pixels":12845056,"patch_size":14,"temporal_patch_size":2,"merge_size":2,
			"image_mean":[0.48145466,0.4578275,0.40821073],"image_std":[0.26862954,0.26130258,0.27577711],"image_processor_type":"Qwen2VLImageProcessor"}`,
			Processor{14, 2, 2, 3136, 12845056, clipMean32, clipStd32, Torchvision}},
		{"Qwen3-VL as released", `{"size":{"longest_edge":16777216,"shortest_edge":65536},"patch_size":16,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}`,
			Processor{16, 2, 2, 65536, 16777216, [3]float32{.5, .5, .5}, [3]float32{.5, .5, .5}, Torchvision}},
		{"pixels win over size, each alone", `{"min_pixels":100,"max_pixels":null,"size":{"longest_edge":900,"shortest_edge":50}}`, Processor{14, 2, 2, 100, 900, clipMean32, clipStd32, Torchvision}},
		{"half a size", `{"size":{"longest_edge":4000}}`, Processor{14, 2, 2, 3136, 4000, clipMean32, clipStd32, Torchvision}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := ReadProcessor(configured(t, "preprocessor_config.json", tc.text))
			require.NoError(t, err)
			assert.Equal(t, tc.want, *p)
		})
	}
}

func TestReadProcessorRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"no JSON", `hello`, "invalid character 'h' looking for beginning of value"},
		{"a list", `[]`, "a JSON array (want an object)"},
		{"text for a number", `{"patch_size":"14"}`, "patch_size holds a JSON string (want int)"},
		{"fraction of a pixel", `{"size":{"longest_edge":0.5}}`, "size.longest_edge holds a JSON number 0.5 (want int)"},
		{"no resize", `{"do_resize":false}`, "do_resize, do_rescale or do_normalize is false (want true)"},
		{"bilinear", `{"resample":2}`, "resample 2 (want 3, bicubic)"},
		{"other scale", `{"rescale_factor":1}`, "rescale_factor 1 (want 1/255)"},
		{"empty patch", `{"patch_size":0}`, "patch_size 0 (want 1 to 1024)"},
		{"huge patch", `{"patch_size":1000000000}`, "patch_size 1000000000 (want 1 to 1024)"},
		{"other merge", `{"merge_size":1}`, "temporal_patch_size 2 and merge_size 1 (want 2 and 2)"},
		{"limits crossed", `{"min_pixels":10,"max_pixels":9}`, "limits of 10 to 9 pixels (want the first below the second)"},
		{"negative limit", `{"min_pixels":-1}`, "limits of -1 to 1003520 pixels (want the first below the second)"},
		{"one mean", `{"image_mean":[0.5]}`, "image_mean holds 1 numbers (want 3)"},
		{"no deviation", `{"image_std":[0.5,0,0.5]}`, "image_std holds 0"},
		{"a deviation that is 0 in float32", `{"image_std":[0.5,1e-60,0.5]}`, "image_std holds 0"},
		{"too long", `{"x":"` + strings.Repeat("y", maxConfig) + `"}`, "more than 1048576 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := configured(t, "preprocessor_config.json", tc.text)
			_, err := ReadProcessor(dir)
			require.EqualError(t, err, filepath.Join(dir, "preprocessor_config.json")+": "+tc.want)
		})
	}
	_, err := ReadProcessor(t.TempDir())
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestReadVideo(t *testing.T) {
	v, err := ReadVideo(configured(t, "video_preprocessor_config.json", `{"video_processor_type":"Qwen3VLVideoProcessor","fps":2,"do_sample_frames":true,"size":{"longest_edge":25165824,"shortest_edge":4096},"patch_size":16}`), false)
	require.NoError(t, err)
	assert.True(t, v.WholeClip && v.Choose)
	assert.Equal(t, Sampling{0, 2, 4, 768}, v.Sampling)
	assert.Equal(t, 25165824, v.MaxPixels)

	// Without a file of its own the clip takes the limits of pictures.
	v, err = ReadVideo(configured(t, "preprocessor_config.json", `{"min_pixels":3136,"max_pixels":12845056}`), false)
	require.NoError(t, err)
	assert.False(t, v.WholeClip || v.Choose)
	assert.Equal(t, 12845056, v.MaxPixels)

	dir := configured(t, "video_preprocessor_config.json", `{"fps":-1}`)
	_, err = ReadVideo(dir, true)
	require.EqualError(t, err, filepath.Join(dir, "video_preprocessor_config.json")+": -1 frames a second, 4 to 768 frames (want a rate above 0, the first count below the second)")
}
