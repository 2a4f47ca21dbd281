package main

import (
	"embed"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

//go:embed completion
var completionScripts embed.FS

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is an example.
func (c *completionCmd) Help() string {
	return `Example:
  ssrl completion bash > ~/.local/share/bash-completion/completions/ssrl
  ssrl completion zsh > "${fpath[1]}/_ssrl"
  ssrl completion fish > ~/.config/fish/completions/ssrl.fish

For one shell alone: source <(ssrl completion bash)`
}

func (c *completionCmd) Run() error {
	script, err := completionScripts.ReadFile("completion/ssrl." + c.Shell)
	if err != nil {
		return err
	}
	return show("%s", script)
}

// completeCmd is what the scripts call.
type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:"" help:"The words behind ssrl, the last of which is not finished."`
}

// Help is an example.
func (c *completeCmd) Help() string {
	return `Example:
  ssrl complete -- generate --form`
}

// Run prints the words that the last one may become, each with a tab and what it
// is. None means that a file may stand there.
func (c *completeCmd) Run(call *kong.Context) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, found := range completions(call.Model.Node, words) {
		line := found.word
		if found.about != "" {
			line += "\t" + oneLine(found.about)
		}
		if err := show("%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// valued is a command that knows what a flag or argument of it may be, beside
// those that are an enum.
type valued interface{ values(of string) []string }

// completion is a word that may stand there.
type completion struct{ word, about string }

// place is where in a command line a word stands.
type place struct {
	node     *kong.Node
	flags    []*kong.Flag
	given    []*kong.Flag
	value    *kong.Flag // whose value comes next
	argument int        // number of arguments before
	plain    bool       // behind --
}

// completions are the words that the last of words may become.
func completions(root *kong.Node, words []string) []completion {
	if len(words) == 0 {
		words = []string{""}
	}
	p := place{node: root, flags: root.Flags}
	done, word := words[:len(words)-1], words[len(words)-1]
	for _, w := range done {
		p.pass(w)
	}
	switch name, value, joined := strings.Cut(word, "="); {
	case p.value != nil:
		return p.values(p.value.Value, "", strings.TrimPrefix(word, "=")) // bash makes = a word
	case p.plain:
		return p.arguments(word)
	case joined && p.flag(name) != nil:
		return p.values(p.flag(name).Value, name+"=", value)
	case strings.HasPrefix(word, "-"):
		return p.flagNames(word)
	}
	return p.arguments(word)
}

// pass goes on behind a word.
func (p *place) pass(word string) {
	switch {
	case p.value != nil && word == "=":
	case p.value != nil:
		p.value = nil
	case !p.plain && word == "--":
		p.plain = true
	case !p.plain && len(word) > 1 && word[0] == '-':
		name, _, joined := strings.Cut(word, "=")
		if f := p.flag(name); f != nil {
			p.given = append(p.given, f)
			if !joined && !f.IsBool() {
				p.value = f
			}
		}
	default:
		for _, child := range p.node.Children {
			if child.Name == word || slices.Contains(child.Aliases, word) {
				p.node = child
				p.flags = append(slices.Clip(p.flags), child.Flags...)
				return
			}
		}
		p.argument++
	}
}

// flag is the one that a word names, or nil.
func (p *place) flag(word string) *kong.Flag {
	for _, f := range p.flags {
		if word == "--"+f.Name || f.Short != 0 && word == "-"+string(f.Short) {
			return f
		}
	}
	return nil
}

// flagNames are those that begin so, but the ones given already.
func (p *place) flagNames(begin string) (found []completion) {
	for _, f := range p.flags {
		used := slices.Contains(p.given, f) && !f.IsCumulative()
		if name := "--" + f.Name; !f.Hidden && !used && strings.HasPrefix(name, begin) {
			found = append(found, completion{name, f.Help})
		}
	}
	return found
}

// values are what a flag or argument may be. In lists the last item counts.
func (p *place) values(v *kong.Value, before, begin string) (found []completion) {
	var all []string
	if v.Enum != "" {
		all = strings.Split(v.Enum, ",")
	} else if c, ok := p.node.Target.Addr().Interface().(valued); ok {
		all = c.values(v.Name)
	}
	if i := strings.LastIndexByte(begin, ','); i >= 0 {
		before, begin = before+begin[:i+1], begin[i+1:]
	}
	for _, word := range all {
		if word = strings.TrimSpace(word); strings.HasPrefix(word, begin) {
			found = append(found, completion{before + word, ""})
		}
	}
	return found
}

// arguments are commands, or what an argument may be.
func (p *place) arguments(begin string) (found []completion) {
	for _, child := range p.node.Children {
		if !child.Hidden && strings.HasPrefix(child.Name, begin) {
			found = append(found, completion{child.Name, child.Help})
		}
	}
	if all := p.node.Positional; len(found) == 0 && len(all) > 0 {
		found = p.values(all[min(p.argument, len(all)-1)], "", begin)
	}
	return found
}
