package ssrl_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// layers is the dependency policy. A package may import the packages on the
// lines above its own, and nothing on its own line or below. Do not move a
// package down to make a build pass; cut the code differently. Test files may
// import anything.
const layers = `
rgbd/jpeg rgbd/zlib
rgbd/png
seed rgbd bpe answer tensor parallel config golden outdir exif balance pyjson
jinja
scene pretext shard chat patch safetensors cpu rounding tape formats/parquet
qwen formats gallery
decode optim devtest
policy checkpoint
preset
ssrl
bench demo
cmd/ssrl
`

// importers narrows layers: the packages on the left serve those on the right
// alone. The model is written against tensor.Device, so only ssrl knows which
// devices there are; a preset draws new weights where every machine can.
var importers = map[string][]string{
	"cpu":      {"preset", "ssrl"},
	"rounding": {"ssrl"},
	"golden":   nil, // tests
	"devtest":  nil, // tests
	"bench":    {"cmd/ssrl"},
	"demo":     {"cmd/ssrl"},
	"gallery":  {"demo", "ssrl"},
}

// modules are the modules that the project may use; RATIONALE.md says what for.
var modules = map[string][]string{
	"github.com/stretchr/testify":        {"golden", "devtest"}, // beside test files
	"github.com/ebitengine/purego":       nil,
	"github.com/x448/float16":            nil,
	"github.com/parquet-go/parquet-go":   {"formats"},         // writing
	"github.com/klauspost/compress":      {"formats/parquet"}, // Snappy and zstd; parquet-go brings it
	"github.com/nikolalohinski/gonja/v2": {"jinja"},           // chat templates of checkpoints
	"github.com/alecthomas/kong":         {"cmd/ssrl"},
	"github.com/goccy/go-yaml":           {"config"},
	"golang.org/x/image":                 {"rgbd"}, // VP8 and VP8L of WebP, LZW of TIFF
	"golang.org/x/sys":                   nil,
	"golang.org/x/text":                  nil,
	"gorgonia.org/cu":                    nil,
}

// importsOf returns what the files below dir import, test files or the others,
// by the file's folder relative to dir. It reads the files itself: the test
// cache does not see what a child reads.
func importsOf(t *testing.T, dir string, tests bool) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			skipped := file != dir && (e.Name() == "testdata" || strings.ContainsAny(e.Name()[:1], "._"))
			if skipped {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") != tests {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(dir, filepath.Dir(file))
		if err != nil {
			return err
		}
		folder = filepath.ToSlash(folder)
		imports[folder] = append(imports[folder], "") // a package without imports is one
		for _, i := range f.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			imports[folder] = append(imports[folder], name)
		}
		return nil
	})
	require.NoError(t, err)
	return imports
}

// layerName shortens an import path, or a folder of the module, to its name in
// layers. It is empty for a package outside the module.
func layerName(importPath string) string {
	if name, ok := strings.CutPrefix(importPath, "ssrl/internal/"); ok {
		return name
	}
	if name, ok := strings.CutPrefix(importPath, "ssrl/"); ok {
		return name
	}
	if importPath == "ssrl" {
		return "ssrl"
	}
	return ""
}

// breaches says how imports, by import path of the importing package, break
// layers, importers and modules.
func breaches(imports map[string][]string) []string {
	level := map[string]int{}
	for i, line := range strings.Split(strings.TrimSpace(layers), "\n") {
		for _, name := range strings.Fields(line) {
			level[name] = i
		}
	}
	var found []string
	report := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	for from, targets := range imports {
		name := layerName(from)
		if _, ok := level[name]; !ok {
			report("%s is in no layer", name)
			continue
		}
		for _, target := range targets {
			to := layerName(target)
			if to == "" {
				if users, ok := modules[moduleOf(target)]; ok && len(users) > 0 && !slices.Contains(users, name) {
					report("%s imports %s, which is for %v", name, target, users)
				}
				continue
			}
			if level[to] >= level[name] {
				report("%s imports %s, which is not on a line above its own", name, to)
			}
			if users, ok := importers[to]; ok && !slices.Contains(users, name) {
				report("%s imports %s, which is for %v and tests", name, to, users)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// moduleOf returns the module that holds the package, of those in modules, or
// the package's own path.
func moduleOf(pkg string) string {
	for m := pkg; m != "."; m = path.Dir(m) {
		if _, ok := modules[m]; ok {
			return m
		}
	}
	return pkg
}

// outside reports whether a package is neither the standard library's nor ours.
func outside(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return strings.Contains(first, ".")
}

func TestLayers(t *testing.T) {
	imports := map[string][]string{}
	for folder, targets := range importsOf(t, ".", false) {
		imports[path.Join("ssrl", folder)] = targets
	}
	assert.Empty(t, breaches(imports))
}

func TestLayersNoticeBreaches(t *testing.T) {
	for _, tc := range []struct {
		name, from, to string
		want           []string
	}{
		{"line above", "ssrl/internal/qwen", "ssrl/internal/tensor", nil},
		{"own line", "ssrl/internal/patch", "ssrl/internal/chat", []string{"patch imports chat, which is not on a line above its own"}},
		{"line below", "ssrl/internal/seed", "ssrl/internal/qwen", []string{"seed imports qwen, which is not on a line above its own"}},
		{"unknown package", "ssrl/internal/drawer", "fmt", []string{"drawer is in no layer"}},
		{"public package from inside", "ssrl/internal/qwen", "ssrl", []string{"qwen imports ssrl, which is not on a line above its own"}},
		{"device from the model", "ssrl/internal/qwen", "ssrl/internal/cpu", []string{"qwen imports cpu, which is for [preset ssrl] and tests"}},
		{"device from the public package", "ssrl", "ssrl/internal/cpu", nil},
		{"test helper outside a test", "ssrl", "ssrl/internal/devtest", []string{"ssrl imports devtest, which is for [] and tests"}},
		{"command line library inside", "ssrl/internal/qwen", "github.com/alecthomas/kong", []string{"qwen imports github.com/alecthomas/kong, which is for [cmd/ssrl]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, breaches(map[string][]string{tc.from: {"", tc.to}}))
		})
	}
}

// TestModules holds what go.mod asks for and what files import against modules.
func TestModules(t *testing.T) {
	for _, tests := range []bool{false, true} {
		for folder, targets := range importsOf(t, ".", tests) {
			for _, target := range targets {
				if outside(target) {
					assert.Contains(t, modules, moduleOf(target), "%s imports it", folder)
				}
			}
		}
	}
	for _, line := range lines(t, "go.mod") {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		direct := len(fields) == 2 && strings.HasPrefix(fields[1], "v")
		if direct {
			assert.Contains(t, modules, fields[0], "go.mod requires it")
		}
	}
}

// TestRootImportsOnlySSRL holds the C ABI and the examples to what any user of
// ssrl can do: the root module imports ssrl and the standard library.
func TestRootImportsOnlySSRL(t *testing.T) {
	if _, err := os.Stat("../go.mod"); err != nil {
		t.Skip("the module is used without its repository")
	}
	for _, dir := range []string{"capi", "examples", "bindings"} {
		if _, err := os.Stat(filepath.Join("..", dir)); err != nil {
			continue
		}
		for folder, targets := range importsOf(t, filepath.Join("..", dir), false) {
			for _, target := range targets {
				standard := !outside(target) && layerName(target) == ""
				assert.True(t, standard || target == "ssrl", "%s/%s imports %s", dir, folder, target)
			}
		}
	}
}

// lines returns the lines of a text file.
func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.Split(string(text), "\n")
}
