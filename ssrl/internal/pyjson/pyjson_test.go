package pyjson_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/pyjson"
)

// Expectations are those of json.dumps(json.loads(x), ensure_ascii=False) under
// Python 3.11.
func TestFormatPrintsLikeJSONDumps(t *testing.T) {
	for in, want := range map[string]string{
		`{"b":1,"a":[true,false,null],"c":{}}`: `{"b": 1, "a": [true, false, null], "c": {}}`,
		`{"a":1,"b":2,"a":3}`:                  `{"a": 3, "b": 2}`,
		`[]`:                                   `[]`,
		`[1.50,1e3,1E16,1e15,-0,-0.0,0.0]`:     `[1.5, 1000.0, 1e+16, 1000000000000000.0, 0, -0.0, 0.0]`,
		`[1e-4,1e-5,5e-324,1e400,-1e400]`:      `[0.0001, 1e-05, 5e-324, Infinity, -Infinity]`,
		`[123456789012345678901234567890]`:     `[123456789012345678901234567890]`,
		`[123456789012345678.0,100000.25]`:     `[1.2345678901234568e+17, 100000.25]`,
		`"\u00e9 <b>&'\"\\\/ \u2028 \u007f"`:   "\"é <b>&'\\\"\\\\/ \u2028 \u007f\"",
		`"\u0000\u0001\b\f\n\r\t\u001f"`:       `"\u0000\u0001\b\f\n\r\t\u001f"`,
		`"\ud83d\ude00"`:                       `"😀"`,
	} {
		got, err := pyjson.Format([]byte(in))
		require.NoError(t, err, in)
		assert.Equal(t, want, got)
	}
	for _, in := range []string{``, `{`, `[1`, `{"a":}`} {
		_, err := pyjson.Format([]byte(in))
		assert.Error(t, err, in)
	}
}
