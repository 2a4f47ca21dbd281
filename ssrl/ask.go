package ssrl

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"

	"ssrl/internal/decode"
	"ssrl/internal/seed"
)

// Answer is what a model said.
type Answer struct {
	Text     string
	Tokens   []int32   // the end token included, if it came
	LogProbs []float32 // of each token, natural log, after penalty and temperature
	Finish   string    // "stop", "length" or "cancel"
}

// streams are the random numbers of one answer, named apart by name.
func (s Sampling) streams(name string) []*rand.Rand {
	return []*rand.Rand{seed.Rand(s.Seed, "answer", name)}
}

// Answer asks once. When ctx ends it returns what was said so far and the cause.
func (m *Model) Answer(ctx context.Context, p Prompt, s Sampling) (Answer, error) {
	return m.answer(ctx, p, s, nil)
}

func (m *Model) answer(ctx context.Context, p Prompt, s Sampling, emit func(token int32) bool) (Answer, error) {
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
	heard := func(_, _ int, token int32) bool { return emit == nil || emit(token) }
	answers, err := decode.Generate(ctx, m.net, []decode.Request{{Prompt: prompt, Random: s.streams("")}}, sampling, heard)
	if answers == nil {
		return Answer{}, err
	}
	a := answers[0][0]
	return Answer{m.words.Decode(a.Tokens, true), a.Tokens, a.LogProbs, a.Finish}, err
}

// Generate yields the answer as it is made, in whole UTF-8 pieces. Leaving the
// loop ends it. An error is the last thing yielded.
func (m *Model) Generate(ctx context.Context, p Prompt, s Sampling) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		pieces := m.words.Pieces(true)
		left := false
		_, err := m.answer(ctx, p, s, func(token int32) bool {
			if piece := pieces.Push(token); piece != "" {
				left = !yield(piece, nil)
			}
			return !left
		})
		if left {
			return
		}
		if rest := pieces.Flush(); rest != "" && !yield(rest, nil) {
			return
		}
		if err != nil {
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
