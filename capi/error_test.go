package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"ssrl"
)

func TestPanicsBecomeErrors(t *testing.T) {
	var none *gate
	for _, tc := range []struct {
		name, text string
		f          func() error
	}{
		{"text", "out of range", func() error { panic("out of range") }},
		{"error", "wrapped", func() error { panic(errors.New("wrapped")) }},
		{"nil pointer", "nil pointer dereference", func() error { none.limit = 1; return nil }},
		{"index", "index out of range [3]", func() error { var s []int; s[min(3, 4)] = 1; return nil }},
		{"a second one after the first", "second", func() error {
			_ = guard(func() error { panic("first") })
			panic("second")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := guard(tc.f)
			assert.ErrorContains(t, err, tc.text)
			assert.ErrorContains(t, err, "error_test.go:", "the place is named")
			assert.EqualValues(t, -8, code(err))
		})
	}
	assert.NoError(t, guard(func() error { return nil }))
	assert.Equal(t, fs.ErrExist, guard(func() error { return fs.ErrExist }))
}

func TestCodes(t *testing.T) {
	_, noFile := os.Open("nowhere")
	for _, tc := range []struct {
		name string
		err  error
		code int
	}{
		{"none", nil, 0},
		{"text", errors.New("text"), -1},
		{"argument", invalid("n is %d", 3), -2},
		{"closed", ssrl.ErrClosed, -2},
		{"file", noFile, -3},
		{"missing", fs.ErrNotExist, -3},
		{"format", ssrl.ErrFormat, -4},
		{"a format error of a file", errors.Join(noFile, ssrl.ErrFormat), -4},
		{"device", ssrl.ErrDevice, -5},
		{"memory", ssrl.ErrMemory, -6},
		{"stopped", errStopped, -7},
		{"cancelled", context.Canceled, -7},
		{"panic", internalError{"text"}, -8},
		{"unsuitable", ssrl.ErrUnsuitable, -9},
		{"busy", errBusy, -10},
		{"option", asArgument(errors.New("text")), -2},
		{"a closed model in a constructor", asArgument(ssrl.ErrClosed), -2},
		{"a device in a constructor", asArgument(ssrl.ErrDevice), -5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.EqualValues(t, tc.code, code(tc.err))
			if tc.err != nil {
				assert.EqualValues(t, tc.code, code(fmt.Errorf("model dir: %w", tc.err)), "wrapped")
			}
		})
	}
}

func TestMessagesAreCutBetweenCharacters(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("x", 100), strings.Repeat("é", 100), strings.Repeat("界", 100), "aé" + strings.Repeat("🙂", 9)} {
		for size := 1; size < 40; size++ {
			dst := []byte(strings.Repeat("!", size))
			fill(dst, text)
			got, _, ok := strings.Cut(string(dst), "\x00")
			assert.True(t, ok && utf8.ValidString(got) && strings.HasPrefix(text, got), "%q in %d bytes: %q", text, size, got)
			assert.True(t, got == text || len(got) > size-1-utf8.UTFMax, "%q in %d bytes: %q", text, size, got)
		}
	}
}
