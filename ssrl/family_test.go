package ssrl

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
)

// scoreTolerance is what the reference outputs allow float32 log-probabilities.
const scoreTolerance = 2e-4

// leftOut are reference cases that Score cannot give, with the reason.
var leftOut = map[string]string{
	"tiny-qwen2_5_vl-fullvocab": "has no tokenizer files",
}

// From messages to log-probabilities, for every reference model and case.
func TestGoldenScores(t *testing.T) {
	root := golden.Dir(t, "models")
	results, err := filepath.Glob(filepath.Join(root, "*.golden", "cases.json"))
	require.NoError(t, err)
	for _, file := range results {
		dir := filepath.Dir(file)[:len(filepath.Dir(file))-len(".golden")]
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if why := leftOut[filepath.Base(dir)]; why != "" {
				t.Skip(why)
			}
			var cases struct {
				Cases []struct {
					Name     string
					Messages json.RawMessage
					Answer   string
					Prompt   []int32   `json:"prompt_tokens"`
					LogProbs []float32 `json:"logprobs"`
				}
			}
			golden.JSON(t, file, &cases)
			m, err := OpenModel(t.Context(), dir, ModelOptions{})
			require.NoError(t, err)
			defer m.Close()
			for _, c := range cases.Cases {
				t.Run(c.Name, func(t *testing.T) {
					got, err := m.Score(t.Context(), Prompt{Messages: goldenMessages(t, root, c.Messages)}, c.Answer)
					require.NoError(t, err)
					assert.Equal(t, c.Prompt, got.PromptTokens)
					assert.InDeltaSlice(t, c.LogProbs, got.LogProbs, scoreTolerance)
				})
			}
		})
	}
}

// goldenMessages reads messages whose paths are relative to root.
func goldenMessages(t *testing.T, root string, raw json.RawMessage) []Message {
	file := filepath.Join(t.TempDir(), "messages.json")
	require.NoError(t, os.WriteFile(file, absolute(t, root, raw), 0o666))
	messages, err := ReadMessages(file)
	require.NoError(t, err)
	return messages
}

func absolute(t *testing.T, root string, raw json.RawMessage) []byte {
	var messages []map[string]any
	require.NoError(t, json.Unmarshal(raw, &messages))
	for _, m := range messages {
		parts, _ := m["content"].([]any)
		for _, p := range parts {
			part := p.(map[string]any)
			if name, ok := part["image"].(string); ok {
				part["image"] = filepath.Join(root, name)
			}
			frames, _ := part["video"].([]any)
			for i := range frames {
				frames[i] = filepath.Join(root, frames[i].(string))
			}
		}
	}
	out, err := json.Marshal(messages)
	require.NoError(t, err)
	return out
}

// A fresh Qwen3-VL learns by SFT and by GRPO, and is saved as what it is.
func TestNano3Learns(t *testing.T) {
	m := fresh(t, "nano3")
	batch := questions(t, 4)
	s, err := NewSFT(m, SFTOptions{LearningRate: 2e-3, Plain: true})
	require.NoError(t, err)
	first, err := s.Step(t.Context(), batch)
	require.NoError(t, err)
	var last Stats
	for range 8 {
		last, err = s.Step(t.Context(), batch)
		require.NoError(t, err)
	}
	assert.Less(t, last.Loss, first.Loss/2)

	g, err := NewGRPO(m, nil, smallGRPO)
	require.NoError(t, err)
	st, err := g.Step(t.Context(), batch)
	require.NoError(t, err)
	assert.Zero(t, st.Metrics["actor/ppo_kl"], "the ratio of the first update is exactly 1")

	saved := filepath.Join(t.TempDir(), "saved")
	require.NoError(t, m.Save(saved))
	again, err := OpenModel(t.Context(), saved, ModelOptions{})
	require.NoError(t, err)
	defer again.Close()
	assert.Equal(t, weights(m), weights(again))
}

