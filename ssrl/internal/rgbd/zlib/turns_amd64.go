//go:build !noasm

package zlib

import "golang.org/x/sys/cpu"

// turnsBMI is turnsPortable but for fewer literals in a turn: in, inEnd and the
// rest are its variables.
//
//go:noescape
func turnsBMI(p *place, in *byte, inEnd int, buf *byte, outEnd int, literal, far *uint32)

// The assembly has these widths in it.
var (
	_ [litBits]struct{}  = [11]struct{}{}
	_ [distBits]struct{} = [8]struct{}{}
)

func (z *Inflater) turns(p *place, buf []byte) {
	if z.portable || !cpu.X86.HasBMI2 || !cpu.X86.HasAVX2 {
		z.turnsPortable(p, buf)
		return
	}
	turnsBMI(p, &z.in[0], len(z.in)-inMargin, &buf[0], len(buf)-outMargin, &z.literal[0], &z.far[0])
}
