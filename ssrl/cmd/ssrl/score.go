package main

import "context"

type scoreCmd struct {
	modelFlags
	promptFlags
	pixelFlags
	Prompt string `help:"The question."`
	Answer string `required:"" help:"The answer that is scored."`
	JSON   bool   `name:"json" help:"One JSON object."`
}

// Help is an example.
func (c *scoreCmd) Help() string {
	return `Example:
  ssrl score --model MODEL --image photo.jpg --prompt 'What is it?' --answer 'A cup.'`
}

func (c *scoreCmd) Run(ctx context.Context) error {
	p, err := c.prompt(c.Prompt)
	if err != nil {
		return err
	}
	if c.Pixels, err = c.options(); err != nil {
		return err
	}
	m, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	s, err := m.Score(ctx, p, c.Answer)
	if err != nil {
		return err
	}
	if c.JSON {
		return emit(struct {
			Prompt   []int32   `json:"prompt_tokens"`
			Answer   []int32   `json:"answer_tokens"`
			LogProbs []float32 `json:"logprobs"`
			Top      []int32   `json:"top1"`
		}{s.PromptTokens, s.AnswerTokens, s.LogProbs, s.Top})
	}
	sum := 0.0
	for i, lp := range s.LogProbs {
		if err := show("%8d %9.4f %s\n", s.AnswerTokens[i], lp, m.Token(s.AnswerTokens[i])); err != nil {
			return err
		}
		sum += float64(lp)
	}
	note("%s, log-probability %.4f", count(len(s.LogProbs), "token"), sum)
	return nil
}
