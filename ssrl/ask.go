package ssrl

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"ssrl/internal/answer"
	"ssrl/internal/bpe"
	"ssrl/internal/decode"
)

// Answer is what a model said.
type Answer struct {
	Text     string
	Tokens   []int32   // the end token or what makes the stop string included, if it came
	LogProbs []float32 // of each token, natural log, after penalty and temperature
	Finish   string    // "stop", "length" or "cancel"

	PromptTokens int // places of pictures included
}

// Times is where the time of a call went that draws answers.
type Times struct {
	Pictures time.Duration // in the vision tower
	Prompts  time.Duration // in the rest of the steps that compute prompts and draw first tokens
	Tokens   time.Duration // in all other steps
}

// Times are those of the model's latest call of Answer, Stream or AnswerAll.
func (m *Model) Times() Times { return Times(m.times) }

// Answer asks once. When ctx ends it returns what was said so far and the cause.
func (m *Model) Answer(ctx context.Context, p Prompt, s Sampling) (Answer, error) {
	return m.Stream(ctx, p, s, func(string) bool { return true })
}

// Stream is Answer that hands the text to hear as it is made, in whole UTF-8
// pieces, until hear returns false; what could be the beginning of a stop string
// comes when it is known not to be one. The pieces together are the answer's
// text.
func (m *Model) Stream(ctx context.Context, p Prompt, s Sampling, hear func(piece string) bool) (Answer, error) {
	release, err := m.use()
	if err != nil {
		return Answer{}, err
	}
	defer release()
	sampling, err := s.internal()
	if err != nil {
		return Answer{}, err
	}
	prompt, err := m.prompt(p)
	if err != nil {
		return Answer{}, err
	}
	v := m.voice(s, hear)
	heard := func(_, _ int, token int32) bool { return v.say(token) }
	answers, times, err := decode.Run(ctx, m.net, []decode.Request{{Prompt: prompt, Random: s.streams("")}}, sampling, heard)
	if answers == nil {
		return Answer{}, err
	}
	m.times = times
	a := v.answer(answers[0][0])
	a.PromptTokens = len(prompt.IDs)
	return a, err
}

// AnswerAll gives n answers to every prompt, all of them drawn together: a prompt
// is computed once, and an answer that ends makes room for the next. What an
// answer says does not depend on the others: the first to a prompt is Answer's,
// and the next ones draw from random numbers of their own, the same for every
// prompt. When ctx ends it returns what was said so far and the cause.
func (m *Model) AnswerAll(ctx context.Context, prompts []Prompt, n int, s Sampling) ([][]Answer, error) {
	release, err := m.use()
	if err != nil {
		return nil, err
	}
	defer release()
	sampling, err := s.internal()
	if err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, fmt.Errorf("%d answers (want at least 1)", n)
	}
	requests, voices := make([]decode.Request, len(prompts)), make([][]*voice, len(prompts))
	for i, p := range prompts {
		prompt, err := m.prompt(p)
		if err != nil {
			return nil, fmt.Errorf("prompt %d: %w", i+1, err)
		}
		requests[i].Prompt = prompt
		for k := range n {
			name := ""
			if k > 0 {
				name = fmt.Sprint(k)
			}
			requests[i].Random = append(requests[i].Random, s.streams(name)...)
			voices[i] = append(voices[i], m.voice(s, func(string) bool { return true }))
		}
	}
	answers, times, err := decode.Run(ctx, m.net, requests, sampling, func(request, answer int, token int32) bool {
		return voices[request][answer].say(token)
	})
	if answers == nil {
		return nil, err
	}
	m.times = times
	out := make([][]Answer, len(prompts))
	for i, group := range answers {
		for k, a := range group {
			b := voices[i][k].answer(a)
			b.PromptTokens = len(requests[i].Prompt.IDs)
			out[i] = append(out[i], b)
		}
	}
	return out, err
}

// voice turns the tokens of an answer into text, up to a stop string.
type voice struct {
	pieces        *bpe.Pieces
	stopper       *answer.Stopper
	hear          func(piece string) bool
	text          strings.Builder
	left, stopped bool
}

func (m *Model) voice(s Sampling, hear func(piece string) bool) *voice {
	return &voice{pieces: m.words.Pieces(true), stopper: answer.NewStopper(s.Stop), hear: hear}
}

func (v *voice) piece(text string) {
	v.text.WriteString(text)
	v.left = v.left || text != "" && !v.hear(text)
}

// say takes a token and reports whether the answer goes on.
func (v *voice) say(token int32) bool {
	var piece string
	piece, v.stopped = v.stopper.Push(v.pieces.Push(token))
	v.piece(piece)
	return !v.left && !v.stopped
}

// answer is the whole of it.
func (v *voice) answer(a decode.Answer) Answer {
	if v.stopped {
		a.Finish = decode.Stop
	} else if !v.left {
		piece, ended := v.stopper.Push(v.pieces.Flush())
		if v.piece(piece); !ended && !v.left {
			v.piece(v.stopper.Flush())
		}
	}
	return Answer{Text: v.text.String(), Tokens: a.Tokens, LogProbs: a.LogProbs, Finish: a.Finish}
}

// Generate yields the pieces of Stream. Leaving the loop ends it. An error is the
// last thing yielded.
func (m *Model) Generate(ctx context.Context, p Prompt, s Sampling) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		left := false
		_, err := m.Stream(ctx, p, s, func(piece string) bool {
			left = !yield(piece, nil)
			return !left
		})
		if err != nil && !left {
			yield("", err)
		}
	}
}

// TokenScores are the log-probabilities of a given answer.
type TokenScores struct {
	PromptTokens []int32   // image places expanded
	AnswerTokens []int32   // without an end token
	LogProbs     []float32 // natural log, of each answer token
	Top          []int32   // the most probable token at each place
}

// Score computes how probable an answer is.
func (m *Model) Score(ctx context.Context, p Prompt, answer string) (TokenScores, error) {
	release, err := m.use()
	if err != nil {
		return TokenScores{}, err
	}
	defer release()
	prompt, err := m.prompt(p)
	if err != nil {
		return TokenScores{}, err
	}
	out := TokenScores{PromptTokens: prompt.IDs, AnswerTokens: m.words.Encode(answer, false)}
	if len(out.AnswerTokens) == 0 {
		return out, fmt.Errorf("score: empty answer (want at least one token)")
	}
	out.LogProbs, out.Top, err = decode.Score(ctx, m.net, decode.Group{Prompt: prompt, Answers: [][]int32{out.AnswerTokens}})
	return out, err
}

// Token is the text of a token, for people.
func (m *Model) Token(id int32) string { return m.words.Decode([]int32{id}, false) }
