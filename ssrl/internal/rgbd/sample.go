package rgbd

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/x448/float16"
)

// noReading is what depth maps hold where nothing was measured.
var noReading = float32(math.NaN())

// sampleType is how a number is stored.
type sampleType struct {
	kind byte // 'f' float, 'i' signed, 'u' unsigned, 'b' bool
	size int  // bytes
	big  bool // the first byte is the most significant
}

// String names the type as numpy does, for errors.
func (t sampleType) String() string { return fmt.Sprintf("%c%d", t.kind, t.size) }

// known reports whether value can read t.
func (t sampleType) known() bool {
	switch t.kind {
	case 'f':
		return t.size == 2 || t.size == 4 || t.size == 8
	case 'i', 'u':
		return t.size == 1 || t.size == 2 || t.size == 4 || t.size == 8
	}
	return t.kind == 'b' && t.size == 1
}

func (t sampleType) bits(b []byte) uint64 {
	var order binary.ByteOrder = binary.LittleEndian
	if t.big {
		order = binary.BigEndian
	}
	switch t.size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	}
	return order.Uint64(b)
}

// value reads one number.
func (t sampleType) value(b []byte) float64 {
	v := t.bits(b)
	switch {
	case t.kind == 'i':
		shift := 64 - 8*t.size
		return float64(int64(v<<shift) >> shift)
	case t.kind != 'f':
		return float64(v)
	case t.size == 2:
		return float64(float16.Frombits(uint16(v)).Float32())
	case t.size == 4:
		return float64(math.Float32frombits(uint32(v)))
	}
	return math.Float64frombits(v)
}

// depths fills dst with the numbers of src, in metres by u, which names a unit.
// Zero, negative and infinite numbers and NaN are no reading.
func (t sampleType) depths(dst []float32, src []byte, u Unit) {
	src = src[:len(dst)*t.size]
	// The two types of almost every file.
	if t.kind == 'f' && t.size == 4 && !t.big && (u.kind == metres || u.kind == relative) {
		for i := range dst {
			dst[i] = reading(math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:])))
		}
		return
	}
	if t.kind == 'u' && t.size == 2 {
		for i := range dst {
			v := uint16(t.bits(src[2*i:]))
			if u.kind == sunRGBD {
				v = v>>3 | v<<13
			}
			dst[i] = reading(float32(u.metres(float64(v))))
		}
		return
	}
	for i := range dst {
		dst[i] = reading(float32(u.metres(t.value(src[i*t.size:]))))
	}
}

func reading(v float32) float32 {
	if v > 0 && v <= math.MaxFloat32 {
		return v
	}
	return noReading
}

// checkUnit refuses a unit that means nothing for t.
func (t sampleType) checkUnit(u Unit) error {
	if u.kind == sunRGBD && (t.kind != 'u' || t.size != 2) {
		return fmt.Errorf("unit sunrgbd on %s (want u2, 16-bit counts)", t)
	}
	return nil
}
