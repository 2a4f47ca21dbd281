package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// terminal opens a pseudo terminal of so many columns: what is written to screen
// is read from seen.
func terminal(t *testing.T, columns uint16) (seen, screen *os.File) {
	t.Helper()
	seen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo terminals: ", err)
	}
	t.Cleanup(func() { seen.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(seen.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(seen.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	screen, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { screen.Close() })
	require.NoError(t, unix.IoctlSetWinsize(int(screen.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}))
	return seen, screen
}

// watched runs a command with a terminal for its standard error and returns what
// was written there.
func watched(t *testing.T, columns uint16, line string, environment ...string) string {
	t.Helper()
	seen, screen := terminal(t, columns)
	c := process(t, line)
	c.Env, c.Stderr = append(c.Env, environment...), screen
	text := make(chan string)
	go func() {
		b, _ := io.ReadAll(seen) // ends in EIO, with the last writer
		text <- string(b)
	}()
	require.NoError(t, c.Run())
	require.NoError(t, screen.Close())
	return <-text
}

func TestProgressOnTerminals(t *testing.T) {
	workspace(t, nil)
	const command = "scenes --count 3 --size 64x64 --out "
	const said = "3 frames in "
	for _, tc := range []struct {
		name    string
		columns uint16
		env     string
		drawn   bool
	}{
		{"wide", 120, "TERM=xterm-256color", true},
		{"unknown width", 0, "TERM=xterm-256color", true},
		{"narrow", 12, "TERM=xterm-256color", true},
		{"one column", 1, "TERM=xterm-256color", false},
		{"dumb", 120, "TERM=dumb", false},
		{"NO_COLOR", 120, "NO_COLOR=1", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := watched(t, tc.columns, command+strings.ReplaceAll(tc.name, " ", "-"), "TERM=xterm", tc.env)
			assert.NotContains(t, text, "\x1b", "no colour, nor any other escape")
			assert.True(t, strings.HasSuffix(text, said+strings.ReplaceAll(tc.name, " ", "-")+"\r\n"), "%q", text)
			bar := strings.TrimSuffix(text[:strings.Index(text, said)], "\r\n")
			assert.Equal(t, tc.drawn, strings.Contains(bar, "\rframe 3/3"), "%q", text)
			for _, line := range strings.Split(bar, "\r") {
				assert.Less(t, len(line), int(tc.columns)+80*(1-min(int(tc.columns), 1)), "%q is wider than the terminal", line)
			}
		})
	}
}

func TestNoProgressInPipesAndFiles(t *testing.T) {
	workspace(t, nil)
	r := ssrlCommand(t, "scenes --count 3 --size 64x64 --out out")
	assert.Equal(t, "3 frames in out\n", r.err)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	assert.Zero(t, columns(null))
}
