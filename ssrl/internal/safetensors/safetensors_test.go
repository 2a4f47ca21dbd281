package safetensors

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/tensor"
)

// ramp is numpy's arange(12)/7 - 0.75 in float32, as _reference/make_testdata.py has it.
func ramp() []float32 {
	v := make([]float32, 12)
	for i := range v {
		v[i] = float32(i)/7 - 0.75
	}
	return v
}

// mixed are the tensors of testdata/python.safetensors, in another order.
func mixed() []Tensor {
	r := ramp()
	ids := make([]byte, 16)
	binary.LittleEndian.PutUint64(ids, math.MaxUint64)
	binary.LittleEndian.PutUint64(ids[8:], 1<<40)
	return []Tensor{
		{Name: "flags", DType: "U8", Shape: []int{5}, Raw: []byte{0, 1, 2, 3, 4}},
		{Name: "half", DType: F16, Shape: []int{2, 2}, Values: r[:4]},
		{Name: "a.weight", DType: BF16, Shape: []int{3, 4}, Load: func() ([]float32, error) { return r, nil }},
		{Name: "z.bias", DType: F32, Shape: []int{3}, Values: r[:3]},
		{Name: "ids", DType: "I64", Shape: []int{2}, Raw: ids},
		{Name: "b <&> é \"q\"", DType: F32, Shape: []int{2, 1, 2}, Values: r[4:8]},
		{Name: "scalar", DType: F32, Values: r[5:6]},
		{Name: "empty", DType: F32, Shape: []int{0, 5}},
	}
}

func TestBytesEqualThePythonPackage(t *testing.T) {
	want, err := os.ReadFile("testdata/python.safetensors")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "go.safetensors")
	require.NoError(t, Write(path, mixed(), nil))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestReadsThePythonPackage(t *testing.T) {
	f, err := Open("testdata/python.safetensors")
	require.NoError(t, err)
	defer f.Close()
	assert.Equal(t, map[string]string{"format": "pt"}, f.Metadata())
	assert.Equal(t, []string{"a.weight", "b <&> é \"q\"", "empty", "flags", "half", "ids", "scalar", "z.bias"}, f.Names())
	info, err := f.Info("b <&> é \"q\"")
	require.NoError(t, err)
	assert.Equal(t, Info{F32, []int{2, 1, 2}}, info)
	values, err := f.Float32("b <&> é \"q\"")
	require.NoError(t, err)
	assert.Equal(t, ramp()[4:8], values)
	values, err = f.Float32("scalar")
	require.NoError(t, err)
	assert.Equal(t, ramp()[5:6], values)
	values, err = f.Float32("empty")
	require.NoError(t, err)
	assert.Empty(t, values)
	_, err = f.Float32("ids")
	require.EqualError(t, err, `testdata/python.safetensors: tensor "ids": dtype "I64" (want F32, F16 or BF16)`)
	assert.False(t, f.Has("c"))
}

func TestRoundTripKeepsEveryBit(t *testing.T) {
	// More values than one chunk, so that the seams are written too.
	n := 2*chunk + 3
	values := make([]float32, n)
	for i := range values {
		values[i] = math.Float32frombits(uint32(i) * 2654435761)
	}
	values[7] = float32(math.Copysign(0, -1))
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, Write(path, []Tensor{{Name: "f", DType: F32, Shape: []int{n}, Values: values}, {Name: "b", DType: BF16, Shape: []int{1, n}, Values: values}},
		map[string]string{"format": "pt", "step": "12"}))
	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	assert.Equal(t, map[string]string{"format": "pt", "step": "12"}, f.Metadata())
	got, err := f.Float32("f")
	require.NoError(t, err)
	for i := range values {
		require.Equal(t, math.Float32bits(values[i]), math.Float32bits(got[i]), "value %d", i)
	}
	narrowed, err := f.Float32("b")
	require.NoError(t, err)
	for i := range values {
		require.Equal(t, uint32(tensor.Round16(values[i]))<<16, math.Float32bits(narrowed[i]), "value %d", i)
	}
}

