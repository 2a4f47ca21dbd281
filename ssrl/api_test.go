package ssrl_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite testdata/api.txt")

const apiFile = "testdata/api.txt"

// TestAPI compares what the package exports with testdata/api.txt, so that a
// change of the API is a change of a reviewed file. Names of parameters and
// values of constants are not part of it. -update rewrites the file.
func TestAPI(t *testing.T) {
	got := exported(t)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(apiFile), 0o755))
		require.NoError(t, os.WriteFile(apiFile, []byte(strings.Join(got, "\n")+"\n"), 0o644))
	}
	want := lines(t, apiFile)
	want = want[:len(want)-1] // the file ends in a newline
	var diff []string
	for _, line := range want {
		if !slices.Contains(got, line) {
			diff = append(diff, "- "+line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			diff = append(diff, "+ "+line)
		}
	}
	if len(diff) > 0 {
		t.Errorf("the exported API is not that of %s; if it should change, run go test -run TestAPI -update .\n%s", apiFile, strings.Join(diff, "\n"))
	}
}

// exported returns a line for each function, method, type, field, constant and
// variable that the package exports, on any platform, sorted.
func exported(t *testing.T) []string {
	t.Helper()
	api := &api{types: map[string]*ast.TypeSpec{}, methods: map[string][]*ast.FuncDecl{}}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			api.declare(d)
		}
	}
	for name, spec := range api.types {
		if ast.IsExported(name) {
			api.typeLines(name, spec)
		}
	}
	slices.Sort(api.lines)
	return slices.Compact(api.lines)
}

// api collects the package-level names of a package.
type api struct {
	lines   []string
	types   map[string]*ast.TypeSpec
	methods map[string][]*ast.FuncDecl // by receiver type
}

func (a *api) add(parts ...string) { a.lines = append(a.lines, strings.Join(parts, " ")) }

func (a *api) declare(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			if d.Name.IsExported() {
				a.add("func", d.Name.Name+signature(d.Type))
			}
			return
		}
		receiver := receiverName(d)
		a.methods[receiver] = append(a.methods[receiver], d)
	case *ast.GenDecl:
		var last *ast.ValueSpec // a constant without type and value repeats the one before
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				a.types[spec.Name.Name] = spec
			case *ast.ValueSpec:
				if last == nil || spec.Type != nil || spec.Values != nil {
					last = spec
				}
				for i, name := range spec.Names {
					if name.IsExported() {
						a.add(d.Tok.String(), name.Name, valueType(last, i))
					}
				}
			}
		}
	}
}

func (a *api) typeLines(name string, spec *ast.TypeSpec) {
	head := []string{"type", name + typeParams(spec.TypeParams)}
	if spec.Assign.IsValid() {
		head = append(head, "=")
	}
	switch spec.Type.(type) {
	case *ast.StructType:
		head = append(head, "struct")
	case *ast.InterfaceType:
		head = append(head, "interface")
	default:
		head = append(head, expr(spec.Type))
	}
	a.add(head...)
	a.members(name, name, map[string]bool{})
}

// members adds the fields and methods of a type under the name of outer, and
// those that it takes over from unexported types of this package.
func (a *api) members(outer, name string, seen map[string]bool) {
	spec := a.types[name]
	if spec == nil || seen[name] {
		return
	}
	seen[name] = true
	for _, m := range a.methods[name] {
		if m.Name.IsExported() {
			pointer := ""
			if _, ok := m.Recv.List[0].Type.(*ast.StarExpr); ok {
				pointer = "*"
			}
			a.add("method", "("+pointer+outer+")", m.Name.Name+signature(m.Type))
		}
	}
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		for _, f := range typ.Fields.List {
			for _, n := range f.Names {
				if n.IsExported() {
					a.add("field", outer+"."+n.Name, expr(f.Type)+tag(f))
				}
			}
			if f.Names == nil {
				a.embedded(outer, f.Type, seen)
			}
		}
	case *ast.InterfaceType:
		for _, f := range typ.Methods.List {
			method, ok := f.Type.(*ast.FuncType)
			switch {
			case !ok:
				a.embedded(outer, f.Type, seen)
			case f.Names[0].IsExported():
				a.add("method", outer+"."+f.Names[0].Name+signature(method))
			default:
				a.add("method", outer+"."+f.Names[0].Name+"()", "unexported: no type outside implements it")
			}
		}
	}
}

