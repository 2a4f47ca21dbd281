// Package golden finds reference outputs for tests.
//
// They lie in the folder that SSRL_GOLDEN names, or in ../shared/golden beside
// the project; real frames in SSRL_DATA or ../shared/data. Tests skip without them.
//
// Limits: for tests only.
package golden

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Dir returns the path of an entry of the reference outputs and skips the test
// when it is not there.
func Dir(t testing.TB, elem ...string) string { return find(t, "SSRL_GOLDEN", "golden", elem) }

// Data returns the path of an entry of the real frames and skips the test when
// it is not there.
func Data(t testing.TB, elem ...string) string { return find(t, "SSRL_DATA", "data", elem) }

func find(t testing.TB, env, name string, elem []string) string {
	t.Helper()
	base := os.Getenv(env)
	if base == "" {
		base = filepath.Join(root(t), "..", "shared", name)
	}
	path := filepath.Join(append([]string{base}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s (set %s)", filepath.Join(append([]string{name}, elem...)...), env)
	}
	return path
}

// root climbs to the folder that holds the module "ssrl" in ssrl/.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "ssrl", "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("not inside the project")
		}
		dir = up
	}
}

// JSON decodes a file into v.
func JSON(t testing.TB, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

var npyShape = regexp.MustCompile(`'shape': \(([^)]*)\)`)

// Floats reads a little-endian float32 .npy file in C order.
func Floats(t testing.TB, path string) (shape []int, values []float32) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := data[10 : 10+int(binary.LittleEndian.Uint16(data[8:]))]
	if !strings.Contains(string(head), "'<f4'") || !strings.Contains(string(head), "False") {
		t.Fatalf("%s: %s (want little-endian float32 in C order)", path, head)
	}
	for _, s := range strings.FieldsFunc(npyShape.FindStringSubmatch(string(head))[1], func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		shape = append(shape, n)
	}
	body := data[10+len(head):]
	values = make([]float32, len(body)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
	}
	return shape, values
}
