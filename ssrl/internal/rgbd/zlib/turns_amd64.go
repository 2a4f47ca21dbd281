//go:build !noasm

package zlib

import "golang.org/x/sys/cpu"

// turnsBMI is turnsPortable: in, inEnd and the rest are its variables.
//
//go:noescape
func turnsBMI(p *place, in *byte, inEnd int, buf *byte, outEnd int, literal, far *uint32)

func (z *Inflater) turns(p *place, buf []byte) {
	if z.portable || !cpu.X86.HasBMI2 || !cpu.X86.HasAVX2 {
		z.turnsPortable(p, buf)
		return
	}
	turnsBMI(p, &z.in[0], len(z.in)-inMargin, &buf[0], len(buf)-outMargin, &z.literal[0], &z.far[0])
}
