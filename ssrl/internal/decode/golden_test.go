package decode

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/cpu"
	"ssrl/internal/golden"
	"ssrl/internal/patch"
	"ssrl/internal/qwen"
	"ssrl/internal/rgbd"
	"ssrl/internal/safetensors"
	"ssrl/internal/tensor"
)

const (
	// logprobTolerance is the README's: a float32 program written from the
	// description alone is 4e-5 away, transformers' own SDPA 1.3e-5.
	logprobTolerance = 2e-4
	// rmsTolerance bounds logits, hidden and vision rows, as a share of their rms.
	rmsTolerance = 2e-4
	// gradTolerance is a share of a gradient tensor's largest value.
	gradTolerance = 1e-3
	// clearMargin is the lead in logits below which the best token is a toss-up.
	clearMargin = 1e-3
)

type goldenCase struct {
	Name     string
	Messages []struct {
		Content any
	}
	Prompt    []int32      `json:"prompt_tokens"`
	Grids     [][3]int     `json:"image_grid_thw"`
	Videos    [][3]int     `json:"video_grid_thw"`
	Positions [3][]int32   `json:"position_ids"`
	Delta     int32        `json:"rope_delta"`
	Answer    []int32      `json:"answer_tokens"`
	LogProbs  []float32    `json:"logprobs"`
	Top       []int32      `json:"top1"`
	Margin    []float32    `json:"top1_margin"`
	Greedy    goldenAnswer `json:"greedy"`
	Penalty   goldenAnswer `json:"greedy_penalty_1.05"`
	Files     map[string]string
	Resized   []string
	End       struct {
		Token, Top1 int32
		LogProb     float32
	} `json:"im_end"`
}

type goldenAnswer struct {
	Tokens   []int32
	Finish   string
	LogProbs []float32
}

// goldenModel is a reference model with what is expected of it.
type goldenModel struct {
	*qwen.Model
	name, dir, results string
	cases              []goldenCase
	processor          *patch.Processor
	clips              *patch.Video
}

// goldenModels opens every reference model.
func goldenModels(t *testing.T, visit func(t *testing.T, m *goldenModel)) {
	root := golden.Dir(t, "models")
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, e := range entries {
		results := filepath.Join(root, e.Name()+".golden")
		if _, err := os.Stat(filepath.Join(results, "cases.json")); err != nil {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			var file struct {
				Cases []goldenCase
			}
			golden.JSON(t, filepath.Join(results, "cases.json"), &file)
			visit(t, openGolden(t, e.Name(), filepath.Join(root, e.Name()), results, file.Cases))
		})
	}
}

func openGolden(t *testing.T, name, dir, results string, cases []goldenCase) *goldenModel {
	return openGoldenAs(t, cpu.New(0), tensor.F32, name, dir, results, cases)
}

func openGoldenAs(t *testing.T, dev tensor.Device, typ tensor.Type, name, dir, results string, cases []goldenCase) *goldenModel {
	read := func(file string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		return data
	}
	config, err := qwen.ParseConfig(read("config.json"), read("generation_config.json"))
	require.NoError(t, err)
	weights, err := safetensors.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { weights.Close() })
	m, err := qwen.Load(t.Context(), dev, config, weights, qwen.LoadOptions{Type: typ})
	require.NoError(t, err)
	processor, err := patch.ReadProcessor(dir)
	require.NoError(t, err)
	clips, err := patch.ReadVideo(dir, config.Family == qwen.Qwen3VL)
	require.NoError(t, err)
	return &goldenModel{m, name, dir, results, cases, processor, clips}
}

func (m *goldenModel) each(t *testing.T, visit func(t *testing.T, c *goldenCase, p *Prompt)) {
	for i := range m.cases {
		c := &m.cases[i]
		t.Run(c.Name, func(t *testing.T) {
			visit(t, c, m.prompt(t, c))
		})
	}
}

// prompt builds the model's input of a case: recorded tokens and positions, our
// pixels of its pictures and clips.
func (m *goldenModel) prompt(t *testing.T, c *goldenCase) *Prompt {
	p := &Prompt{IDs: c.Prompt, Pos: c.Positions, Next: int32(len(c.Prompt)) + c.Delta}
	for _, msg := range c.Messages {
		parts, _ := msg.Content.([]any)
		for _, part := range parts {
			part := part.(map[string]any)
			var cut patch.Patches
			var err error
			if path, ok := part["image"].(string); ok {
				cut, err = m.processor.Process(m.open(t, path))
			} else if paths, ok := part["video"].([]any); ok {
				var frames []*rgbd.RGB
				for _, path := range paths {
					frames = append(frames, m.open(t, path.(string)))
				}
				cut, err = m.clips.Process(frames)
			} else {
				continue
			}
			require.NoError(t, err)
			p.Pictures = append(p.Pictures, qwen.Picture{Patches: cut.Pixels, Grid: cut.Grid})
		}
	}
	require.Len(t, p.Pictures, len(c.Grids)+len(c.Videos))
	return p
}

func (m *goldenModel) open(t *testing.T, path string) *rgbd.RGB {
	data, err := os.ReadFile(filepath.Join(filepath.Dir(m.dir), path))
	require.NoError(t, err)
	img, err := rgbd.DecodeImage(data, path)
	require.NoError(t, err)
	return img
}

func TestGoldenLogProbs(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		m.each(t, func(t *testing.T, c *goldenCase, p *Prompt) {
			answer := append(append([]int32{}, c.Answer...), c.End.Token)
			logprobs, top, err := Score(t.Context(), m.Model, Group{p, [][]int32{answer}})
			require.NoError(t, err)
			want := append(append([]float32{}, c.LogProbs...), c.End.LogProb)
			assert.InDeltaSlice(t, want, logprobs, logprobTolerance)
			for i, id := range c.Top {
				if c.Margin[i] > clearMargin {
					assert.Equal(t, id, top[i], "place %d", i)
				}
			}
		})
	})
}

func TestGoldenGreedy(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		m.each(t, func(t *testing.T, c *goldenCase, p *Prompt) {
			for _, run := range []struct {
				penalty float64
				want    goldenAnswer
			}{{1, c.Greedy}, {1.05, c.Penalty}} {
				got, err := Generate(t.Context(), m.Model, []Request{{p, make1}}, Sampling{MaxTokens: 64, RepetitionPenalty: run.penalty}, nil)
				require.NoError(t, err)
				if run.want.Tokens == nil {
					continue
				}
				assert.Equal(t, run.want.Tokens, got[0][0].Tokens, "penalty %g", run.penalty)
				assert.Equal(t, run.want.Finish, got[0][0].Finish)
				assert.InDeltaSlice(t, run.want.LogProbs, got[0][0].LogProbs, logprobTolerance)
			}
		})
	})
}

// make1 asks for one greedy answer.
var make1 = Greedy(1)

// answers of a batch must be those of single prompts, bit for bit.
func TestAnswersDoNotDependOnTheBatch(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		var requests []Request
		var alone []Answer
		s := Sampling{MaxTokens: 12}
		m.each(t, func(t *testing.T, c *goldenCase, p *Prompt) {
			requests = append(requests, Request{p, make1})
			got, err := Generate(t.Context(), m.Model, requests[len(requests)-1:], s, nil)
			require.NoError(t, err)
			alone = append(alone, got[0][0])
		})
		got, err := Generate(context.Background(), m.Model, requests, s, nil)
		require.NoError(t, err)
		for i := range got {
			assert.Equal(t, alone[i], got[i][0])
		}
	})
}
