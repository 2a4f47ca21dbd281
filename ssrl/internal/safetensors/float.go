package safetensors

import (
	"encoding/binary"
	"math"

	"github.com/x448/float16"

	"ssrl/internal/tensor"
)

// widen converts little-endian values of type d, which is F32, F16 or BF16, to
// float32. Every one of them is exactly a float32; NaN payloads stay.
func widen(dst []float32, src []byte, d DType) {
	le := binary.LittleEndian
	switch d {
	case F32:
		src = src[:4*len(dst)]
		for i := range dst {
			dst[i] = math.Float32frombits(le.Uint32(src[4*i:]))
		}
	case F16:
		src = src[:2*len(dst)]
		for i := range dst {
			dst[i] = float16.Frombits(le.Uint16(src[2*i:])).Float32()
		}
	case BF16:
		src = src[:2*len(dst)]
		for i := range dst {
			dst[i] = tensor.Widen16(le.Uint16(src[2*i:]))
		}
	default:
		panic("safetensors: widen " + string(d))
	}
}

// narrow converts values to little-endian values of type d, which is F32, F16
// or BF16. Halves go to even, as torch rounds; NaN stays NaN.
func narrow(dst []byte, src []float32, d DType) {
	le := binary.LittleEndian
	switch d {
	case F32:
		for i, v := range src {
			le.PutUint32(dst[4*i:], math.Float32bits(v))
		}
	case F16:
		for i, v := range src {
			le.PutUint16(dst[2*i:], float16.Fromfloat32(v).Bits())
		}
	case BF16:
		for i, v := range src {
			le.PutUint16(dst[2*i:], tensor.Round16(v))
		}
	default:
		panic("safetensors: narrow to " + string(d))
	}
}