func TestBfloat16RoundsHalvesToEven(t *testing.T) {
	for _, tc := range []struct {
		name string
		bits uint32
		want uint16
	}{
		{"exact", 0x3f800000, 0x3f80},
		{"half goes to even, down", 0x3f808000, 0x3f80},
		{"half goes to even, up", 0x3f818000, 0x3f82},
		{"just above half", 0x3f808001, 0x3f81},
		{"just below half", 0x3f817fff, 0x3f81},
		{"negative zero", 0x80000000, 0x8000},
		{"smallest denormal", 0x00000001, 0x0000},
		{"largest float32 becomes infinite", 0x7f7fffff, 0x7f80},
		{"infinity", 0xff800000, 0xff80},
		{"NaN whose low bits would carry", 0x7fffffff, 0x7fc0},
		{"NaN that truncates to infinity", 0x7f800001, 0x7fc0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, tensor.Round16(math.Float32frombits(tc.bits)))
		})
	}
}

func TestWriteRefusesWhatItCannotStore(t *testing.T) {
	broken := errors.New("device lost")
	for _, tc := range []struct {
		name, want string
		tensors    []Tensor
	}{
		{"too few values", `tensor "a": 3 values (want 4 for [2 2])`, []Tensor{{Name: "a", DType: F32, Shape: []int{2, 2}, Values: make([]float32, 3)}}},
		{"too few bytes", `tensor "a": 3 bytes (want 4 for U8 [4])`, []Tensor{{Name: "a", DType: "U8", Shape: []int{4}, Raw: make([]byte, 3)}}},
		{"values of an integer type", `tensor "a": dtype "I64" (want F32, F16 or BF16)`, []Tensor{{Name: "a", DType: "I64", Shape: []int{1}, Values: make([]float32, 1)}}},
		{"unknown type", `tensor "a": unknown dtype "Q4"`, []Tensor{{Name: "a", DType: "Q4", Shape: []int{1}, Raw: make([]byte, 1)}}},
		{"same name", `tensor "a": the name is taken`, []Tensor{{Name: "a", DType: F32, Shape: []int{0}}, {Name: "a", DType: F32, Shape: []int{0}}}},
		{"reserved name", `tensor "__metadata__": the name is taken`, []Tensor{{Name: "__metadata__", DType: F32, Shape: []int{0}}}},
		{"negative dimension", `tensor "a": shape [-1] is out of range`, []Tensor{{Name: "a", DType: F32, Shape: []int{-1}}}},
		{"source fails in the middle", `tensor "b": device lost`, []Tensor{{Name: "a", DType: F32, Shape: []int{9}, Values: make([]float32, 9)}, {Name: "b", DType: F32, Shape: []int{1}, Load: func() ([]float32, error) { return nil, broken }}}},
		{"source gives another size", `tensor "b": 2 values (want 1 for [1])`, []Tensor{{Name: "b", DType: F32, Shape: []int{1}, Load: func() ([]float32, error) { return make([]float32, 2), nil }}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "m.safetensors")
			require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
			require.EqualError(t, Write(path, tc.tensors, nil), path+": "+tc.want)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Len(t, left, 1, "a temporary file stayed")
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "before", string(text))
		})
	}
	require.ErrorIs(t, Write(filepath.Join(t.TempDir(), "no", "m.safetensors"), nil, nil), fs.ErrNotExist)
}

