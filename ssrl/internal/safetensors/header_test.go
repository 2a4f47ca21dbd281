package safetensors

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// file builds a file of a header text and n bytes of data.
func file(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}

func length(n uint64, rest string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, n), rest...)
}

func TestHostileHeadersAreRefused(t *testing.T) {
	const one = `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for _, tc := range []struct {
		name, want string
		file       []byte
	}{
		{"empty file", "0 bytes (want at least 8)", nil},
		{"seven bytes", "7 bytes (want at least 8)", make([]byte, 7)},
		{"length zero", "header is not a JSON object", length(0, "")},
		{"length past the end", "header of 100 bytes in a file of 10", length(100, "{}")},
		{"length of 2^64-1, which a careless sum wraps", "header of 18446744073709551615 bytes (want at most 100000000)", length(1<<64-1, "{}")},
		{"length above the limit", "header of 100000001 bytes (want at most 100000000)", length(100_000_001, "{}")},
		{"not JSON", "header is not a JSON object", file("hello", 0)},
		{"leading space", "header is not a JSON object", file(" {}", 0)},
		{"list", "header is not a JSON object", file("[]", 0)},
		{"cut short", `tensor "a": header ends early`, file(`{"a":{"dtype":"F32"`, 0)},
		{"cut after a name", `tensor "a": header ends early`, file(`{"a"`, 0)},
		{"broken JSON", `tensor "a": broken JSON: invalid character '!' looking for beginning of value`, file(`{"a":!}`, 0)},
		{"no name", "broken JSON: invalid character '1'", file(`{1:2}`, 0)},
		{"name without an entry", "header ends early", file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},`, 0)},
		{"two objects", "header goes on after its JSON object", file("{} {}", 0)},
		{"zero bytes as padding", "header goes on after its JSON object", file("{}\x00\x00", 0)},
		{"tensor is a number", `tensor "a": a JSON number (want an object)`, file(`{"a":1}`, 0)},
		{"no dtype", `tensor "a": no dtype`, file(`{"a":{"shape":[2],"data_offsets":[0,8]}}`, 8)},
		{"no shape", `tensor "a": no shape`, file(`{"a":{"dtype":"F32","data_offsets":[0,8]}}`, 8)},
		{"null shape", `tensor "a": no shape`, file(`{"a":{"dtype":"F32","shape":null,"data_offsets":[0,8]}}`, 8)},
		{"no offsets", `tensor "a": data_offsets are not two numbers`, file(`{"a":{"dtype":"F32","shape":[2]}}`, 8)},
		{"one offset", `tensor "a": data_offsets are not two numbers`, file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}`, 8)},
		{"three offsets", `tensor "a": data_offsets are not two numbers`, file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}`, 8)},
		{"dtype is a number", `tensor "a": dtype holds a JSON number (want string)`, file(`{"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}`, 8)},
		{"shape of a string", `tensor "a": shape holds a JSON string (want int)`, file(`{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}`, 8)},
		{"fraction", `tensor "a": shape holds a JSON number 1.5 (want int)`, file(`{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}`, 8)},
		{"offset beyond int64", `tensor "a": data_offsets holds a JSON number 99999999999999999999 (want int)`, file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}`, 8)},
		{"negative dimension", `tensor "a": shape [-2] is out of range`, file(`{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, 8)},
		{"shape product wraps", `tensor "a": shape [4294967296 4294967296 4] is out of range`, file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}`, 0)},
		{"bytes wrap", `tensor "a": shape [4611686018427387904] is out of range`, file(`{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}`, 0)},
		{"shape of an unknown type wraps", `tensor "a": shape [4294967296 4294967296 4] is out of range`, file(`{"a":{"dtype":"Q5","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}`, 0)},
		{"negative offset", `tensor "a": data_offsets [-8 0] run backwards`, file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}`, 8)},
		{"end before begin", `tensor "a": data_offsets [8 0] run backwards`, file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8)},
		{"shape larger than the range", `tensor "a": 8 bytes of data (want 12 for F32 [3])`, file(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8)},
		{"shape smaller than the range", `tensor "a": 8 bytes of data (want 4 for BF16 [2 1])`, file(`{"a":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,8]}}`, 8)},
		{"range past the end", `tensor "a": data_offsets [0 8] in 7 bytes of data`, file("{"+one+"}", 7)},
		{"data after the last tensor", "9 bytes of data (want 8, where the last tensor ends)", file("{"+one+"}", 9)},
		{"data without tensors", "4 bytes of data (want 0, where the last tensor ends)", file("{}", 4)},
		{"hole at the start", `tensor "a": data starts at 8 (want 0, where the tensor before it ends)`, file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}`, 16)},
		{"overlap", `tensor "b": data starts at 4 (want 8, where the tensor before it ends)`, file("{"+one+`,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12)},
		{"same range", `tensor "b": data starts at 0 (want 8, where the tensor before it ends)`, file("{"+one+`,"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8)},
		{"same name", `tensor "a": listed twice`, file("{"+one+","+one+"}", 8)},
		{"same name, escaped", `tensor "a": listed twice`, file("{"+one+`,"\u0061":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}`, 16)},
		{"metadata twice", "two __metadata__ entries", file(`{"__metadata__":{},"__metadata__":{}}`, 0)},
		{"metadata of numbers", "__metadata__ is not an object of strings", file(`{"__metadata__":{"step":3}}`, 0)},
		{"metadata is a list", "__metadata__ is not an object of strings", file(`{"__metadata__":[]}`, 0)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "model.safetensors")
			require.NoError(t, os.WriteFile(path, tc.file, 0o600))
			f, err := Open(path)
			assert.Nil(t, f)
			require.EqualError(t, err, path+": "+tc.want)
		})
	}
}

