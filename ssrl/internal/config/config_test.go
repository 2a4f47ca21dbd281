package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type trainer struct {
	Rate     float64 `json:"learning_rate"`
	Group    int     `json:"group"`
	Plain    bool    `json:"plain"`
	Schedule struct {
		Kind  string `json:"kind"`
		Steps int    `json:"steps"`
	} `json:"schedule"`
}

func TestLaterWordsWin(t *testing.T) {
	var o trainer
	require.NoError(t, Decode([]byte("learning_rate: 1.0e-6\nschedule:\n  kind: cosine\n"), "x.yaml", []string{"group=5", "group=8", "schedule.steps=30", "plain=true"}, &o))
	want := trainer{Rate: 1e-6, Group: 8, Plain: true}
	want.Schedule.Kind, want.Schedule.Steps = "cosine", 30
	assert.Equal(t, want, o)
}

func TestExponentsAreNumbers(t *testing.T) {
	var o trainer
	require.NoError(t, Decode([]byte("learning_rate: 1e-6"), "x.yaml", nil, &o))
	assert.Equal(t, 1e-6, o.Rate)
	require.NoError(t, Decode(nil, "", []string{"learning_rate=2e-3"}, &o))
	assert.Equal(t, 2e-3, o.Rate)
	assert.EqualError(t, Decode(nil, "", []string{"learning_rate=fast"}, &o), "option learning_rate: a string (want float64)")
	assert.Error(t, Decode(nil, "", []string{"learning_rate=NaN"}, &o))
}

func TestDecodeNamesWhatIsWrong(t *testing.T) {
	for _, tc := range []struct{ name, file, word, want string }{
		{"typo", "", "learning_rat=1", "unknown option learning_rat (did you mean learning_rate?)"},
		{"nested typo", "", "schedule.step=3", "unknown option schedule.step (did you mean schedule.steps?)"},
		{"type", "", "group=many", "option group: a string (want int)"},
		{"fraction for a number of answers", "", "group=1.5", "option group: a number 1.5 (want int)"},
		{"group of options", "", "schedule=3", "option schedule: 3 (want a group of options)"},
		{"no value", "", "group", `"group" (want key=value)`},
		{"typo in a file", "rate: 1\n", "", "x.yaml: unknown option rate (did you mean group?)"},
		{"not a mapping", "- 1\n", "", "x.yaml: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var words []string
			if tc.word != "" {
				words = []string{tc.word}
			}
			assert.ErrorContains(t, Decode([]byte(tc.file), "x.yaml", words, &struct{}{}, &trainer{}), tc.want)
		})
	}
}

func TestNames(t *testing.T) {
	type run struct {
		Steps int `json:"steps"`
		Plain int `json:"plain"`
		Inner int
	}
	assert.Equal(t, []string{"group", "learning_rate", "plain", "schedule.kind", "schedule.steps", "steps"}, Names(&run{}, &trainer{}))
}
