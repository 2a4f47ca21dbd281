package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	exampleLine = regexp.MustCompile(`(?m)^ +(?:.*\| )?ssrl ([^|>\n]*)`)
	shellWord   = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
)

// shellWords splits a line as a shell does that knows only plain quotes.
func shellWords(line string) []string {
	list := shellWord.FindAllString(line, -1)
	for i, w := range list {
		list[i] = strings.Trim(w, `'"`)
	}
	return list
}

// TestHelpHasExamples parses the examples of every command: they stay calls that
// the command understands.
func TestHelpHasExamples(t *testing.T) {
	seen := 0
	require.NoError(t, kong.Visit(newParser().Model, func(n kong.Visitable, next kong.Next) error {
		node, ok := n.(*kong.Node)
		if ok && node.Type == kong.CommandNode {
			seen++
			path := strings.TrimPrefix(node.Path(), "ssrl ")
			path, _, _ = strings.Cut(path, " <")
			path, _, _ = strings.Cut(path, " (") // other names
			t.Run(path, func(t *testing.T) {
				help := ssrlCommand(t, path+" --help").out
				examples := exampleLine.FindAllStringSubmatch(node.Detail, -1)
				require.NotEmpty(t, examples, "the help has no example")
				for _, e := range examples {
					assert.Contains(t, help, strings.TrimSpace(e[0]))
					assert.Equal(t, strings.Fields(path), strings.Fields(e[1])[:len(strings.Fields(path))])
					_, err := newParser().Parse(shellWords(e[1]))
					assert.NoError(t, err, e[1])
				}
			})
		}
		return next(nil)
	}))
	assert.Greater(t, seen, 20)
}