// A model stored in bfloat16 answers, is saved in bfloat16, bit for bit, and is
// not trained.
func TestBfloat16Models(t *testing.T) {
	from := fresh(t, "nano3")
	dir := filepath.Join(t.TempDir(), "f32")
	require.NoError(t, from.Save(dir))
	open := func(dir string) *Model {
		m, err := OpenModel(t.Context(), dir, ModelOptions{DType: "bf16"})
		require.NoError(t, err)
		t.Cleanup(func() { m.Close() })
		return m
	}
	m := open(dir)
	saved := filepath.Join(t.TempDir(), "bf16")
	require.NoError(t, m.Save(saved))
	again := open(saved) // mapped this time
	assert.Equal(t, weights(m), weights(again))
	config, err := os.ReadFile(filepath.Join(saved, "config.json"))
	require.NoError(t, err)
	assert.Contains(t, string(config), `"torch_dtype": "bfloat16"`)
	p := Prompt{Text: "Which patch?", Images: questions(t, 1)[0].Images}
	a, err := m.Answer(t.Context(), p, Sampling{MaxTokens: 6})
	require.NoError(t, err)
	b, err := again.Answer(t.Context(), p, Sampling{MaxTokens: 6})
	require.NoError(t, err)
	assert.Equal(t, a, b)

	_, err = NewSFT(m, SFTOptions{})
	assert.ErrorContains(t, err, "sft: a model opened as bf16 without an adapter (want f32")
	rounds, err := OpenModel(t.Context(), dir, ModelOptions{DType: "bf16", Rounding: "hf"})
	require.NoError(t, err)
	defer rounds.Close()
	c, err := rounds.Answer(t.Context(), p, Sampling{MaxTokens: 6})
	require.NoError(t, err)
	assert.NotEqual(t, a.LogProbs, c.LogProbs)
	assert.InDelta(t, a.LogProbs[0], c.LogProbs[0], 0.2)
	_, err = NewSFT(rounds, SFTOptions{})
	assert.Error(t, err)
	_, err = OpenModel(t.Context(), dir, ModelOptions{Rounding: "vllm"})
	assert.EqualError(t, err, `rounding "vllm" (want hf, or nothing)`)
	_, err = OpenModel(t.Context(), dir, ModelOptions{DType: "fp8"})
	assert.EqualError(t, err, `dtype "fp8" (want f32 or bf16)`)
}

func TestLoadingReportsAndStops(t *testing.T) {
	from := fresh(t, "nano3")
	dir := filepath.Join(t.TempDir(), "m")
	require.NoError(t, from.Save(dir))
	for _, dtype := range []string{"f32", "bf16"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		last := int64(0)
		_, err := OpenModel(ctx, dir, ModelOptions{DType: dtype, Progress: func(read, total int64) {
			assert.Greater(t, read, last)
			assert.Equal(t, from.Parameters(), total)
			if last = read; read > total/2 {
				cancel(os.ErrDeadlineExceeded)
			}
		}})
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Less(t, last, from.Parameters())
	}
}

// A fresh adapter changes nothing; trained, on float32 or bfloat16 weights, it
// is saved, resumed, run and merged.
func TestAdapters(t *testing.T) {
	base := filepath.Join(t.TempDir(), "base")
	require.NoError(t, CreateModel(base, "nano3", 1))
	batch := questions(t, 3)
	p := ask(batch[0], true)
	score := func(m *Model) []float32 {
		s, err := m.Score(t.Context(), p, batch[0].Answer)
		require.NoError(t, err)
		return s.LogProbs
	}
	for _, dtype := range []string{"f32", "bf16"} {
		t.Run(dtype, func(t *testing.T) {
			open := func(adapter string) *Model {
				m, err := OpenModel(t.Context(), base, ModelOptions{DType: dtype, Adapter: adapter})
				require.NoError(t, err)
				t.Cleanup(func() { m.Close() })
				return m
			}
			start := func() (*Model, *SFT) {
				m := open("")
				before := score(m)
				require.NoError(t, m.AddAdapter(AdapterOptions{Rank: 4, Seed: 1}))
				assert.Equal(t, before, score(m))
				s, err := NewSFT(m, SFTOptions{LearningRate: 1e-2, Plain: true})
				require.NoError(t, err)
				return m, s
			}
			m, s := start()
			frozen := weights(m)
			first, err := s.Step(t.Context(), batch)
			require.NoError(t, err)
			dir := filepath.Join(t.TempDir(), "out")
			require.NoError(t, s.Save(dir))
			second, err := s.Step(t.Context(), batch)
			require.NoError(t, err)
			assert.Less(t, second.Loss, first.Loss)
			assert.Equal(t, frozen, weights(m))

			again, resumed := start()
			require.NoError(t, resumed.Resume(dir))
			_, err = resumed.Step(t.Context(), batch)
			require.NoError(t, err)
			assert.Equal(t, score(m), score(again))

			require.NoError(t, m.Save(dir))
			loaded := open(filepath.Join(dir, "adapter"))
			assert.Equal(t, score(m), score(loaded))
			require.NoError(t, loaded.MergeAdapter())
			tolerance := 1e-4
			if dtype == "bf16" { // merged weights are rounded to 8 bits
				tolerance = 0.1
			}
			assert.InDeltaSlice(t, score(m), score(loaded), tolerance)
		})
	}
	_, err := OpenModel(t.Context(), base, ModelOptions{Adapter: base})
	assert.ErrorContains(t, err, "adapter_config.json")
	m := fresh(t, "nano")
	assert.EqualError(t, m.AddAdapter(AdapterOptions{Rank: 1000}), "adapter: rank 1000 (want 1 to hidden_size 128)")
}