// tag is the field's tag: the name of an option in JSON and YAML is part of the API.
func tag(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	return " " + f.Tag.Value
}

func (a *api) embedded(outer string, typ ast.Expr, seen map[string]bool) {
	name := strings.TrimPrefix(expr(typ), "*")
	if strings.Contains(name, ".") || ast.IsExported(name) {
		a.add("field", outer+"."+expr(typ), "embedded")
		return
	}
	a.members(outer, name, seen)
}

func receiverName(d *ast.FuncDecl) string {
	typ := d.Recv.List[0].Type
	if p, ok := typ.(*ast.StarExpr); ok {
		typ = p.X
	}
	name, _, _ := strings.Cut(expr(typ), "[")
	return name
}

// signature writes parameters and results without their names.
func signature(f *ast.FuncType) string {
	s := typeParams(f.TypeParams) + "(" + typeList(f.Params) + ")"
	if f.Results == nil {
		return s
	}
	if r := f.Results.List; len(r) == 1 && len(r[0].Names) <= 1 {
		return s + " " + expr(r[0].Type)
	}
	return s + " (" + typeList(f.Results) + ")"
}

func typeList(fields *ast.FieldList) string {
	var list []string
	for _, f := range fields.List {
		for range max(len(f.Names), 1) {
			list = append(list, expr(f.Type))
		}
	}
	return strings.Join(list, ", ")
}

func typeParams(fields *ast.FieldList) string {
	if fields == nil {
		return ""
	}
	return "[" + typeList(fields) + "]"
}

// valueType writes the type of the i-th name of a declaration, as far as the
// declaration itself tells it.
func valueType(spec *ast.ValueSpec, i int) string {
	if spec.Type != nil {
		return expr(spec.Type)
	}
	if i >= len(spec.Values) {
		return "of " + expr(spec.Values[0])
	}
	switch v := spec.Values[i].(type) {
	case *ast.BasicLit:
		return strings.ToLower(v.Kind.String())
	case *ast.CallExpr:
		if f := expr(v.Fun); f == "errors.New" || f == "fmt.Errorf" {
			return "error"
		}
	}
	return "= " + expr(spec.Values[i])
}

// expr writes a type or value on one line. Function types lose the names of
// their parameters too.
func expr(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.FuncType:
		return "func" + signature(e)
	case *ast.Ellipsis:
		return "..." + expr(e.Elt)
	case *ast.StarExpr:
		return "*" + expr(e.X)
	}
	return types.ExprString(e)
}

func TestAPILinesOfDeclarations(t *testing.T) {
	const source = `package p
type T struct { A, B int; E bool "json:e"; c int; inner; Named }
type inner struct { D string }
func (*inner) M(x, y int) (n int, err error) { return }
type Named string
func (n Named) Text() string { return "" }
type I interface { Do(what string, more ...*T) }
const (
	First Named = "a"
	Second
	plain = 1
)
var ErrX, ErrY = errors.New("x"), errors.New("y")
func New(yield func(k string) bool) *T { return nil }
func hidden() {}
`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.SkipObjectResolution)
	require.NoError(t, err)
	a := &api{types: map[string]*ast.TypeSpec{}, methods: map[string][]*ast.FuncDecl{}}
	for _, d := range f.Decls {
		a.declare(d)
	}
	for _, name := range []string{"T", "Named", "I"} {
		a.typeLines(name, a.types[name])
	}
	assert.ElementsMatch(t, []string{
		"type T struct", "field T.A int", "field T.B int", `field T.E bool "json:e"`, "field T.D string", "field T.Named embedded",
		"method (*T) M(int, int) (int, error)",
		"type Named string", "method (Named) Text() string",
		"type I interface", "method I.Do(string, ...*T)",
		"const First Named", "const Second Named",
		"var ErrX error", "var ErrY error",
		"func New(func(string) bool) *T",
	}, a.lines)
}
