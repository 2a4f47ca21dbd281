package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// strict are the flags under which the header and the test programs compile.
var strict = []string{"-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I."}

// run runs a command and returns what it prints; a failure ends the test.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(args, " "), out)
	return string(out)
}

func goTool(t *testing.T, args ...string) string { return run(t, ".", "go", args...) }

// compiler is the C compiler that cgo uses.
var compiler = sync.OnceValue(func() string {
	if cc := os.Getenv("CC"); cc != "" {
		return cc
	}
	return "gcc"
})

// cxx is the C++ compiler; a test without one is skipped.
func cxx(t *testing.T) string {
	t.Helper()
	name := os.Getenv("CXX")
	if name == "" {
		name = "g++"
	}
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("there is no %s", name)
	}
	return name
}

// built is the folder of the library, which is built once for all tests.
var built struct {
	once sync.Once
	dir  string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// library returns the folder that holds libssrl.so, built with the Makefile's
// flags, so that after it little is left to build.
func library(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		dir, err := os.MkdirTemp("", "ssrl-capi-")
		require.NoError(t, err)
		script, err := filepath.Abs("ssrl.map")
		require.NoError(t, err)
		goTool(t, "build", "-trimpath", "-buildmode=c-shared", "-o", filepath.Join(dir, "libssrl.so"),
			"-ldflags", `-s -w "-extldflags=-Wl,-soname,libssrl.so '-Wl,--version-script=`+script+`'"`, ".")
		built.dir = dir
	})
	require.NotEmpty(t, built.dir, "libssrl.so was not built")
	return built.dir
}

// program compiles testdata/name against the library.
func program(t *testing.T, compiler string, flags []string, name string) string {
	t.Helper()
	lib, exe := library(t), filepath.Join(t.TempDir(), "program")
	args := slices.Concat(flags, strict, []string{filepath.Join("testdata", name), "-o", exe, "-L" + lib, "-lssrl", "-lm", "-lpthread", "-Wl,-rpath," + lib})
	run(t, ".", compiler, args...)
	return exe
}

