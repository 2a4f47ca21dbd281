package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode"
)

// emit writes one JSON object to standard output, on a line of its own.
func emit(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return show("%s\n", b)
}

// show writes to standard output.
func show(format string, args ...any) error {
	_, err := fmt.Fprintf(os.Stdout, format, args...)
	return err
}

// note writes a line to standard error.
func note(format string, args ...any) {
	fmt.Fprintln(os.Stderr, oneLine(fmt.Sprintf(format, args...)))
}

// complain ends the command with an error.
func complain(err error, code int) int {
	note("ssrl: %s", strings.TrimPrefix(err.Error(), "ssrl: "))
	return code
}

// named says what a file that could not be read is for.
func named(what, path string, err error) error {
	var where *fs.PathError
	if errors.As(err, &where) {
		return fmt.Errorf("%s %s: %w", what, path, where.Err)
	}
	return err
}

// oneLine joins lines and shows control characters, which file names may hold,
// as Go writes them.
func oneLine(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
	var b strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
