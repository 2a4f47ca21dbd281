package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCompletions(t *testing.T) {
	for _, tc := range []struct {
		line string // the last word is what is being typed
		want string // the words it may become
	}{
		{"gen", "generate"},
		{"comp", "completion"},
		{"bench ", "data train answer grpo"},
		{"bench decode --prod", "--products"},
		{"completion ", "bash zsh fish"},
		{"--", "--help --version"},
		{"generate --form", "--format"},
		{"generate --seed 1 --se", ""},
		{"ask --image a --ima", "--image"},
		{"generate --format pa", "parquet parquet-paths"},
		{"generate --format=pa", "--format=parquet --format=parquet-paths"},
		{"generate --format = pa", "parquet parquet-paths"},
		{"generate --format =", "dir parquet parquet-paths alpaca sharegpt webdataset"},
		{"generate --tasks flip,d", "flip,depth"},
		{"generate --depth-unit s", "sunrgbd"},
		{"generate --images ", ""},
		{"generate --shuffled --mis", "--mismatch"},
		{"ask --dtype ", "f32 bf16"},
		{"ask -- --dtype", ""},
		{"sft learn", "learning_rate="},
		{"sft steps=3 schedule.k", "schedule.kind="},
		{"grpo clip_h", "clip_high="},
		{"sft clip_h", ""},
		{"nothing --ou", ""},
		{"inspect pa", ""},
		{"complete -- ge", ""},
	} {
		t.Run(tc.line, func(t *testing.T) {
			r := capture(append([]string{"complete", "--"}, words(tc.line)...))
			assert.Zero(t, r.code)
			assert.Empty(t, r.err)
			var found []string
			for line := range strings.Lines(r.out) {
				word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
				found = append(found, word)
			}
			assert.Equal(t, tc.want, strings.Join(found, " "))
		})
	}
	assert.Contains(t, ssrlCommand(t, "complete").out, "scenes\tRender synthetic RGB-D frames.\n")
	assert.Contains(t, capture(words("completion tcsh")).err, `must be one of "bash","zsh","fish"`)
}

// TestCompletionInShells asks the shells themselves. bash builds the project; the
// others are asked where they are.
func TestCompletionInShells(t *testing.T) {
	for shell, program := range map[string]string{
		"bash": `source <(ssrl completion bash); type _ssrl >/dev/null; complete -p ssrl >/dev/null || exit 1
			COMP_WORDS=(ssrl generate --format pa); COMP_CWORD=3; _ssrl ssrl; echo "${COMPREPLY[@]}"
			COMP_WORDS=(ssrl sft learn); COMP_CWORD=2; _ssrl ssrl; echo "${COMPREPLY[@]}"`,
		"zsh": `compdef() { compadd() { shift $(( ${argv[(i)--]} )); print -r -- $* }; }; source <(ssrl completion zsh)
			words=(ssrl generate --format pa) CURRENT=4; _ssrl
			words=(ssrl sft learn) CURRENT=3; _ssrl`,
		"fish": `source (ssrl completion fish | psub)
			echo (complete -C "ssrl generate --format pa"); echo (complete -C "ssrl sft learn")`,
	} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip("there is no ", shell)
			}
			dir := t.TempDir()
			this, err := filepath.Abs(os.Args[0])
			require.NoError(t, err)
			require.NoError(t, os.Symlink(this, filepath.Join(dir, "ssrl")))
			c := exec.CommandContext(t.Context(), path, map[string][]string{"bash": {"--norc", "-c"}, "zsh": {"-f", "-c"}, "fish": {"--no-config", "-c"}}[shell]...)
			c.Args = append(c.Args, program)
			c.Env = append(os.Environ(), asCommand+"=1", "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir)
			said, err := c.CombinedOutput()
			require.NoError(t, err, "%s", said)
			assert.Equal(t, "parquet parquet-paths\nlearning_rate=\n", string(said))
		})
	}
}