func TestOpenFindsTheFilesOfADirectory(t *testing.T) {
	one := func(name string, v float32) []Tensor {
		return []Tensor{{Name: name, DType: F32, Shape: []int{1}, Values: []float32{v}}}
	}
	put := func(t *testing.T, dir, file string, tensors []Tensor) {
		require.NoError(t, Write(filepath.Join(dir, file), tensors, nil))
	}
	index := func(t *testing.T, dir, text string) string {
		path := filepath.Join(dir, indexName)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	t.Run("shards", func(t *testing.T) {
		dir := t.TempDir()
		put(t, dir, "s1.safetensors", one("a", 1))
		put(t, dir, "s2.safetensors", append(one("b", 2), one("extra", 3)...))
		index(t, dir, `{"metadata":{"total_size":8},"weight_map":{"b":"s2.safetensors","a":"s1.safetensors"}}`)
		f, err := Open(dir)
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "b"}, f.Names(), "the index decides")
		values, err := f.Float32("b")
		require.NoError(t, err)
		assert.Equal(t, []float32{2}, values)
		_, err = f.Float32("extra")
		require.EqualError(t, err, dir+`: no tensor "extra"`)
		require.NoError(t, f.Close())
		_, err = f.Float32("a")
		require.EqualError(t, err, `closed file: no tensor "a"`)
	})
	t.Run("a single file wins over an index", func(t *testing.T) {
		dir := t.TempDir()
		put(t, dir, singleName, one("a", 1))
		index(t, dir, `broken`)
		f, err := Open(dir)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	})
	t.Run("nothing there", func(t *testing.T) {
		dir := t.TempDir()
		_, err := Open(dir)
		require.EqualError(t, err, "open "+dir+": no model.safetensors and no model.safetensors.index.json: file does not exist")
		require.ErrorIs(t, err, fs.ErrNotExist)
		_, err = Open(filepath.Join(dir, "x.safetensors"))
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
	t.Run("shard leaves the directory", func(t *testing.T) {
		for _, file := range []string{"../s.safetensors", "/etc/passwd", "sub/s.safetensors", "..", ""} {
			dir := t.TempDir()
			path := index(t, dir, `{"weight_map":{"a":"`+file+`"}}`)
			_, err := Open(dir)
			require.EqualError(t, err, path+`: tensor "a" is in "`+file+`" (want a file name)`)
		}
	})
	t.Run("shard is missing", func(t *testing.T) {
		dir := t.TempDir()
		index(t, dir, `{"weight_map":{"a":"s.safetensors"}}`)
		_, err := Open(dir)
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
	t.Run("tensor is missing", func(t *testing.T) {
		dir := t.TempDir()
		put(t, dir, "s.safetensors", one("b", 1))
		path := index(t, dir, `{"weight_map":{"a":"s.safetensors"}}`)
		_, err := Open(path)
		require.EqualError(t, err, path+`: tensor "a" is not in s.safetensors`)
	})
	t.Run("index without a map", func(t *testing.T) {
		path := index(t, t.TempDir(), `{}`)
		_, err := Open(path)
		require.EqualError(t, err, path+": no weight_map")
	})
}

func TestReadFloat32PanicsOnAWrongLength(t *testing.T) {
	f, err := Open("testdata/python.safetensors")
	require.NoError(t, err)
	defer f.Close()
	require.PanicsWithValue(t, `safetensors: "z.bias" of shape [3] into 2 values`, func() { _ = f.ReadFloat32(make([]float32, 2), "z.bias") })
}

func BenchmarkFloat32(b *testing.B) {
	n := 1 << 22
	path := filepath.Join(b.TempDir(), "m.safetensors")
	values := make([]float32, n)
	require.NoError(b, Write(path, []Tensor{{Name: "F32", DType: F32, Shape: []int{n}, Values: values}, {Name: "BF16", DType: BF16, Shape: []int{n}, Values: values}}, nil))
	f, err := Open(path)
	require.NoError(b, err)
	defer f.Close()
	for _, name := range f.Names() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(4 * n))
			for b.Loop() {
				require.NoError(b, f.ReadFloat32(values, name))
			}
		})
	}
}

// What was forgotten is read again from the file.
func TestForgottenValuesComeBack(t *testing.T) {
	want := make([]float32, 40_000)
	for i := range want {
		want[i] = float32(i)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, Write(path, []Tensor{{Name: "a", DType: F32, Shape: []int{len(want)}, Values: want}}, nil))
	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	for _, n := range []int{0, 1, 30_000, len(want), 2 * len(want)} {
		require.NoError(t, f.Forget("a", n))
		got, err := f.Float32("a")
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	some := make([]float32, 3)
	require.NoError(t, f.ReadFloat32At(some, "a", 7))
	assert.Equal(t, want[7:10], some)
	assert.Panics(t, func() { f.ReadFloat32At(some, "a", len(want)-2) })
	assert.Error(t, f.Forget("b", 1))
}
