package main

import (
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// meter is a line on standard error that says how far long work is. It is
// only drawn when a person watches, in plain letters without colour, and never
// wider than the terminal, which would break it into several lines.
type meter struct {
	what    string
	start   time.Time
	last    time.Time
	visible bool
	drawn   int // columns that the line takes now
}

func newMeter(what string) *meter {
	m := &meter{what: what, start: time.Now()}
	m.visible = columns(os.Stderr) > 0 && os.Getenv("TERM") != "dumb"
	return m
}

// at says that done of total are finished; extra is shown behind.
func (m *meter) at(done, total int64, extra string) {
	now := time.Now()
	if !m.visible || now.Sub(m.last) < 100*time.Millisecond && done < total {
		return
	}
	m.last = now
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
	m.draw(fit(fmt.Sprintf("%s %d/%d%s%s", m.what, done, total, left, extra), columns(os.Stderr)))
}

// draw writes a line over the one before; spaces hide what is left of that.
func (m *meter) draw(line string) {
	n := utf8.RuneCountInString(line)
	fmt.Fprint(os.Stderr, "\r", line, strings.Repeat(" ", max(0, m.drawn-n)))
	m.drawn = n
}

// fit shortens a line to a terminal's columns. The last one stays free: many
// terminals go on in the next line once it is written.
func fit(line string, columns int) string {
	letters := []rune(oneLine(line))
	return string(letters[:min(len(letters), max(columns-1, 0))])
}

// end finishes the line.
func (m *meter) end() {
	if m.drawn > 0 {
		fmt.Fprintln(os.Stderr)
		m.drawn = 0
	}
}

// clear takes the line away, so that something else can be printed.
func (m *meter) clear() {
	if m.drawn > 0 {
		m.draw("")
		fmt.Fprint(os.Stderr, "\r")
	}
}