// prototypes are the functions that ssrl.h declares.
func prototypes(t *testing.T) []string {
	t.Helper()
	header, err := os.ReadFile("ssrl.h")
	require.NoError(t, err)
	text := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(header), "")
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^[a-z].*?\b(ssrl_\w+)\(`).FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[0], "typedef") {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return names
}

func TestHeaderIsShort(t *testing.T) {
	header, err := os.ReadFile("ssrl.h")
	require.NoError(t, err)
	assert.Less(t, strings.Count(string(header), "\n"), 200)
}

func TestHeaderCompiles(t *testing.T) {
	source := filepath.Join(t.TempDir(), "header.h")
	require.NoError(t, os.WriteFile(source, []byte("#include \"ssrl.h\"\n#include \"ssrl.h\"\n"), 0o644))
	for _, std := range []string{"c99", "c11", "c17"} {
		t.Run(std, func(t *testing.T) {
			run(t, ".", compiler(), slices.Concat(strict, []string{"-std=" + std, "-fsyntax-only", "-x", "c", source})...)
		})
	}
	for _, std := range []string{"c++11", "c++17", "c++20"} {
		t.Run(std, func(t *testing.T) {
			run(t, ".", cxx(t), slices.Concat(strict, []string{"-std=" + std, "-fsyntax-only", "-x", "c++", source})...)
		})
	}
}

func TestExportsAreThePrototypes(t *testing.T) {
	nm, err := exec.LookPath("nm")
	if err != nil {
		t.Skip("there is no nm")
	}
	var exported []string
	for _, line := range strings.Split(run(t, ".", nm, "-D", "--defined-only", filepath.Join(library(t), "libssrl.so")), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[1] != "A" { // A is the name of the symbols' version
			name, _, _ := strings.Cut(f[2], "@")
			exported = append(exported, name)
		}
	}
	slices.Sort(exported)
	assert.Equal(t, prototypes(t), exported)
}

func TestEverySymbolLinks(t *testing.T) {
	source, err := os.ReadFile("testdata/every_symbol.c")
	require.NoError(t, err)
	for _, name := range prototypes(t) {
		assert.Contains(t, string(source), "(function)"+name+",", "testdata/every_symbol.c")
	}
	t.Run("c", func(t *testing.T) {
		assert.Equal(t, "every symbol: ok\n", run(t, ".", program(t, compiler(), []string{"-std=c99"}, "every_symbol.c")))
	})
	t.Run("c++", func(t *testing.T) {
		assert.Equal(t, "every symbol: ok\n", run(t, ".", program(t, cxx(t), []string{"-std=c++17", "-x", "c++"}, "every_symbol.c")))
	})
	t.Run("static", func(t *testing.T) {
		dir := t.TempDir()
		archive, exe := filepath.Join(dir, "libssrl.a"), filepath.Join(dir, "program")
		goTool(t, "build", "-trimpath", "-buildmode=c-archive", "-o", archive, "-ldflags", "-s -w", ".")
		run(t, ".", compiler(), slices.Concat([]string{"-std=c99"}, strict, []string{"testdata/every_symbol.c", archive, "-o", exe, "-lm", "-lpthread"})...)
		assert.Equal(t, "every symbol: ok\n", run(t, ".", exe))
	})
}

// TestPrograms runs what a C program does with the library. Each program checks
// itself and says ok.
func TestPrograms(t *testing.T) {
	for _, name := range []string{"refuse", "threads", "fork", "cycles"} {
		t.Run(name, func(t *testing.T) {
			exe := program(t, compiler(), []string{"-std=c11"}, name+".c")
			assert.Equal(t, name+": ok\n", run(t, t.TempDir(), exe))
		})
	}
	t.Run("smoke", func(t *testing.T) {
		smoke(t, program(t, compiler(), []string{"-std=c11"}, "smoke.c"))
	})
}

// TestProgramsAreClean runs them with gcc's sanitizers: no byte outside what
// the host gave, none lost, and nothing undefined.
func TestProgramsAreClean(t *testing.T) {
	flags := []string{"-std=c11", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover"}
	empty := filepath.Join(t.TempDir(), "empty.c")
	require.NoError(t, os.WriteFile(empty, []byte("int main(void) { return 0; }\n"), 0o644))
	if out, err := exec.Command(compiler(), append(flags, empty, "-o", empty+".out")...).CombinedOutput(); err != nil {
		t.Skipf("the compiler has no sanitizers: %s", out)
	}
	for _, name := range []string{"refuse", "threads"} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, name+": ok\n", run(t, t.TempDir(), program(t, compiler(), flags, name+".c")))
		})
	}
	t.Run("smoke", func(t *testing.T) { smoke(t, program(t, compiler(), flags, "smoke.c")) })
}

// smoke runs the program of that name beside a folder of frames.
func smoke(t *testing.T, exe string) {
	t.Helper()
	dir := t.TempDir()
	frames := filepath.Join(dir, "frames")
	require.NoError(t, ssrl.WriteScenes(t.Context(), frames, ssrl.SceneOptions{Count: 1, Seed: 1, Width: 320, Height: 240}))
	require.NoError(t, os.WriteFile(filepath.Join(frames, "b.png"), []byte("no picture"), 0o644))
	assert.Equal(t, "smoke: ok\n", run(t, dir, exe))
}

func TestVersionsAgree(t *testing.T) {
	assert.Regexp(t, `^LIBSSRL_0 `, read(t, "ssrl.map"), "the symbols' version changes with SSRL_ABI")
	assert.Contains(t, read(t, "ssrl.h"), "#define SSRL_ABI 1 ")
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(b)
}

// pythonLayout prints what testdata/layout.c prints, of the structs in the
// Python binding.
const pythonLayout = `
import ctypes
from ssrl import _lib
for s in _lib.STRUCTS:
    print(end="\n" + " ".join([s.__name__, str(ctypes.sizeof(s))] + [f"{name}:{getattr(s, name).offset}" for name, _ in s._fields_]))
print()
`

func TestPythonHasTheLayoutOfC(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "layout")
	run(t, ".", compiler(), slices.Concat(strict, []string{"testdata/layout.c", "-o", exe})...)
	layout := run(t, ".", exe)
	assert.Contains(t, layout, "\nssrl_error 512 code:0 message:4\n")
	for _, name := range regexp.MustCompile(`typedef struct (\w+) +\{`).FindAllStringSubmatch(read(t, "ssrl.h"), -1) {
		assert.Contains(t, layout, "\n"+name[1]+" ", "testdata/layout.c")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", pythonLayout)
	cmd.Env = append(os.Environ(), "PYTHONPATH=../bindings/python", "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, layout, string(out))
}

// TestPythonBindsEveryFunction compares names alone; what a wrong type does, the
// tests of the binding show.
func TestPythonBindsEveryFunction(t *testing.T) {
	source := read(t, "../bindings/python/ssrl/_lib.py")
	table := source[strings.Index(source, "SIGNATURES"):strings.Index(source, "RESULTS =")]
	var bound []string
	for _, m := range regexp.MustCompile(`(?m)^    "(\w+)": \[`).FindAllStringSubmatch(table, -1) {
		bound = append(bound, "ssrl_"+m[1])
	}
	slices.Sort(bound)
	assert.Equal(t, prototypes(t), bound)
}
