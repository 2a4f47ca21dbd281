//go:build !amd64 || noasm

package cpu

func bestISA() isa { return portable }

func (s isa) kernel(strip, _, k int, a strided, b []float32, _ int, c []float32, ldc int) {
	kernelPortable(strip, k, a, b, c, ldc)
}

func (s isa) transpose(_ []float32, _ int, _ []float32, _, _, _ int) bool { return false }

func (s isa) copyRows(_ []float32, _ int, _ []float32, _, _, _ int) bool { return false }

func (s isa) thin() int { return 0 }

func (s isa) dots(_ matrix, _ strided, _ *halves, _, _ int) (columns, rows int) { return 0, 0 }

func (s isa) turn(_ []float32, _ *halves, _, _, _, _ int) int { return 0 }

func wordsISA(isa) isa { return portable }

func (s isa) roundSixteens(_ []uint16, _ []float32) int { return 0 }

func (s isa) turnWords(_ []float32, _ *halves, _, _, _, _ int) int { return 0 }
