package answer_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/answer"
)

// table holds the hand-made cases of the reward, each run through upstream's
// code. why is empty where the case speaks for itself.
var table = []struct {
	response, truth           string
	overall, format, accuracy float64
	why                       string
}{
	1:  {`<think>a</think>\boxed{A}`, "A", 1, 1, 1, ""},
	2:  {"<think>\nreason\n</think>\n\n\\boxed{2-1-3}", "2-1-3", 1, 1, 1, "new lines count as anything"},
	3:  {" \n\t<think>x</think>\\boxed{A}", "A", 1, 1, 1, "white space before a tag goes"},
	4:  {`Sure. <think>x</think>\boxed{A}`, "A", .9, 0, 1, "text before the tag stays"},
	5:  {`<think>x</think>The answer is \boxed{A}. Done.`, "A", 1, 1, 1, ""},
	6:  {`<think>x \boxed{A}</think>`, "A", .9, 0, 1, "a box inside the reasoning counts"},
	7:  {`<think>x \boxed{B}</think> so \boxed{A}`, "A", 1, 1, 1, "the last box counts"},
	8:  {`<think>x</think>\boxed{A} or maybe \boxed{B}`, "A", .1, 1, 0, "the last box counts"},
	9:  {`<think>x</think>\boxed{A} then \boxed{B`, "A", .1, 1, 0, "no way back to an earlier box"},
	10: {`<think>x</think>\boxed{ A }`, "A", 1, 1, 1, ""},
	11: {`<think>x</think>\boxed{2 - 1 - 3}`, "2-1-3", .1, 1, 0, "inner white space is kept"},
	12: {`<think>x</think>\boxed{a}`, "A", .1, 1, 0, "case counts"},
	13: {`<think>x</think>\boxed{A. Left}`, "A", .1, 1, 0, ""},
	14: {`<think>x</think>\boxed{\text{A}}`, "A", .1, 1, 0, "no LaTeX is read"},
	15: {`<think>x</think>\boxed{\boxed{A}}`, "A", 1, 1, 1, "the last box is the inner one"},
	16: {`<think>x</think>\boxed {A}`, "A", 0, 0, 0, ""},
	17: {`<think>x</think>boxed{A}`, "A", 0, 0, 0, ""},
	18: {`<think>x</think>\boxed{}`, "A", .1, 1, 0, ""},
	19: {`\boxed{A}`, "A", .9, 0, 1, ""},
	20: {`< think >x< / think >\boxed{A}`, "A", 1, 1, 1, "normalised before it is checked"},
	21: {`<think>x</think>\boxed{Left / Front}`, "Left/Front", 1, 1, 1, "the response is normalised"},
	22: {`<think>x</think>\boxed{Left/Front}`, "Left / Front", .1, 1, 0, "the truth is not"},
	23: {`<think>unterminated \boxed{A}`, "A", .9, 0, 1, ""},
	24: {`<think>x</think>no box here`, "None", .9, 0, 1, "no box reads as None"},
	25: {"<think>x</think>\\boxed{A}\n\n<think>y</think>", "A", 1, 1, 1, "anything may follow"},
	26: {`</think><think>x\boxed{A}</think>`, "A", .9, 0, 1, ""},
	27: {`<think></think>\boxed{3-0}`, "3-0", 1, 1, 1, ""},
	28: {`<think>x</think>\boxed{3}`, "3", 1, 1, 1, ""},
	// Upstream's truth is the integer 3 here, which no string equals: 0.1, 1, 0. A
	// truth is made a string where it is loaded, so the same answer earns 1.
	29: {`<think>x</think>\boxed{3}`, fmt.Sprint(3), 1, 1, 1, "a number as truth"},
	30: {`<THINK>x</THINK>\boxed{A}`, "A", .9, 0, 1, "tags keep their case"},
	31: {"<think>if a < b then\u00a0> c</think>\\boxed{A}", "A", 1, 1, 1, "Unicode white space"},
	32: {"<think>x</think>\\boxed{\u00a0A\u3000}", "A", 1, 1, 1, "Unicode white space"},
	33: {"", "A", 0, 0, 0, ""},
	34: {`<think>x</think>$\boxed{A}$<|im_end|>`, "A", 1, 1, 1, ""},
	35: {`<think>x</think>\boxed{A}}`, "A", 1, 1, 1, "a brace too many"},
	36: {`<think>x</think>\boxed{{A}`, "A", .1, 1, 0, "a brace too few"},
	37: {`<think>x</think>\\boxed{A}`, "A", 1, 1, 1, "two backslashes"},
	38: {`<think>a</think>\boxed{A`, "A", 0, 0, 0, ""},
	39: {`<think>a</think>\boxed{A</think>}`, "A", .1, 1, 0, "the box holds a tag"},
}

