package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The whole way on Qwen3-VL: made, taught, asked in both types of weights,
// exported.
func TestNano3(t *testing.T) {
	workspace(t, nil)
	for _, call := range []string{
		"new --preset nano3 --seed 2 --out m3",
		"sft --model m3 --data ds --out taught steps=2 batch=2 plain=true --json",
		"grpo --model taught --data ds --out rewarded steps=1 batch=1 group=2 max_tokens=4 plain=true --json",
		"export --model rewarded --dtype bf16 --out half --json",
	} {
		ssrlCommand(t, call)
	}
	const ask = " --prompt hello --answer yes --json"
	exact := ssrlCommand(t, "score --model half"+ask)
	assert.Equal(t, exact.out, ssrlCommand(t, "score --model half --dtype bf16"+ask).out, "weights in bfloat16 are the same weights")
	assert.NotEqual(t, exact.out, ssrlCommand(t, "score --model half --dtype bf16 --rounding hf"+ask).out)
	checkRefusals(t, []refusal{
		{"score --model half --adapter m3 --prompt a --answer b", "model half: adapter m3: open m3/adapter_config.json: no such file or directory", 1},
	})
}
