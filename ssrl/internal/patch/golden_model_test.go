package patch

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
	"ssrl/internal/rgbd"
)

type modelCase struct {
	Name     string
	Messages []struct{ Content json.RawMessage }
	Images   [][3]int   `json:"image_grid_thw"`
	Videos   [][3]int   `json:"video_grid_thw"`
	Seconds  []float64  `json:"second_per_grid_ts"`
	Position [3][]int32 `json:"position_ids"`
	Delta    int        `json:"rope_delta"`
	Tokens   []int32    `json:"prompt_tokens"`
	Resized  []string   // of case NAME: NAME.resized_K.png for image K
}

// TestGoldenModels prepares the pictures and clips of every case of every
// reference model by the model's own files, and numbers its tokens.
func TestGoldenModels(t *testing.T) {
	root := golden.Dir(t, "models")
	files, err := filepath.Glob(filepath.Join(root, "*.golden", "cases.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		dir := strings.TrimSuffix(filepath.Dir(path), ".golden")
		var config struct {
			Type  string `json:"model_type"`
			Image int32  `json:"image_token_id"`
			Video int32  `json:"video_token_id"`
			Start int32  `json:"vision_start_token_id"`
		}
		golden.JSON(t, filepath.Join(dir, "config.json"), &config)
		r := Rope{ImagePad: config.Image, VideoPad: config.Video, VisionStart: config.Start, Merge: 2}
		if !strings.HasPrefix(config.Type, "qwen3") {
			r.TokensPerSecond = 2
		}
		p, err := ReadProcessor(dir)
		require.NoError(t, err)
		v, err := ReadVideo(dir, r.TokensPerSecond == 0)
		require.NoError(t, err)
		assert.Equal(t, r.TokensPerSecond == 0, v.WholeClip)
		var golden struct{ Cases []modelCase }
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &golden))
		require.NotEmpty(t, golden.Cases)
		for _, c := range golden.Cases {
			t.Run(filepath.Base(dir)+"/"+c.Name, func(t *testing.T) {
				c.checkGrids(t, root, filepath.Dir(path), p, v)
				pos, next, err := r.Positions(c.Tokens, c.Images, c.Videos, c.Seconds)
				require.NoError(t, err)
				assert.Equal(t, c.Position, pos)
				assert.Equal(t, c.Delta, int(next)-len(c.Tokens))
			})
		}
	}
}

func (c *modelCase) checkGrids(t *testing.T, root, dir string, p *Processor, v *Video) {
	var images, videos [][3]int
	for _, m := range c.Messages {
		var parts []struct {
			Image string
			Video []string
		}
		if json.Unmarshal(m.Content, &parts) != nil {
			continue // plain text
		}
		for _, part := range parts {
			if part.Image != "" {
				got, err := p.Process(open(t, filepath.Join(root, part.Image)).RGB())
				require.NoError(t, err)
				c.checkResized(t, dir, len(images), got.Frames[0])
				images = append(images, got.Grid)
			}
			var frames []*rgbd.RGB
			for _, f := range part.Video {
				frames = append(frames, open(t, filepath.Join(root, f)).RGB())
			}
			if frames != nil {
				got, err := v.Process(frames)
				require.NoError(t, err)
				videos = append(videos, got.Grid)
			}
		}
	}
	assert.ElementsMatch(t, c.Images, images)
	assert.ElementsMatch(t, c.Videos, videos)
}

func (c *modelCase) checkResized(t *testing.T, dir string, k int, got *rgbd.RGB) {
	name := fmt.Sprintf("%s.resized_%d.png", c.Name, k)
	for _, f := range c.Resized {
		if f == name {
			assert.Equal(t, open(t, filepath.Join(dir, f)).RGB(), got, name)
		}
	}
}
