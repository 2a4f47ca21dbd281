package answer_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"ssrl/internal/answer"
)

func TestStopperCutsBeforeTheFirstStop(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
		stops            []string
		stopped          bool
	}{
		{"no stops", "abc", "abc", nil, false},
		{"not there", "abc", "abc", []string{"abd"}, false},
		{"whole text", "abc", "", []string{"abc"}, true},
		{"at the end", "one two", "one ", []string{"two"}, true},
		{"the first of two", "one two", "", []string{"two", "one"}, true},
		{"the first place counts, not the first listed", "xxyy", "x", []string{"yy", "xy"}, true},
		{"a beginning is text at the end", "one tw", "one tw", []string{"two"}, false},
		{"a beginning that begins again", "aab", "a", []string{"ab"}, true},
		{"overlapping beginnings", "ababac!", "ab", []string{"abac"}, true},
		{"of several bytes", "größe", "gr", []string{"ö"}, true},
		{"new lines", "a\n\nb", "a", []string{"\n\n"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for size := 1; size <= len(tc.text); size++ { // pieces of any length give the same
				s := answer.NewStopper(tc.stops)
				var got strings.Builder
				stopped := false
				for at := 0; at < len(tc.text); at += size {
					var text string
					text, stopped = s.Push(tc.text[at:min(at+size, len(tc.text))])
					got.WriteString(text)
				}
				got.WriteString(s.Flush())
				assert.Equal(t, tc.want, got.String(), "pieces of %d", size)
				assert.Equal(t, tc.stopped, stopped)
			}
		})
	}
}

func FuzzStopper(f *testing.F) {
	f.Add("abcabd", "abd", 2)
	f.Fuzz(func(t *testing.T, text, stop string, size int) {
		if stop == "" || size < 1 {
			return
		}
		s := answer.NewStopper([]string{stop})
		var got strings.Builder
		for at := 0; at < len(text); at += size {
			end := len(text)
			if size < len(text)-at {
				end = at + size
			}
			part, _ := s.Push(text[at:end])
			got.WriteString(part)
			if size > len(text) {
				break
			}
		}
		got.WriteString(s.Flush())
		want, _, _ := strings.Cut(text, stop)
		assert.Equal(t, want, got.String())
	})
}
