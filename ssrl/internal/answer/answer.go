// Package answer asks for answers in a fixed form, finds them in what a model
// wrote and scores them against the truth.
//
// The score is that of Spatial-SSRL's img_score (EasyR1 reward function
// math.py) with mathruler's box extraction: equal on every string, in one pass
// and without regular expressions.
//
// Limits: time and memory are linear in the text. Equality is of strings, with
// no mathematics: "1/2" is not "0.5". A truth that is not a string is made one
// where it is loaded; upstream compares types and never rewards a number.
package answer

import "strings"

// The reward of the Spatial-SSRL recipe weighs being right against being well
// formed (paper, section 3.3; upstream's img_score).
const (
	accuracyWeight = 0.9
	formatWeight   = 0.1
)

const (
	thinkOpen  = "<think>"
	thinkClose = "</think>"
	boxOpen    = `\boxed{`
)

// noBox is what Boxed returns without a box. Upstream returns this very string,
// so a truth of "None" is answered by not answering.
const noBox = "None"

// Score is the reward of one response.
type Score struct {
	Overall  float64 // 0.9 Accuracy + 0.1 Format
	Format   float64 // 1: a closed think block, then a box; else 0
	Accuracy float64 // 1: the last box holds the truth, letter for letter; else 0
}

// Rule says what a right answer needs besides holding the truth. The zero Rule
// is upstream's. The others close known ways to earn the accuracy reward
// without thinking first; an answer that breaks one has Accuracy 0.
type Rule struct {
	AnswerAfterThink bool // the last box opens behind the last </think>
	SingleBox        bool // the response opens one box only
}

// Grade scores a response against the truth by upstream's rule.
func Grade(response, truth string) Score { return Rule{}.Grade(response, truth) }

// Grade scores a response against the truth. The response is normalised, the
// truth is not.
func (r Rule) Grade(response, truth string) Score {
	text := Normalise(response)
	var s Score
	if HasFormat(text) {
		s.Format = 1
	}
	if r.allows(text) && Boxed(text) == repair(truth) {
		s.Accuracy = 1
	}
	s.Overall = accuracyWeight*s.Accuracy + formatWeight*s.Format
	return s
}

// allows reports whether normalised text keeps the rule.
func (r Rule) allows(text string) bool {
	if r.AnswerAfterThink {
		think := strings.LastIndex(text, thinkClose)
		if think < 0 || strings.LastIndex(text, boxOpen) < think {
			return false
		}
	}
	return !r.SingleBox || strings.Count(text, boxOpen) <= 1
}

// HasFormat reports whether the whole text reads <think>…</think>…\boxed{…}…
// with anything, or nothing, at each ellipsis. Text is taken as it stands:
// Grade normalises it first.
func HasFormat(text string) bool {
	rest, ok := strings.CutPrefix(text, thinkOpen)
	for _, part := range []string{thinkClose, boxOpen, "}"} {
		if ok {
			_, rest, ok = strings.Cut(rest, part)
		}
	}
	return ok
}

// Boxed returns the inside of the last \boxed{…} of text, without white space at
// its ends. Braces are counted, escaped or not. It is "None" when there is no box
// or the last one never closes: an earlier box does not count then.
func Boxed(text string) string {
	start := strings.LastIndex(text, boxOpen)
	if start < 0 {
		return noBox
	}
	inside := text[start+len(boxOpen):]
	depth := 1
	for i := range len(inside) {
		switch inside[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return strings.TrimFunc(inside[:i], isSpace)
		}
	}
	return noBox
}
