package ssrl_test

import (
	"go/ast"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocIsExamples holds the package's documentation to programs: every heading
// has an example of its name that runs, and every name that the text links to
// occurs in one of the examples.
func TestDocIsExamples(t *testing.T) {
	files := token.NewFileSet()
	paths, err := filepath.Glob("example*_test.go")
	require.NoError(t, err)
	var parsed []*ast.File
	for _, path := range append(paths, "doc.go") {
		f, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		require.NoError(t, err)
		parsed = append(parsed, f)
	}
	text := parsed[len(paths)].Doc.Text()
	code, all := map[string]bool{}, ""
	for _, e := range doc.Examples(parsed[:len(paths)]...) {
		var b strings.Builder
		require.NoError(t, format.Node(&b, files, e.Code))
		if e.Output != "" {
			code[e.Name] = true
			all += b.String()
		}
	}
	assert.True(t, code[""], "the package has no example")
	link := regexp.MustCompile(`\[(?:\w+\.)?([A-Z]\w*)\]`)
	sections := strings.Split(text, "\n# ")[1:]
	assert.Len(t, sections, 6)
	for _, section := range sections {
		heading, _, _ := strings.Cut(section, "\n")
		assert.True(t, code["_"+strings.ToLower(heading)], "no Example_%s that runs", strings.ToLower(heading))
	}
	for _, name := range link.FindAllStringSubmatch(text, -1) {
		assert.Regexp(t, `\b`+name[1]+`\b`, all, "no example shows %s", name[0])
	}
}
