package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
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

// meter is a line on standard error that says how far long work is. It is
// only drawn when a person watches.
type meter struct {
	what    string
	start   time.Time
	last    time.Time
	visible bool
	drawn   bool
}

func newMeter(what string) *meter {
	m := &meter{what: what, start: time.Now()}
	if st, err := os.Stderr.Stat(); err == nil && os.Getenv("TERM") != "dumb" {
		m.visible = st.Mode()&os.ModeCharDevice != 0
	}
	return m
}

// at says that done of total are finished; extra is shown behind.
func (m *meter) at(done, total int64, extra string) {
	now := time.Now()
	if !m.visible || now.Sub(m.last) < 100*time.Millisecond && done < total {
		return
	}
	m.last, m.drawn = now, true
	left := ""
	if spent := now.Sub(m.start); done > 0 && spent > 0 {
		rate, digits := float64(done)/spent.Seconds(), 0
		if rate < 10 {
			digits = 2
		}
		left = fmt.Sprintf(", %.*f/s", digits, rate)
		if done < total {
			rest := time.Duration(float64(spent) * float64(total-done) / float64(done))
			left += fmt.Sprintf(", %s left", rest.Round(time.Second))
		}
	}
	fmt.Fprintf(os.Stderr, "\r\x1b[K%s %d/%d%s%s", m.what, done, total, left, extra)
}

// end finishes the line.
func (m *meter) end() {
	if m.drawn {
		fmt.Fprintln(os.Stderr)
		m.drawn = false
	}
}

// clear takes the line away, so that something else can be printed.
func (m *meter) clear() {
	if m.drawn {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
		m.drawn = false
	}
}
