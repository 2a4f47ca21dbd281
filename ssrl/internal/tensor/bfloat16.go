package tensor

import "math"

// Round16 returns the bits of v rounded to the nearest bfloat16, ties to even. A
// NaN becomes the quiet NaN 0x7fc0 (c10::BFloat16 in torch 2), or its low bits
// could round it to infinity.
func Round16(v float32) uint16 {
	b := math.Float32bits(v)
	if v != v {
		return 0x7fc0
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// Widen16 returns the value of a bfloat16, which is exactly a float32.
func Widen16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }
