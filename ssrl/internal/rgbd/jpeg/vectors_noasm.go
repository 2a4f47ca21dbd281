//go:build !amd64 || noasm

package jpeg

func inversePair(*[2]job) bool { return false }

func vectors22(_, _, _ []byte, _ int, _ bool) int { return 0 }

func vectors21(_, _ []byte, _ int, _ bool) int { return 0 }

func vectors12(_, _, _ []byte, _, _ int, _ bool) int { return 0 }

func vectorsRGB(_, _, _, _ []byte, _ int, _ bool) int { return 0 }

func vectorsYCC(_, _, _, _ []byte, _ int, _ bool) int { return 0 }

func vectorsShrink(_, _, _ []byte, _ int, _ bool) int { return 0 }

func (*divider) forwardPair(*[2][blockSize]int16, []byte, []byte, int) (a, b uint64, ok bool) {
	return 0, 0, false
}

func (*bitWriter) fastRuns(*[blockSize]int16, uint64, *codeWords) bool { return false }
