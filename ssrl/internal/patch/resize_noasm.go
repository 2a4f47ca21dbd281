//go:build !amd64 || noasm

package patch

func (a *axis) alongRowsFast(dst, src []byte, w, h, width int) bool { return false }

func (a *axis) alongColumnsFast(out, src []byte, stride, y int) bool { return false }
