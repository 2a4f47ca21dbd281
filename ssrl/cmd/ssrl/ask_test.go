package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAsk(t *testing.T) {
	workspace(t, map[string]string{"a.png": picture()})
	const call = "ask --model model --image a.png --max-tokens 30 What?"
	type answer struct {
		Text     string
		Tokens   []int32
		LogProbs []float32
		Finish   string
	}
	read := func(flags ...string) (a answer) {
		r := ssrlCommand(t, call+" --json", flags...)
		assert.Equal(t, []string{"finish", "logprobs", "text", "tokens"}, keys(t, r.out))
		require.NoError(t, json.Unmarshal([]byte(r.out), &a))
		assert.Len(t, a.LogProbs, len(a.Tokens))
		return a
	}
	whole := read()
	assert.Equal(t, whole.Text+"\n", ssrlCommand(t, call).out)
	require.Greater(t, len(whole.Text), 10)
	stop := string([]rune(whole.Text)[3:6])
	cut := read("--stop", "nowhere in it", "--stop", stop)
	before, _, _ := strings.Cut(whole.Text, stop)
	assert.Equal(t, before, cut.Text)
	assert.Equal(t, "stop", cut.Finish)
	assert.Equal(t, before+"\n", ssrlCommand(t, call, "--stop", stop).out)
	assert.Equal(t, whole, read("--recommended", "--repetition-penalty", "1"), "the small model's is greedy")
	drawn := []string{"--temperature", "1.5", "--top-p", "0.5", "--min-p", "0.2", "--seed", "5"}
	assert.NotEqual(t, read(drawn...), read(append(drawn, "--order", "vllm")...))
	assert.NotEqual(t, whole, read("--profile", "easyr1"))
	checkRefusals(t, []refusal{
		{"ask --model model --min-p 2 hello", "min-p 2 (want 0 to 1)", 1},
		{"ask --model model --stop= hello", "stop string that is empty (want some text)", 1},
		{"ask --model model --max-pixels 2 hello", "--min-pixels 0 --max-pixels 2 (want both above 0, the first at most the second)", 2},
		{"ask --model model --order sglang hello", `--order must be one of "transformers","vllm" but got "sglang" (see ssrl --help)`, 2},
	})
}
