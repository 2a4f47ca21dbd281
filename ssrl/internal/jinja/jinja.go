// Package jinja renders the chat templates of checkpoints, in the dialect of
// transformers: blocks trimmed, tojson in Python's form, raise_exception.
//
// The engine is gonja. Templates come with downloaded files, so they are bounded
// before and while they run: no includes, no recursion, no repetition by
// multiplication, and limits on loops, on what variables hold and on the text.
//
// Limits: gonja's Jinja, without blocks, imports, call and trans; filters and
// methods that pad or format are missing. Undefined values print nothing.
package jinja

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"
)

// maxSource bounds a template in bytes: five times the longest in use.
const maxSource = 64 << 10

// Template is a parsed template. It is immutable and safe for concurrent use.
type Template struct {
	t   *exec.Template
	env *exec.Environment
}

// Parse reads a template.
func Parse(source string) (t *Template, err error) {
	defer caught(&err)
	if len(source) > maxSource {
		return nil, fmt.Errorf("%d bytes (want at most %d)", len(source), maxSource)
	}
	dialect := config.New()
	dialect.TrimBlocks, dialect.LeftStripBlocks = true, true
	if err := check(source, dialect); err != nil {
		return nil, err
	}
	env := environment()
	loader, err := loaders.NewShiftedLoader(rootName, strings.NewReader(source), alone{})
	if err != nil {
		return nil, err
	}
	parsed, err := exec.NewTemplate(rootName, dialect, loader, env)
	if err != nil {
		// gonja repeats the source before its reason.
		return nil, errors.New(strings.TrimPrefix(oneLine(err.Error()), oneLine("failed to parse template '"+source+"': ")))
	}
	return &Template{parsed, env}, nil
}

// rootName is what the engine calls the one template there is.
const rootName = "template"

// Render executes the template. Values of vars are those of Value, or plain Go
// strings, numbers, booleans and lists.
func (t *Template) Render(vars map[string]any) (text string, err error) {
	defer caught(&err)
	own := map[string]any{budgetName: &budget{loops: maxLoops}}
	for name, v := range vars {
		own[name] = v
	}
	out := &bounded{}
	if err := t.t.Execute(out, exec.NewContext(own)); err != nil {
		if _, said, ok := strings.Cut(err.Error(), raisedMark); ok { // the engine keeps only the text of a cause
			return "", fmt.Errorf("template: %s", oneLine(said))
		}
		return "", errors.New(oneLine(err.Error()))
	}
	return out.text.String(), nil
}

// caught turns a panic of the engine into an error.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("engine: %s", oneLine(fmt.Sprint(r)))
	}
}

// oneLine shortens what the engine says. The reason is at the end.
func oneLine(text string) string {
	const head, tail = 100, 300
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > head+tail {
		return strings.ToValidUTF8(text[:head]+" .. "+text[len(text)-tail:], "")
	}
	return text
}

// alone is a loader of nothing.
type alone struct{}

func (alone) Read(path string) (io.Reader, error)    { return nil, fmt.Errorf("no template %q", path) }
func (alone) Resolve(path string) (string, error)    { return path, nil }
func (alone) Inherit(string) (loaders.Loader, error) { return alone{}, nil }
