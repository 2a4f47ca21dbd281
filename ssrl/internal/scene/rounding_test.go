package scene

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bare resolves every import to a package without contents: what comes from
// elsewhere has no type here and counts as floating point.
type bare struct{}

func (bare) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, filepath.Base(path))
	p.MarkComplete()
	return p, nil
}

// A compiler may fuse a product with a sum that uses it, which saves a rounding
// on some processors and not on others. Only a conversion forbids it (Go
// specification, "Floating-point operators"). So every product stands in
// float64(…), or is a factor, a dividend or part of a comparison, which are
// never fused. A division by a power of two may still become a product and then
// be fused: that product is exact, so nothing changes.
func TestEveryProductIsRounded(t *testing.T) {
	files := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var pkg []*ast.File
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			f, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			pkg = append(pkg, f)
		}
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: bare{}, Error: func(error) {}}
	_, _ = conf.Check("scene", files, pkg, info) // errors are the missing contents
	counted := func(e ast.Expr) bool {           // whole numbers and constants
		tv := info.Types[e]
		b, ok := tv.Type.(*types.Basic)
		return tv.Value != nil || ok && b.Info()&types.IsInteger != 0
	}
	products := 0
	for _, f := range pkg {
		var path []ast.Node
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil {
				path = path[:len(path)-1]
				return false
			}
			switch e := n.(type) {
			case *ast.AssignStmt:
				if e.Tok == token.MUL_ASSIGN && !counted(e.Lhs[0]) {
					assert.Fail(t, "product without rounding", "%s", files.Position(e.Pos()))
				}
			case *ast.BinaryExpr:
				if e.Op == token.MUL && !counted(e) {
					products++
					assert.True(t, rounded(path), "%s: product without rounding", files.Position(e.OpPos))
				}
			}
			path = append(path, n)
			return true
		})
	}
	assert.Greater(t, products, 100)
}

// rounded reports whether the use of a product, whose ancestors these are,
// cannot be fused.
func rounded(path []ast.Node) bool {
	for i := len(path) - 1; i >= 0; i-- {
		switch p := path[i].(type) {
		case *ast.ParenExpr:
			continue
		case *ast.CallExpr:
			f, ok := p.Fun.(*ast.Ident)
			return ok && f.Name == "float64"
		case *ast.BinaryExpr:
			return p.Op != token.ADD && p.Op != token.SUB
		}
		return false
	}
	return false
}
