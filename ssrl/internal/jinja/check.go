package jinja

import (
	"fmt"

	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// maxJoins bounds how often a template's expressions join texts or lists, and
// so how much one expression can grow them.
const maxJoins = 512

// refused are names whose use could recurse without end.
var refused = map[string]bool{"recursive": true, "self": true, "caller": true}

// check refuses templates that could run without end, by their tokens. A macro
// may be called, but not from a macro, and not be used as a value.
func check(source string, dialect *config.Config) error {
	var all []*tokens.Token
	for stream := tokens.LexAll(source, dialect); !stream.End(); stream.Next() {
		all = append(all, stream.Current())
	}
	macros := map[string]bool{}
	for i, t := range all {
		if t.Type == tokens.Name && t.Val == "macro" && i+1 < len(all) && opens(all, i) {
			macros[all[i+1].Val] = true
		}
	}
	joins, inside := 0, false
	for i, t := range all {
		switch t.Type {
		case tokens.Error:
			return fmt.Errorf("line %d: %s", t.Line, oneLine(t.Val))
		case tokens.Multiply, tokens.Power:
			return fmt.Errorf("line %d: %q (want no multiplication)", t.Line, t.Val)
		case tokens.Addition, tokens.Tilde:
			if joins++; joins > maxJoins {
				return fmt.Errorf("line %d: %d additions (want at most %d)", t.Line, joins, maxJoins)
			}
		case tokens.Name:
			if opens(all, i) {
				inside = t.Val == "macro" || inside && t.Val != "endmacro"
				continue
			}
			attribute := i > 0 && all[i-1].Type == tokens.Dot
			switch {
			case attribute:
			case refused[t.Val]:
				return fmt.Errorf("line %d: %q (want no recursion)", t.Line, t.Val)
			case !macros[t.Val] || i > 0 && all[i-1].Val == "macro":
			case inside:
				return fmt.Errorf("line %d: macro %q called from a macro (want none)", t.Line, t.Val)
			case i+1 < len(all) && all[i+1].Type != tokens.LeftParenthesis:
				return fmt.Errorf("line %d: macro %q as a value (want calls only)", t.Line, t.Val)
			}
		}
	}
	return nil
}

// opens reports whether a token is the first of a block.
func opens(all []*tokens.Token, i int) bool {
	for i--; i >= 0 && all[i].Type == tokens.Whitespace; i-- {
	}
	return i >= 0 && all[i].Type == tokens.BlockBegin
}