func TestGradeFollowsTheTable(t *testing.T) {
	for i, tc := range table[1:] {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			want := answer.Score{Overall: tc.overall, Format: tc.format, Accuracy: tc.accuracy}
			assert.Equal(t, want, answer.Grade(tc.response, tc.truth), tc.why)
		})
	}
}

func TestGradeReadsInvalidUTF8AsReplacementCharacters(t *testing.T) {
	for _, tc := range []struct{ name, bytes, want string }{
		{"a lone continuation", "a\x80b", "a\ufffdb"},
		{"a cut character of four bytes", "a\xf0\x9f\x99", "a\ufffd"},
		{"a cut character of three bytes", "\xe2\x82b", "\ufffdb"},
		{"a second byte that cannot follow", "\xe0\x80\x80", "\ufffd\ufffd\ufffd"},
		{"a surrogate", "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		{"beyond the last character", "\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
		{"overlong of four bytes", "\xf0\x8f\xbf\xbf", "\ufffd\ufffd\ufffd\ufffd"},
		{"a lead that never leads", "\xc0\xaf\xff\xf5\x80", "\ufffd\ufffd\ufffd\ufffd\ufffd"},
		{"two cut characters", "\xf1\x80\x80\xe1\x80\xc2b", "\ufffd\ufffd\ufffdb"},
		{"a lead after a cut one", "\xe1\x80\xe2\x82\xac", "\ufffd\u20ac"},
		{"a true replacement character", "\xef\xbf\xbd\xef\xbf", "\ufffd\ufffd"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, answer.Normalise(tc.bytes))
			got := answer.Grade(`<think></think>\boxed{.`+tc.bytes+`.}`, "."+tc.want+".")
			assert.Equal(t, answer.Score{Overall: 1, Format: 1, Accuracy: 1}, got)
		})
	}
}

func TestRuleRefusesTricks(t *testing.T) {
	think, single := answer.Rule{AnswerAfterThink: true}, answer.Rule{SingleBox: true}
	for _, tc := range []struct {
		name     string
		rule     answer.Rule
		response string
		accuracy float64
	}{
		{"answer behind the reasoning", think, `<think>x</think>\boxed{A}`, 1},
		{"a box in the reasoning as well", think, `<think>\boxed{B}</think>\boxed{A}`, 1},
		{"only a box in the reasoning", think, `<think>\boxed{A}</think>`, 0},
		{"reasoning behind the answer", think, `<think></think>\boxed{A}<think>x</think>`, 0},
		{"no reasoning", think, `\boxed{A}`, 0},
		{"one box", single, `\boxed{A}`, 1},
		{"two boxes", single, `\boxed{B}\boxed{A}`, 0},
		{"a box in a box", single, `\boxed{\boxed{A}}`, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.accuracy, tc.rule.Grade(tc.response, "A").Accuracy)
			assert.Equal(t, answer.Grade(tc.response, "A").Format, tc.rule.Grade(tc.response, "A").Format)
		})
	}
}

// Upstream's own expressions, with Python's white space spelt out.
var (
	formatRegexp = regexp.MustCompile(`(?s)^<think>.*</think>.*\\boxed\{.*\}.*$`)
	spaces       = `[\x09-\x0d\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]*`
	spaceRegexp  = regexp.MustCompile(spaces + `(<|>|/)` + spaces)
)

