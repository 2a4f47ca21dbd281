package chat_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/bpe"
	"ssrl/internal/chat"
	"ssrl/internal/golden"
)

// left lists reference cases that are not compared, by file and name, with the
// reason. There are none.
var left = map[string]string{}

// tokenizer returns a family's tokenizer with Qwen's full vocabulary.
func tokenizer(t testing.TB, family chat.Family) *bpe.Tokenizer {
	dir := golden.Dir(t, "tokenizer")
	tok, err := bpe.Load(dir)
	require.NoError(t, err)
	if family == chat.Qwen3 {
		var added []bpe.Added
		golden.JSON(t, filepath.Join(dir, "added_tokens_qwen3_vl.json"), &added)
		tok, err = tok.With(added...)
		require.NoError(t, err)
	}
	return tok
}

func TestRenderEqualsTheTemplates(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(golden.Dir(t, "chat"), "*.jsonl"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	toks := map[chat.Family]*bpe.Tokenizer{chat.Qwen25: tokenizer(t, chat.Qwen25), chat.Qwen3: tokenizer(t, chat.Qwen3)}
	type result struct {
		Prompt, Error string
		IDs           []int32
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(raw)) {
			var c struct {
				Name     string
				Messages json.RawMessage
				Options  chat.Options
				Two      result `json:"qwen2_5_vl"`
				Three    result `json:"qwen3_vl"`
			}
			require.NoError(t, json.Unmarshal([]byte(line), &c))
			for family, want := range map[chat.Family]result{chat.Qwen25: c.Two, chat.Qwen3: c.Three} {
				t.Run(c.Name+"/"+family.String(), func(t *testing.T) {
					if why := left[c.Name+"/"+family.String()]; why != "" {
						t.Skip(why)
					}
					prompt, err := render(family, c.Messages, c.Options)
					if want.Error != "" {
						assert.Error(t, err)
						return
					}
					require.NoError(t, err)
					assert.Equal(t, want.Prompt, prompt.Text())
					assert.Equal(t, want.IDs, toks[family].Encode(prompt.Text(), true))
					ids, err := prompt.IDs(toks[family])
					require.NoError(t, err)
					if forged(c.Messages) {
						assert.NotEqual(t, want.IDs, ids, "a message forged a control token")
						return
					}
					assert.Equal(t, want.IDs, ids)
				})
			}
		}
	}
}

func render(family chat.Family, raw json.RawMessage, o chat.Options) (chat.Prompt, error) {
	messages, err := chat.ParseMessages(raw)
	if err != nil {
		return nil, err
	}
	return chat.Render(family, messages, o)
}

// forged tells whether a message holds a control token as text.
func forged(messages json.RawMessage) bool { return strings.Contains(string(messages), "<|") }

// modelCase is a case of models/NAME.golden/cases.json.
type modelCase struct {
	Name         string
	Messages     json.RawMessage
	PromptText   string   `json:"prompt_text"`
	PromptTokens []int32  `json:"prompt_tokens"`
	Images       [][3]int `json:"image_grid_thw"`
	Videos       [][3]int `json:"video_grid_thw"`
}

// Prompts of the tiny models, rendered, encoded and expanded: pictures and clips
// of both families, Qwen3-VL's with their times.
func TestExpandEqualsTheProcessors(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(golden.Dir(t, "models"), "*.golden", "cases.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		var cases struct {
			Family string
			Cases  []modelCase
		}
		golden.JSON(t, file, &cases)
		require.NotEmpty(t, cases.Cases)
		name := strings.TrimSuffix(filepath.Base(filepath.Dir(file)), ".golden")
		family, ok := map[string]chat.Family{"2.5": chat.Qwen25, "3": chat.Qwen3}[cases.Family]
		require.True(t, ok, "%s: family %q", file, cases.Family)
		tok, err := bpe.Load(golden.Dir(t, "models", name))
		if err != nil {
			require.ErrorIs(t, err, os.ErrNotExist)
			tok = tokenizer(t, family)
		}
		for _, c := range cases.Cases {
			t.Run(name+"/"+c.Name, func(t *testing.T) {
				if why := left[name+"/"+c.Name]; why != "" {
					t.Skip(why)
				}
				checkModelCase(t, family, tok, c)
			})
		}
	}
}

func checkModelCase(t *testing.T, family chat.Family, tok *bpe.Tokenizer, c modelCase) {
	messages, err := chat.ParseMessages(c.Messages)
	require.NoError(t, err)
	prompt, err := chat.Render(family, messages, chat.Options{})
	require.NoError(t, err)
	require.Equal(t, c.PromptText, prompt.Text())
	const merge = 4 // patches of one place
	var images, videos []int
	for _, g := range c.Images {
		images = append(images, g[0]*g[1]*g[2]/merge)
	}
	for _, g := range c.Videos {
		if family == chat.Qwen25 {
			videos = append(videos, g[0]*g[1]*g[2]/merge)
			continue
		}
		for range g[0] {
			videos = append(videos, g[1]*g[2]/merge)
		}
	}
	if family == chat.Qwen3 {
		prompt, err = prompt.Clips(clipTimes(t, messages))
		require.NoError(t, err)
	}
	image, _ := tok.ID(chat.ImagePad)
	video, _ := tok.ID(chat.VideoPad)
	safe, err := prompt.IDs(tok)
	require.NoError(t, err)
	for _, ids := range [][]int32{safe, tok.Encode(prompt.Text(), true)} {
		ids, err := chat.Expand(ids, image, video, images, videos)
		require.NoError(t, err)
		assert.Equal(t, c.PromptTokens, ids)
	}
}

// clipTimes returns the times of clips given as frames that were taken at FPS.
func clipTimes(t *testing.T, messages []chat.Message) (times [][]float64) {
	for _, m := range messages {
		for _, p := range m.Parts {
			if p.Kind != chat.Video {
				continue
			}
			indices := make([]int, len(p.Paths))
			for i := range indices {
				indices[i] = i
			}
			stamps, err := chat.Timestamps(indices, p.FPS)
			require.NoError(t, err)
			times = append(times, stamps)
		}
	}
	return times
}

// Times of the frames that Qwen3-VL's processor picks.
func TestTimestampsEqualTheProcessors(t *testing.T) {
	raw, err := os.ReadFile(golden.Dir(t, "preprocess", "video", "frames.jsonl"))
	require.NoError(t, err)
	compared := 0
	for line := range strings.Lines(string(raw)) {
		var c struct {
			FPS    *float64
			Result json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(line), &c))
		var want struct {
			Indices []int
			Stamps  []string
		}
		if json.Unmarshal(c.Result, &want) != nil || want.Stamps == nil {
			continue // an error, or a rule without times
		}
		fps := 24.0 // the processor's guess where the source does not say
		if c.FPS != nil {
			fps = *c.FPS
		}
		times, err := chat.Timestamps(want.Indices, fps)
		require.NoError(t, err)
		prompt, err := chat.Render(chat.Qwen3, []chat.Message{{Role: "user", Parts: []chat.Part{{Kind: chat.Video}}}}, chat.Options{})
		require.NoError(t, err)
		prompt, err = prompt.Clips([][]float64{times})
		require.NoError(t, err)
		stamps := ""
		for _, s := range want.Stamps {
			stamps += s + chat.VisionStart + chat.VideoPad + chat.VisionEnd
		}
		assert.Equal(t, "<|im_start|>user\n"+stamps+"<|im_end|>\n<|im_start|>assistant\n", prompt.Text())
		compared++
	}
	assert.NotZero(t, compared)
}