func TestOddButLegalHeadersAreRead(t *testing.T) {
	for _, tc := range []struct {
		name string
		file []byte
		len  int
	}{
		{"nothing", file("{}", 0), 0},
		{"padded with spaces", file("{}      ", 0), 0},
		{"null metadata", file(`{"__metadata__":null}`, 0), 0},
		{"empty tensors share a place", file(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[7,0],"data_offsets":[0,0]}}`, 0), 2},
		{"huge dimensions times zero", file(`{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,0],"data_offsets":[0,0]}}`, 0), 1},
		{"unaligned data", file(`{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"F32","shape":[],"data_offsets":[1,5]}}`, 5), 2},
		{"unknown keys", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"note":{"x":[1]}}}`, 1), 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, err := parseHeader(tc.file)
			require.NoError(t, err)
			assert.Len(t, h.tensors, tc.len)
		})
	}
}

func TestUnknownDTypeIsAnErrorOnlyWhenRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	data := file(`{"q":{"dtype":"F4_E9\n","shape":[3],"data_offsets":[0,2]},"a":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}`, 6)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	values, err := f.Float32("a")
	require.NoError(t, err)
	assert.Equal(t, []float32{0}, values)
	raw, err := f.Raw("q")
	require.NoError(t, err)
	assert.Equal(t, []byte{0, 0}, raw)
	_, err = f.Float32("q")
	require.EqualError(t, err, path+`: tensor "q": dtype "F4_E9\n" (want F32, F16 or BF16)`)
	_, err = f.Float32("p")
	require.EqualError(t, err, path+`: no tensor "p"`)
}

// FuzzOpen checks that no header makes the parser panic, and that every
// tensor of a file that it accepts can be read or names its type.
func FuzzOpen(f *testing.F) {
	f.Add(file(`{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}`, 8))
	f.Add(file(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, 0))
	f.Add(length(1<<63, strings.Repeat("x", 20)))
	path := filepath.Join(f.TempDir(), "x.safetensors")
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, os.WriteFile(path, data, 0o600))
		file, err := Open(path)
		if err != nil {
			assert.NotContains(t, strings.TrimPrefix(err.Error(), path), "\n")
			return
		}
		defer file.Close()
		total := 0
		for _, name := range file.Names() {
			raw, err := file.Raw(name)
			require.NoError(t, err)
			total += len(raw)
			info, err := file.Info(name)
			require.NoError(t, err)
			values, err := file.Float32(name)
			if info.convertible() != nil {
				require.Error(t, err)
				continue
			}
			require.NoError(t, err)
			assert.Len(t, values, info.Len())
		}
		assert.LessOrEqual(t, total, len(data))
	})
}
