package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestConsoleShowsMetricsAndAnswers(t *testing.T) {
	workspace(t, nil)
	const small = " steps=3 batch=1 show_every=2 plain=true"
	r := ssrlCommand(t, "grpo --model model --data ds --out rewarded group=2 max_tokens=4"+small)
	lines := strings.Split(strings.TrimSpace(r.err), "\n")
	assert.Len(t, lines, 5, r.err)
	assert.Regexp(t, `^step 2: reward [\d.]+, gradient \S+, reward/accuracy \S+, reward/format \S+, actor/kl_loss \S+, response_length/mean \S+, actor/lr \S+$`, lines[0])
	assert.Regexp(t, `^scene-\d+\.png-\w+-\d, truth \S+, reward \d\.\d: `, lines[1])
	assert.True(t, strings.HasPrefix(lines[2], "step 3: "), r.err)
	assert.Equal(t, "3 steps, model in rewarded", lines[4])

	r = ssrlCommand(t, "sft --model model --data ds --out taught"+small)
	assert.Regexp(t, `(?s)^step 2: loss [\d.]+, gradient \S+\nstep 3: .*\n3 steps, model in taught\n$`, r.err)
	r = ssrlCommand(t, "sft --model model --data ds --out quiet --json"+small)
	assert.Equal(t, "", r.err)
}
