package jinja

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"

	structures "github.com/nikolalohinski/gonja/v2/builtins/control_structures"
)

// What a rendering may use.
const (
	maxLoops = 1 << 17  // turns of all loops together
	maxRange = 10_000   // numbers of one range()
	maxValue = 16 << 20 // bytes of a variable, items of a list
	maxText  = 64 << 20 // bytes of the result
)

// budgetName is where a rendering finds its budget; no template can write it.
const budgetName = "\x00budget"

type budget struct{ loops int }

var errBudget = fmt.Errorf("more than %d turns of loops", maxLoops)

// bounded is the text of a rendering.
type bounded struct{ text strings.Builder }

func (b *bounded) Write(p []byte) (int, error) { return b.WriteString(string(p)) }

func (b *bounded) WriteString(s string) (int, error) {
	if b.text.Len()+len(s) > maxText {
		return 0, fmt.Errorf("more than %d bytes of text", maxText)
	}
	return b.text.WriteString(s)
}

// The parts of gonja that templates may use: nothing that pads, repeats, draws
// random numbers or reads files.
var (
	filterNames = []string{"abs", "attr", "capitalize", "default", "d", "dictsort", "first", "float", "int", "items", "last", "length", "count",
		"list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "safe", "select", "selectattr", "sort", "string",
		"sum", "title", "trim", "unique", "upper"}
	methodNames = []string{"capitalize", "count", "endswith", "find", "isalnum", "isalpha", "isdecimal", "isdigit", "islower", "isnumeric", "isspace",
		"isupper", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "rfind", "rpartition", "rsplit", "rstrip", "split", "splitlines",
		"startswith", "strip", "title", "upper"}
	blockNames = []string{"if", "macro", "raw", "break", "continue", "with"}
)

func environment() *exec.Environment {
	filters := map[string]exec.FilterFunction{"tojson": toJSON, "join": join, "replace": replaceFilter}
	for _, name := range filterNames {
		if f, ok := builtins.Filters.Get(name); ok {
			filters[name] = f
		}
	}
	words := map[string]exec.Method[string]{"replace": replaceMethod}
	for _, name := range methodNames {
		if m, ok := builtins.Methods.Str.Get(name); ok {
			words[name] = m
		}
	}
	blocks := map[string]parser.ControlStructureParser{"for": counted(structures.All), "set": measured(structures.All), "generation": generation}
	for _, name := range blockNames {
		if p, ok := structures.All.Get(name); ok {
			blocks[name] = p
		}
	}
	globals := map[string]any{"range": numbers, "raise_exception": raise}
	for _, name := range []string{"namespace", "dict"} {
		if f, ok := builtins.GlobalFunctions.Get(name); ok {
			globals[name] = f
		}
	}
	return &exec.Environment{
		Filters: exec.NewFilterSet(filters), Tests: builtins.Tests, ControlStructures: exec.NewControlStructureSet(blocks),
		Context: exec.EmptyContext().Update(builtins.GlobalVariables).Update(exec.NewContext(globals)),
		Methods: exec.Methods{Bool: builtins.Methods.Bool, Int: builtins.Methods.Int, Float: builtins.Methods.Float,
			Str: exec.NewMethodSet(words), Dict: exec.NewMethodSet(dictMethods), List: exec.NewMethodSet(map[string]exec.Method[[]any]{})},
	}
}

// numbers is range().
func numbers(_ *exec.Evaluator, args *exec.VarArgs) ([]int, error) {
	var v [3]int
	for i, a := range args.Args {
		if i == len(v) || !a.IsInteger() {
			return nil, exec.ErrInvalidCall(errors.New("want one to three integers"))
		}
		v[i] = a.Integer()
	}
	from, to, step := v[0], v[1], v[2]
	switch len(args.Args) {
	case 0:
		return nil, exec.ErrInvalidCall(errors.New("want one to three integers"))
	case 1:
		from, to, step = 0, v[0], 1
	case 2:
		step = 1
	}
	out := []int{}
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		if len(out) == maxRange {
			return nil, exec.ErrInvalidCall(fmt.Errorf("more than %d numbers", maxRange))
		}
		out = append(out, i)
	}
	return out, nil
}

