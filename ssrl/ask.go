package ssrl

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"ssrl/internal/answer"
	"ssrl/internal/decode"
)

// Answer is what a model said.
type Answer struct {
	Text     string
	Tokens   []int32   // the end token or what makes the stop string included, if it came
	LogProbs []float32 // of each token, natural log, after penalty and temperature
	Finish   string    // "stop", "length" or "cancel"
}

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
	pieces, stopper := m.words.Pieces(true), answer.NewStopper(s.Stop)
	var text strings.Builder
	left, stopped := false, false
	say := func(piece string) {
		text.WriteString(piece)
		left = left || piece != "" && !hear(piece)
	}
	heard := func(_, _ int, token int32) bool {
		var piece string
		piece, stopped = stopper.Push(pieces.Push(token))
		say(piece)
		return !left && !stopped
	}
	answers, err := decode.Generate(ctx, m.net, []decode.Request{{Prompt: prompt, Random: s.streams("")}}, sampling, heard)
	if answers == nil {
		return Answer{}, err
	}
	a := answers[0][0]
	if stopped {
		a.Finish = decode.Stop
	} else if !left {
		piece, ended := stopper.Push(pieces.Flush())
		if say(piece); !ended && !left {
			say(stopper.Flush())
		}
	}
	return Answer{text.String(), a.Tokens, a.LogProbs, a.Finish}, err
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
