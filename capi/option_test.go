package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

func TestDecodeFillsWhatIsNamed(t *testing.T) {
	o := struct {
		ssrl.Sampling
		Format bool `json:"format"`
	}{Sampling: ssrl.Sampling{TopK: 7}}
	require.NoError(t, decode(` {"max_tokens": 5, "seed": 18446744073709551615, "format": true} `, &o))
	assert.Equal(t, ssrl.Sampling{MaxTokens: 5, TopK: 7, Seed: 1<<64 - 1}, o.Sampling)
	assert.True(t, o.Format)

	g := ssrl.GRPOOptions{}
	require.NoError(t, decode(`{"schedule": {"kind": "cosine", "steps": 30}, "kl": 0.01}`, &g))
	assert.Equal(t, ssrl.GRPOOptions{Schedule: ssrl.Schedule{Kind: "cosine", Steps: 30}, KL: 0.01}, g)
}

func TestDecodeRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, says string }{
		{"nothing", "", "want a JSON object"},
		{"a list", "[1]", "want a JSON object"},
		{"YAML", "batch: 3", "want a JSON object"},
		{"half an object", `{"batch": 3`, "unexpected EOF"},
		{"two objects", `{} {}`, "text after"},
		{"unknown", `{"bach": 3}`, `unknown name "bach" (want steps, batch, seed)`},
		{"other letters", `{"Batch": 3}`, `unknown name "Batch"`},
		{"twice", `{"batch": 3, "batch": 4}`, "batch twice"},
		{"text for a number", `{"batch": "3"}`, "batch: a string (want int)"},
		{"a fraction", `{"batch": 1.5}`, "batch: a number 1.5 (want int)"},
		{"too large", `{"batch": 1e30}`, "batch"},
		{"below zero", `{"seed": -1}`, "seed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := decode(tc.text, &ssrl.RunOptions{})
			assert.ErrorIs(t, err, errArgument)
			assert.ErrorContains(t, err, tc.says)
		})
	}
}

func TestUnknownNamesSuggestThoseOfEmbeddedOptions(t *testing.T) {
	var o struct {
		ssrl.GenerateOptions
		ssrl.Source
	}
	err := decode(`{"depth_dir": "d"}`, &o)
	assert.ErrorContains(t, err, "(want tasks, seed, per_image, shard, shards, workers, format, validation, shuffled, images, depth, unit, associations, max_difference, mismatch, ignore_orientation)")
	err = decode(`{"seed": "x"}`, &o)
	assert.EqualError(t, err, "options: seed: a string (want uint64)")
}

func TestNamesOfNestedOptionsAreChecked(t *testing.T) {
	err := decode(`{"schedule": {"kind": "linear", "shape": 1}}`, &ssrl.GRPOOptions{})
	assert.EqualError(t, err, `options: unknown name "shape" (want kind, warmup, steps)`)
	err = decode(`{"schedule": {"Kind": "linear"}}`, &ssrl.GRPOOptions{})
	assert.ErrorContains(t, err, `unknown name "Kind"`)
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"group": 4, "schedule": {"kind": "linear"}}`, `{"kl": 1e999}`, `{`, ``, `{"schedule": null}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := decode(text, &ssrl.GRPOOptions{}); err != nil {
			assert.ErrorIs(t, err, errArgument)
		}
	})
}
