package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"

	"ssrl"
)

type askCmd struct {
	modelFlags
	promptFlags
	pixelFlags
	MaxTokens         int      `default:"256" help:"Longest answer."`
	Recommended       bool     `help:"Draw as the model's generation_config.json says; other flags that are given count."`
	Temperature       float64  `help:"0 is the most probable answer."`
	TopP              float64  `name:"top-p" help:"Draws from the most probable tokens that make up this share."`
	TopK              int      `name:"top-k" help:"Draws from this many tokens."`
	MinP              float64  `name:"min-p" help:"Draws from tokens at least this share as probable as the best."`
	RepetitionPenalty float64  `help:"Above 1 makes tokens that were seen less probable."`
	Order             string   `default:"transformers" enum:"transformers,vllm" help:"Of the steps: transformers, or vllm, whose min-p comes before top-k."`
	Stop              []string `sep:"none" help:"Text that ends the answer; may be given several times."`
	Seed              uint64   `help:"Of the drawing."`
	JSON              bool     `name:"json" help:"One JSON object with tokens and log-probabilities."`
	Question          string   `arg:"" optional:"" help:"What to ask."`
}

// Help is an example.
func (c *askCmd) Help() string {
	return `Example:
  ssrl ask --model MODEL --image photo.jpg --recommended --stop '</answer>' "Which object is nearer?"`
}

// maxTokens bounds an answer: more than any model's context holds.
const maxTokens = 1 << 20

func (c *askCmd) Run(ctx context.Context) error {
	p, err := c.prompt(c.Question)
	if err != nil {
		return err
	}
	if c.MaxTokens < 1 || c.MaxTokens > maxTokens {
		return usageError{fmt.Errorf("--max-tokens %d (want 1 to %d)", c.MaxTokens, maxTokens)}
	}
	if c.Pixels, err = c.options(); err != nil {
		return err
	}
	m, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	s, err := c.sampling(m)
	if err != nil {
		return err
	}
	if c.JSON {
		a, err := m.Answer(ctx, p, s)
		if err != nil && a.Finish != "cancel" {
			return err
		}
		return errors.Join(emit(struct {
			Text     string    `json:"text"`
			Tokens   []int32   `json:"tokens"`
			LogProbs []float32 `json:"logprobs"`
			Finish   string    `json:"finish"`
		}{a.Text, a.Tokens, a.LogProbs, a.Finish}), err)
	}
	return c.say(m.Generate(ctx, p, s))
}

// sampling is what the flags say, on top of what the model recommends if that is
// wanted.
func (c *askCmd) sampling(m *ssrl.Model) (s ssrl.Sampling, err error) {
	if c.Recommended {
		if s, err = m.Recommended(); err != nil {
			return s, err
		}
	}
	s.MaxTokens, s.Order, s.Stop, s.Seed = c.MaxTokens, c.Order, c.Stop, c.Seed
	s.Temperature = cmp.Or(c.Temperature, s.Temperature)
	s.TopP = cmp.Or(c.TopP, s.TopP)
	s.TopK = cmp.Or(c.TopK, s.TopK)
	s.MinP = cmp.Or(c.MinP, s.MinP)
	s.RepetitionPenalty = cmp.Or(c.RepetitionPenalty, s.RepetitionPenalty)
	return s, nil
}

// say prints an answer while it comes. What came before an error ends in a new
// line.
func (c *askCmd) say(pieces iter.Seq2[string, error]) error {
	said := false
	for piece, err := range pieces {
		if err == nil {
			said, err = true, show("%s", piece)
		}
		if err != nil {
			if said {
				show("\n")
			}
			return err
		}
	}
	return show("\n")
}
