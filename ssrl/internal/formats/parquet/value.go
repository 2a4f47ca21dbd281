package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Encodings of parquet.thrift.
const (
	plain           = 0
	plainDictionary = 2
	rle             = 3
	deltaBinary     = 5
	deltaLength     = 6
	deltaByteArray  = 7
	rleDictionary   = 8
)

// Values are those of a page, without the nulls, in the field of their kind.
type Values struct {
	Bytes  [][]byte  // ByteArray; they share memory
	Ints   []int64   // Int32, Int64 and Boolean (0, 1)
	Floats []float64 // Float and Double
}

// Len returns how many values there are.
func (v Values) Len() int { return len(v.Bytes) + len(v.Ints) + len(v.Floats) }

// decodeValues decodes count values of a page.
func decodeValues(kind Kind, encoding int64, data []byte, count int, dictionary Values) (v Values, err error) {
	switch {
	case encoding == plain:
		return decodePlain(kind, data, count)
	case encoding == plainDictionary || encoding == rleDictionary:
		at, err := dictionaryIndexes(data, count, dictionary.Len())
		if err != nil {
			return v, err
		}
		return dictionary.pick(at), nil
	case encoding == rle && kind == Boolean:
		bits, _, err := levelsV1(data, count, 1)
		for _, b := range bits {
			v.Ints = append(v.Ints, int64(b))
		}
		return v, err
	case encoding == deltaBinary && (kind == Int32 || kind == Int64):
		v.Ints, _, err = deltas(data, count)
		if kind == Int32 {
			for i := range v.Ints {
				v.Ints[i] = int64(int32(v.Ints[i]))
			}
		}
		return v, err
	case encoding == deltaLength && kind == ByteArray:
		v.Bytes, err = deltaLengths(data, count)
		return v, err
	case encoding == deltaByteArray && kind == ByteArray:
		v.Bytes, err = deltaStrings(data, count)
		return v, err
	}
	return v, fmt.Errorf("encoding %d of %s", encoding, kind)
}

// pick returns the values at these places.
func (v Values) pick(at []uint32) (out Values) {
	switch {
	case v.Bytes != nil:
		out.Bytes = make([][]byte, len(at))
		for i, k := range at {
			out.Bytes[i] = v.Bytes[k]
		}
	case v.Ints != nil:
		out.Ints = make([]int64, len(at))
		for i, k := range at {
			out.Ints[i] = v.Ints[k]
		}
	case v.Floats != nil:
		out.Floats = make([]float64, len(at))
		for i, k := range at {
			out.Floats[i] = v.Floats[k]
		}
	}
	return out
}

// decodePlain decodes the PLAIN encoding.
func decodePlain(kind Kind, data []byte, count int) (v Values, err error) {
	width := map[Kind]int{Int32: 4, Float: 4, Int64: 8, Double: 8}[kind]
	if width*count > len(data) {
		return v, fmt.Errorf("%d bytes for %d values of %s: %w", len(data), count, kind, errShort)
	}
	switch kind {
	case ByteArray:
		v.Bytes, err = plainBytes(data, count)
		return v, err
	case Boolean:
		if (count+7)/8 > len(data) {
			return v, errShort
		}
		v.Ints = make([]int64, count)
		for i := range v.Ints {
			v.Ints[i] = int64(data[i/8] >> (i % 8) & 1)
		}
	case Int32:
		v.Ints = make([]int64, count)
		for i := range v.Ints {
			v.Ints[i] = int64(int32(binary.LittleEndian.Uint32(data[4*i:])))
		}
	case Int64:
		v.Ints = make([]int64, count)
		for i := range v.Ints {
			v.Ints[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
		}
	case Float:
		v.Floats = make([]float64, count)
		for i := range v.Floats {
			v.Floats[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		}
	case Double:
		v.Floats = make([]float64, count)
		for i := range v.Floats {
			v.Floats[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
	default:
		return v, fmt.Errorf("values of %s", kind)
	}
	return v, nil
}

func plainBytes(data []byte, count int) ([][]byte, error) {
	if 4*count > len(data) {
		return nil, fmt.Errorf("%d bytes for %d values: %w", len(data), count, errShort)
	}
	out := make([][]byte, count)
	for i := range out {
		if len(data) < 4 {
			return nil, errShort
		}
		n := uint64(binary.LittleEndian.Uint32(data))
		data = data[4:]
		if n > uint64(len(data)) {
			return nil, fmt.Errorf("value %d of %d bytes: %w", i, n, errShort)
		}
		out[i], data = data[:n:n], data[n:]
	}
	return out, nil
}