// soup draws up to n pieces that make and break every rule of the reward.
func soup(rng *rand.Rand, n int) string {
	pieces := []string{
		"<think>", "</think>", `\boxed{`, "}", "{", "<", ">", "/", "think", `\boxed`, `\`, "A", "None", "x",
		" ", "\n", "\t", "\x1c", "\x1f", "\u0085", "\u00a0", "\u1680", "\u2003", "\u2028", "\u3000", "\u200b", "\ufeff", "é", "🙂", "\ufffd",
	}
	var b strings.Builder
	for range rng.IntN(n + 1) {
		b.WriteString(pieces[rng.IntN(len(pieces))])
	}
	return b.String()
}

func TestFormatAndNormaliseEqualTheRegularExpressions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	formed := 0
	for range 40000 {
		s := soup(rng, 12)
		if rng.IntN(2) == 0 {
			s = "<think>" + s + "</think>" + soup(rng, 3) + `\boxed{` + soup(rng, 4)
		}
		require.Equal(t, formatRegexp.MatchString(s), answer.HasFormat(s), "HasFormat(%q)", s)
		require.Equal(t, spaceRegexp.ReplaceAllString(s, "$1"), answer.Normalise(s), "Normalise(%q)", s)
		if answer.HasFormat(s) {
			formed++
		}
	}
	assert.Greater(t, formed, 1000, "too few strings of the right form to mean anything")
}

func TestWithFormatJoinsByOneSpace(t *testing.T) {
	const want = `<image>Which? You FIRST think about the reasoning process as an internal monologue and then provide the final answer. ` +
		`The reasoning process MUST BE enclosed within <think> </think> tags. The final answer MUST BE put in \boxed{}.`
	assert.Equal(t, want, answer.WithFormat("\n\u3000<image>Which?\x1c \n"))
}

func FuzzGrade(f *testing.F) {
	for _, tc := range table[1:] {
		f.Add(tc.response, tc.truth)
	}
	f.Add("\xf0\x9f\x99<think>\xed\xa0", "\xff")
	f.Fuzz(func(t *testing.T, response, truth string) {
		text := answer.Normalise(response)
		require.Equal(t, text, answer.Normalise(text), "normalising again changes nothing")
		require.Equal(t, formatRegexp.MatchString(text), answer.HasFormat(text))
		s := answer.Grade(response, truth)
		require.Equal(t, s, answer.Grade(text, truth), "a normalised response scores the same")
		require.Contains(t, []float64{0, .1, .9, 1}, s.Overall)
		box := answer.Boxed(text)
		require.True(t, box == "None" || strings.Contains(text, box))
	})
}

// hostile are 10 MB texts on which a backtracking or repeated scan is slow.
func hostile() map[string]string {
	const size = 10 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	return map[string]string{
		"spaces":    fill(" "),
		"tags":      "<think>" + fill("< / think >"),
		"boxes":     "<think></think>" + fill(`\boxed{`),
		"braces":    `<think></think>\boxed{` + fill("{"),
		"backslash": fill(`\`),
		"invalid":   fill("\xf0\x9f\x99"),
		"prose":     "<think>" + fill("the patch at the left continues the table ") + `</think>\boxed{A}`,
	}
}

// A scan that is not linear would not come back from these.
func TestGradeTakesHostileText(t *testing.T) {
	want := map[string]float64{"spaces": 0, "tags": 0, "boxes": 0, "braces": 0, "backslash": 0, "invalid": 0, "prose": 1}
	for name, s := range hostile() {
		assert.Equal(t, want[name], answer.Grade(s, "A").Overall, name)
	}
}

func BenchmarkGrade10MB(b *testing.B) {
	for name, s := range hostile() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				answer.Grade(s, "A")
			}
		})
	}
}

func ExampleGrade() {
	const response = "<think>The nearest marker is 2.</think>\n\\boxed{2-1-3}"
	fmt.Println(answer.Grade(response, "2-1-3").Overall, answer.Grade(response, "1-2-3").Overall)
	// Output: 1 0.1
}
