package answer

import "strings"

// Instruction tells the model how to answer. It is the sentence block of
// EasyR1's format prompt math.jinja, on which the reward's format relies.
const Instruction = `You FIRST think about the reasoning process as an internal monologue and then provide the final answer. ` +
	`The reasoning process MUST BE enclosed within <think> </think> tags. The final answer MUST BE put in \boxed{}.`

// WithFormat returns the problem, without white space at its ends, followed by a
// space and Instruction: what a model is asked in training.
func WithFormat(problem string) string {
	return strings.TrimFunc(problem, isSpace) + " " + Instruction
}
