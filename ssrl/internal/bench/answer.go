package bench

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"ssrl"
)

// AnswerOptions configures Answer.
type AnswerOptions struct {
	Model    string // "": a fresh nano model
	DType    string // of the weights, as in ssrl.ModelOptions
	Products string // likewise; f32 stands for ""
	Threads  int    // 0 means one for each processor
	Prompt   int    // tokens, about; 0 means 512
	Tokens   int    // to draw after the first; 0 means 16
	Size     image.Point
	Runs     int // 0 means 3, one more comes before them
}

// AnswerReport is what it took to load a model and to answer with it.
// _reference/answer_peer.py and llama_peer.mjs print the same of transformers and
// of llama.cpp.
type AnswerReport struct {
	Impl       string  `json:"impl"`
	Threads    int     `json:"threads"`
	DType      string  `json:"dtype"`
	Products   string  `json:"products"`
	Parameters int64   `json:"parameters"`
	LoadS      float64 `json:"load_s"`

	PromptTokens int     `json:"prompt_tokens"`
	PromptPS     float64 `json:"prefill_tokens_per_s"`
	PromptS      Spread  `json:"prefill_s"`
	TokenPS      float64 `json:"decode_tokens_per_s"`
	TokenS       Spread  `json:"decode_token_s"`

	Image   [2]int  `json:"image"`
	ImageS  Spread  `json:"encode_s"`
	FirstS  float64 `json:"first_token_s"` // from the program's start, the model just opened: picture and question
	PeakRSS float64 `json:"peak_rss_mb"`
}

// Answer measures prompts, tokens and pictures one after the other.
func Answer(ctx context.Context, opts AnswerOptions) (r AnswerReport, err error) {
	opts.Prompt, opts.Tokens, opts.Runs = cmp.Or(opts.Prompt, 512), cmp.Or(opts.Tokens, 16), cmp.Or(opts.Runs, 3)
	opts.Threads, opts.DType = cmp.Or(opts.Threads, runtime.GOMAXPROCS(0)), cmp.Or(opts.DType, "f32")
	if opts.Size == (image.Point{}) {
		opts.Size = image.Pt(640, 480)
	}
	if opts.Model == "" {
		dir, err := os.MkdirTemp("", "ssrl-bench-*")
		if err != nil {
			return r, err
		}
		defer os.RemoveAll(dir)
		opts.Model = filepath.Join(dir, "nano")
		if err := ssrl.CreateModel(opts.Model, "nano", 1); err != nil {
			return r, err
		}
	}
	start := time.Now()
	opts.Products = cmp.Or(opts.Products, "f32")
	m, err := ssrl.OpenModel(ctx, opts.Model, ssrl.ModelOptions{Threads: opts.Threads, DType: opts.DType, Products: strings.TrimPrefix(opts.Products, "f32")})
	if err != nil {
		return r, err
	}
	defer m.Close()
	r = AnswerReport{Impl: "libssrl " + ssrl.Version, Threads: opts.Threads, DType: opts.DType, Products: opts.Products, Parameters: m.Parameters(),
		LoadS: time.Since(start).Seconds(), Image: [2]int{opts.Size.X, opts.Size.Y}}

	picture := ssrl.Prompt{Text: "Which is nearer?", Images: []image.Image{gradient(opts.Size)}}
	var images, prompts, tokens []float64
	for i := range opts.Runs + 1 {
		if _, err := m.Answer(ctx, picture, ssrl.Sampling{MaxTokens: 1}); err != nil {
			return r, err
		}
		if i == 0 {
			r.FirstS = sinceStart(start)
			continue
		}
		images = append(images, m.Times().Pictures.Seconds())
	}
	text, err := words(ctx, m, opts.Prompt)
	if err != nil {
		return r, err
	}
	for i := range opts.Runs + 1 {
		a, err := m.Answer(ctx, text, ssrl.Sampling{MaxTokens: 1 + opts.Tokens, Temperature: 1, Seed: uint64(i)})
		if err != nil {
			return r, err
		}
		r.PromptTokens = a.PromptTokens
		if t := m.Times(); i > 0 {
			prompts = append(prompts, t.Prompts.Seconds())
			if n := len(a.Tokens) - 1; n > 0 { // an end token may come early
				tokens = append(tokens, t.Tokens.Seconds()/float64(n))
			}
		}
	}
	r.ImageS, r.PromptS = spreadOf(images), spreadOf(prompts)
	r.PromptPS = float64(r.PromptTokens) / r.PromptS.Median
	if len(tokens) > 0 {
		r.TokenS = spreadOf(tokens)
		r.TokenPS = rate(r.TokenS.Median)
	}
	r.PeakRSS = peakMB()
	return r, nil
}

// words is a question of about n tokens.
func words(ctx context.Context, m *ssrl.Model, n int) (ssrl.Prompt, error) {
	p := ssrl.Prompt{Text: strings.Repeat("a ", n)}
	a, err := m.Answer(ctx, ssrl.Prompt{Text: strings.Repeat("a ", 64)}, ssrl.Sampling{MaxTokens: 1})
	if err != nil {
		return p, err
	}
	b, err := m.Answer(ctx, ssrl.Prompt{Text: strings.Repeat("a ", 128)}, ssrl.Sampling{MaxTokens: 1})
	if err != nil {
		return p, err
	}
	each := float64(b.PromptTokens-a.PromptTokens) / 64
	fixed := float64(a.PromptTokens) - 64*each
	p.Text = strings.Repeat("a ", max(1, int((float64(n)-fixed)/each)))
	return p, nil
}

// gradient is a picture.
func gradient(size image.Point) image.Image {
	img := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			img.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y >> 8), 255})
		}
	}
	return img
}

// sinceStart is the age of the process in seconds or, where the system does not
// tell, the time since start.
func sinceStart(start time.Time) float64 {
	if age := processAge(); age > 0 {
		return age
	}
	return time.Since(start).Seconds()
}

// String is a table for people.
func (r AnswerReport) String() string {
	return fmt.Sprintf("load %.2f s, first token of a question about a picture %.2f s after the start, %.0f MB at most\n"+
		"prompt of %d tokens %.2f s, %.1f tokens/s\ntoken %.1f ms, %.2f tokens/s\npicture of %d x %d %.2f s (best %.2f s)\n",
		r.LoadS, r.FirstS, r.PeakRSS, r.PromptTokens, r.PromptS.Median, r.PromptPS, 1e3*r.TokenS.Median, r.TokenPS,
		r.Image[0], r.Image[1], r.ImageS.Median, r.ImageS.Min)
}
