package ssrl_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// topLevel is all that stands in the repository's first folder, beside what
// .gitignore names and hidden files. The last three come with the C library.
var topLevel = []string{
	".ci", ".gitignore", "LICENSE", "Makefile", "README.md", "go.mod", "go.sum", "kernels", "ssrl",
	"bindings", "capi", "examples",
}

// readme returns the lines of README.md; a module used without its repository
// has none.
func readme(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat("../README.md"); err != nil {
		t.Skip("the module is used without its repository")
	}
	return lines(t, "../README.md")
}

// fenced returns the lines of the code blocks of a language.
func fenced(text []string, language string) []string {
	var block []string
	inside := false
	for _, line := range text {
		switch {
		case inside && line == "```":
			inside = false
		case inside:
			block = append(block, line)
		case line == "```"+language:
			inside = true
		}
	}
	return block
}

func TestReadmeIsShort(t *testing.T) {
	assert.Less(t, len(readme(t)), 200, "lines; what is longer has its own file")
}

func TestReadmeTopLevel(t *testing.T) {
	readme(t)
	ignored := lines(t, "../.gitignore")
	entries, err := os.ReadDir("..")
	require.NoError(t, err)
	for _, e := range entries {
		name := e.Name()
		hidden := strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name)
		if hidden || slices.Contains(ignored, "/"+name+"/") {
			continue
		}
		assert.True(t, slices.Contains(topLevel, name), "%s has no place in the first folder", name)
	}
}

// TestReadmeMap holds the map of folders to the folders: none of the two has
// one that the other has not.
func TestReadmeMap(t *testing.T) {
	text := readme(t)
	at := slices.Index(text, "## Folders")
	require.GreaterOrEqual(t, at, 0, "README.md has no heading Folders")
	named := mapFolders(fenced(text[at:], "")) // the only block without a language
	require.NotEmpty(t, named)
	for _, folder := range named {
		info, err := os.Stat(filepath.Join("..", folder))
		assert.True(t, err == nil && info.IsDir(), "README.md names %s", folder)
	}
	for _, pattern := range []string{"../*", "*", "cmd/*", "internal/*"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range found {
			folder := filepath.ToSlash(filepath.Join("ssrl", name))
			if hasFiles(t, name) && !strings.HasSuffix(folder, "testdata") && folder != "build" && folder != "ssrl/cmd" {
				assert.True(t, slices.Contains(named, folder), "README.md does not name %s", folder)
			}
		}
	}
}

// mapFolders reads a tree: a line starts with its folders, which end in a
// slash, and is indented below the folder that holds them.
func mapFolders(tree []string) []string {
	var folders []string
	above := map[int]string{} // by indent
	for _, line := range tree {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		for _, word := range strings.Fields(line) {
			name, ok := strings.CutSuffix(word, "/")
			if !ok {
				break
			}
			parent := ""
			if indent > 0 {
				parent = above[indent-2]
			}
			above[indent] = filepath.ToSlash(filepath.Join(parent, name))
			folders = append(folders, above[indent])
		}
	}
	return folders
}

// hasFiles reports whether name is a folder with a file in it: version control
// knows no others.
func hasFiles(t *testing.T, name string) bool {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() || strings.HasPrefix(filepath.Base(name), ".") && name != ".." {
		return false
	}
	found := false
	require.NoError(t, filepath.WalkDir(name, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			found = true
			return fs.SkipAll
		}
		return err
	}))
	return found
}

// TestReadmeCommands looks up every make target that README.md tells to run.
func TestReadmeCommands(t *testing.T) {
	makefile := strings.Join(lines(t, "../Makefile"), "\n")
	targets := 0
	for _, line := range fenced(readme(t), "sh") {
		command, _, _ := strings.Cut(line, "#")
		words := strings.Fields(command)
		if len(words) < 2 || words[0] != "make" {
			continue
		}
		for _, target := range words[1:] {
			if !strings.HasPrefix(target, "-") && !strings.Contains(target, "=") {
				targets++
				assert.Regexp(t, `(?m)^`+regexp.QuoteMeta(target)+`:`, makefile, "README.md runs %q", line)
			}
		}
	}
	assert.GreaterOrEqual(t, targets, 2, "README.md runs make demo and make test")
}

func TestVersionIsThatOfTheChangelog(t *testing.T) {
	heading := regexp.MustCompile(`^## (\d+\.\d+\.\d+)( |$)`)
	for _, line := range lines(t, "CHANGELOG.md") {
		if m := heading.FindStringSubmatch(line); m != nil {
			assert.Equal(t, m[1], ssrl.Version)
			return
		}
	}
	t.Error("CHANGELOG.md has no entry")
}
