package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// emit writes one JSON object to standard output, on a line of its own.
func emit(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(b, '\n'))
	return err
}

// note writes a line to standard error.
func note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

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
	if spent := now.Sub(m.start); done > 0 && done < total {
		rest := time.Duration(float64(spent) * float64(total-done) / float64(done))
		left = fmt.Sprintf(", %s left", rest.Round(time.Second))
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
	}
}