// raisedMark finds what raise_exception said in the engine's error.
const raisedMark = "\x00raised:"

// raise is what a template says against a conversation.
func raise(_ *exec.Evaluator, args *exec.VarArgs) (string, error) {
	text := "refused"
	if len(args.Args) > 0 {
		text = args.Args[0].String()
	}
	return "", errors.New(raisedMark + text)
}

// block is a control structure of gonja.
type block interface {
	nodes.ControlStructure
	Execute(*exec.Renderer, *nodes.ControlStructureBlock) error
}

// counted is the for block, which takes its turns from the budget.
func counted(all *exec.ControlStructureSet) parser.ControlStructureParser {
	parse, _ := all.Get("for")
	return func(p, args *parser.Parser) (nodes.ControlStructure, error) {
		cs, err := parse(p, args)
		if err != nil {
			return nil, err
		}
		loop, ok := cs.(*structures.ForControlStructure)
		if !ok {
			return nil, errors.New("for: unknown form")
		}
		return &countedLoop{loop}, nil
	}
}

type countedLoop struct {
	*structures.ForControlStructure
}

func (l *countedLoop) Execute(r *exec.Renderer, tag *nodes.ControlStructureBlock) error {
	if v, ok := r.Environment.Context.Get(budgetName); ok {
		items := r.Eval(l.ObjectEvaluator)
		n := 1
		if items.IsIterable() {
			n += items.Len()
		}
		b := v.(*budget)
		if b.loops -= n; b.loops < 0 {
			return errBudget
		}
	}
	return l.ForControlStructure.Execute(r, tag)
}

// measured is the set block, which bounds what it stores.
func measured(all *exec.ControlStructureSet) parser.ControlStructureParser {
	parse, _ := all.Get("set")
	return func(p, args *parser.Parser) (nodes.ControlStructure, error) {
		name := ""
		if t := args.Current(); t != nil && t.Type == tokens.Name {
			name = t.Val
		}
		cs, err := parse(p, args)
		if err != nil {
			return nil, err
		}
		set, ok := cs.(block)
		if !ok {
			return nil, errors.New("set: unknown form")
		}
		return &measuredSet{set, name}, nil
	}
}

type measuredSet struct {
	block
	name string // of what is set, or of the namespace that holds it
}

func (s *measuredSet) Execute(r *exec.Renderer, tag *nodes.ControlStructureBlock) error {
	if err := s.block.Execute(r, tag); err != nil {
		return err
	}
	if v, ok := r.Environment.Context.Get(s.name); ok && tooLarge(v) {
		return fmt.Errorf("variable %q holds more than %d bytes", s.name, maxValue)
	}
	return nil
}

// tooLarge reports whether a value, or one that a namespace holds, is.
func tooLarge(v any) bool {
	switch v := v.(type) {
	case string:
		return len(v) > maxValue
	case map[string]any: // a namespace
		for _, item := range v {
			if e, ok := item.(*exec.Value); ok {
				item = e.Interface()
			}
			if _, nested := item.(map[string]any); !nested && tooLarge(item) {
				return true
			}
		}
		return false
	}
	value := exec.AsValue(v)
	return value.IsList() && value.Len() > maxValue/64 || value.IsString() && len(value.String()) > maxValue
}

// generation is transformers' block around what an assistant said; it prints
// what is inside.
func generation(p, args *parser.Parser) (nodes.ControlStructure, error) {
	body, _, err := p.WrapUntil("endgeneration")
	if err != nil {
		return nil, err
	}
	return &inside{body}, nil
}

type inside struct{ body *nodes.Wrapper }

func (i *inside) Position() *tokens.Token { return i.body.Position() }
func (i *inside) String() string          { return "generation" }
func (i *inside) Execute(r *exec.Renderer, _ *nodes.ControlStructureBlock) error {
	return r.ExecuteWrapper(i.body)
}
