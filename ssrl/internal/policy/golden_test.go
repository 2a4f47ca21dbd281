package policy_test

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
	"ssrl/internal/policy"
)

// The references are float32 cut to nine digits; a float64 implementation stays
// well within this (golden README, RL).
const (
	goldenAbs = 1e-6
	goldenRel = 1e-5
)

// leftOut lists sections and cases of algos.json that no test of this package
// runs, with the reason.
var leftOut = map[string]string{
	"source":    "a note, not a section",
	"made_with": "a note, not a section",
	"optimizer": "run by internal/optim",
	"clip_grad": "run by internal/optim",
}

// num is a JSON number, or the text "inf", "-inf" or "nan".
type num float64

func (n *num) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		f, err := strconv.ParseFloat(s, 64)
		*n = num(f)
		return err
	}
	var f float64
	err := json.Unmarshal(b, &f)
	*n = num(f)
	return err
}

type table [][]num

func (a table) rows() [][]float64 {
	out := make([][]float64, len(a))
	for i, row := range a {
		out[i] = vector(row)
	}
	return out
}

func (a table) mask() policy.Mask {
	out := make(policy.Mask, len(a))
	for i, row := range a {
		out[i] = make([]bool, len(row))
		for t, v := range row {
			out[i][t] = v != 0
		}
	}
	return out
}

func vector(a []num) []float64 {
	out := make([]float64, len(a))
	for i, v := range a {
		out[i] = float64(v)
	}
	return out
}

// runners run one case of a section each.
var runners = map[string]func(t *testing.T, raw json.RawMessage){
	"advantage":      advantageCase,
	"policy_loss":    lossCase,
	"value_loss":     valueCase,
	"kl":             klCase,
	"kl_in_reward":   penaltyCase,
	"statistics":     statisticsCase,
	"response_mask":  responseMaskCase,
	"log_probs":      logProbCase,
	"partition":      partitionCase,
	"micro_batches":  microBatchCase,
	"update":         updateCase,
	"metrics":        metricsCase,
	"overlong":       overlongCase,
	"online_filter":  filterCase,
	"sft_truncation": truncationCase,
}

func TestGolden(t *testing.T) {
	var sections map[string]json.RawMessage
	golden.JSON(t, golden.Dir(t, "rl", "algos.json"), &sections)
	names := make([]string, 0, len(sections))
	for name := range sections {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, section := range names {
		if leftOut[section] != "" {
			continue
		}
		run := runners[section]
		if run == nil {
			t.Errorf("section %s has no runner and is not left out", section)
			continue
		}
		var cases []json.RawMessage
		require.NoError(t, json.Unmarshal(sections[section], &cases))
		for i, raw := range cases {
			var head struct{ Name string }
			require.NoError(t, json.Unmarshal(raw, &head))
			if head.Name == "" {
				head.Name = fmt.Sprintf("%s/%d", section, i)
			}
			if leftOut[head.Name] != "" {
				continue
			}
			t.Run(head.Name, func(t *testing.T) { run(t, raw) })
		}
	}
}

func decode(t *testing.T, raw json.RawMessage, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(raw, into))
}

func near(t *testing.T, want num, got float64, what string, args ...any) {
	t.Helper()
	nearBy(t, want, got, goldenAbs, goldenRel, what, args...)
}

func nearBy(t *testing.T, want num, got, abs, rel float64, what string, args ...any) {
	t.Helper()
	w := float64(want)
	if w == got || math.IsNaN(w) && math.IsNaN(got) {
		return
	}
	if !(math.Abs(w-got) <= abs+rel*math.Abs(w)) {
		t.Errorf("%s = %.9g, want %.9g", fmt.Sprintf(what, args...), got, w)
	}
}

// nearRows compares where the mask is on; a nil mask compares everything.
func nearRows(t *testing.T, want table, got [][]float64, mask policy.Mask, what string) {
	t.Helper()
	require.Len(t, got, len(want), what)
	for i := range want {
		require.Len(t, got[i], len(want[i]), "%s row %d", what, i)
		for j := range want[i] {
			if mask == nil || mask[i][j] {
				near(t, want[i][j], got[i][j], "%s[%d][%d]", what, i, j)
			}
		}
	}
}
