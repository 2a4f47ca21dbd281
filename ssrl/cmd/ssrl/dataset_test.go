package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// Answers to a split are scored the same in every format.
func TestRewardReadsEveryFormat(t *testing.T) {
	workspace(t, nil)
	first := map[string]string{} // scores of our own directory, by split
	for _, format := range ssrl.DatasetFormats() {
		out := ssrlCommand(t, "generate --images frames --tasks flip,crop --validation 0.4 --json --out of-"+format+" --format "+format)
		samples := 0
		for _, split := range []string{"", "@train", "@validation"} {
			d, err := ssrl.OpenDataset("of-" + format + split)
			require.NoError(t, err)
			var answers, scores strings.Builder
			for i := range d.Len() {
				s, err := d.Text(i)
				require.NoError(t, err)
				fmt.Fprintf(&answers, "{\"id\":%q,\"answer\":\"<think>hm</think>\\\\boxed{%s}\"}\n", s.ID, s.Answer)
				fmt.Fprintf(&scores, "{\"id\":%q,\"overall\":1,\"format\":1,\"accuracy\":1}\n", s.ID)
			}
			if split != "" {
				samples += d.Len()
			}
			require.NoError(t, d.Close())
			require.NoError(t, os.WriteFile("answers.jsonl", []byte(answers.String()), 0o666))
			r := ssrlCommand(t, "reward --json --answers answers.jsonl --dataset of-"+format+split)
			assert.Equal(t, scores.String(), r.out)
			if first[split] == "" {
				first[split] = r.out
			}
			assert.Equal(t, first[split], r.out, format+split)
		}
		assert.JSONEq(t, fmt.Sprintf(`{"samples":%d,"out":"of-%s"}`, samples, format), out.out)
	}
	assert.Equal(t, first[""], first["@train"])
	assert.NotEqual(t, first["@validation"], first["@train"])
}

func TestRewardOfOtherPrograms(t *testing.T) {
	workspace(t, map[string]string{
		"sft.json":     `[{"instruction":"a","output":"b"},{"instruction":"c","output":null}]`,
		"twice.jsonl":  `{"id":"x","problem":"a","answer":"b"}` + "\n" + `{"id":"x","problem":"a","answer":"c"}`,
		"broken.jsonl": `{"problem":"a","answer":"b"}` + "\n" + `{"problem":"a"}`,
		"a.jsonl":      `{"id":0,"answer":"\\boxed{b}"}`,
	})
	r := ssrlCommand(t, "reward --json --answers a.jsonl --dataset sft.json")
	assert.Equal(t, `{"id":"0","overall":0.9,"format":0,"accuracy":1}`+"\n", r.out)
	assert.True(t, strings.HasPrefix(r.err, `left out: sft.json row 1: "output" is not a string`+"\n"), r.err)
	checkRefusals(t, []refusal{
		{"reward --answers a.jsonl --dataset twice.jsonl", `dataset twice.jsonl: two samples "x" (want an id of its own for each)`, 1},
		{"reward --answers a.jsonl --dataset broken.jsonl", `broken.jsonl row 1 (line 2): no "answer"`, 1},
		{"reward --answers a.jsonl --dataset sft.json@test", `sft.json: no split "test" (want train, the only one)`, 1},
		{"reward --answers a.jsonl --dataset frames", "frames: no manifest.json (want a finished dataset, or .parquet, .json, .jsonl or .tar files)", 1},
	})
}

// Columns of other names are given by flags of every command that reads datasets.
func TestColumnsOfOtherNames(t *testing.T) {
	workspace(t, map[string]string{
		"vqa.jsonl":         `{"id":"x","question":"<image>What?","label":"A","picture":"scene-000000.png"}`,
		"a.jsonl":           `{"id":"x","answer":"\\boxed{A}"}`,
		"dataset_info.json": `{"mine":{"file_name":"sft.json","columns":{"prompt":"ask","response":"say"}}}`,
		"sft.json":          `[{"ask":"Which?","say":"B"}]`,
	})
	const columns = " --prompt-key question --answer-key label --image-key picture --image-dir frames"
	r := ssrlCommand(t, "inspect vqa.jsonl --json"+columns)
	assert.Contains(t, r.out, `"counts":{"A":1}`)
	assert.Contains(t, r.out, `"formats":{"PNG":1}`)
	r = ssrlCommand(t, "inspect sft.json --json --dataset-name mine")
	assert.Contains(t, r.out, `"counts":{"B":1}`)
	ssrlCommand(t, "show vqa.jsonl --out page.html"+columns)
	page, err := os.ReadFile("page.html")
	require.NoError(t, err)
	assert.Contains(t, string(page), "What?")
	r = ssrlCommand(t, "reward --json --answers a.jsonl --dataset vqa.jsonl"+columns)
	assert.Equal(t, `{"id":"x","overall":0.9,"format":0,"accuracy":1}`+"\n", r.out)
	r = ssrlCommand(t, "eval --bench pretext --model model --max-tokens 1 --data vqa.jsonl --json"+columns)
	assert.Contains(t, r.out, `"samples":1`)
	r = ssrlCommand(t, "sft --model model --out taught --data vqa.jsonl steps=1 batch=1"+columns)
	assert.DirExists(t, "taught")
	checkRefusals(t, []refusal{
		{"inspect vqa.jsonl", `vqa.jsonl row 0 (line 1): no "problem"`, 1},
		{"inspect vqa.jsonl --prompt-key ask", `vqa.jsonl row 0 (line 1): no "ask"`, 1},
		{"show vqa.jsonl --out other.html --prompt-key question --answer-key truth", `vqa.jsonl row 0 (line 1): no "truth"`, 1},
	})
}
