//go:build !amd64 || noasm

package png

func unfilterFast(_ byte, _, _, _ []byte, _ int) (done int) { return 0 }

func dropAlphaFast(_, _ []byte) (pixels int) { return 0 }

func forwardFast(_ byte, _, _, _ []byte, _ int) (done, sum int) { return 0, 0 }
