//go:build !noasm

#include "textflag.h"

// The loops in vector.go say what is computed.

// func max256(dst, a, b *uint32, n int)
TEXT ·max256(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	XORQ AX, AX

loop:
	VMOVDQU (SI)(AX*4), Y0
	VPMAXUD (DX)(AX*4), Y0, Y0
	VMOVDQU Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func keys256(up, down *uint32, src *float32, n int, low, span, fill uint32)
TEXT ·keys256(SB), NOSPLIT, $0-44
	MOVQ up+0(FP), DI
	MOVQ down+8(FP), DX
	MOVQ src+16(FP), SI
	MOVQ n+24(FP), CX
	MOVL low+32(FP), AX
	VMOVD AX, X5
	VPBROADCASTD X5, Y5
	MOVL span+36(FP), AX
	VMOVD AX, X6
	VPBROADCASTD X6, Y6
	MOVL fill+40(FP), AX
	VMOVD AX, X7
	VPBROADCASTD X7, Y7
	VPCMPEQD Y8, Y8, Y8        // all ones
	VPSLLD  $31, Y8, Y9        // the sign
	XORQ    AX, AX

loop:
	VMOVDQU (SI)(AX*4), Y0
	VPSRAD  $31, Y0, Y1
	VPOR    Y9, Y1, Y1
	VPXOR   Y1, Y0, Y0         // the key
	VPSUBD  Y5, Y0, Y1
	VPMINUD Y6, Y1, Y2
	VPCMPEQD Y1, Y2, Y2        // inside
	VPBLENDVB Y2, Y0, Y7, Y3
	VPXOR   Y8, Y0, Y0
	VPAND   Y2, Y0, Y0
	VMOVDQU Y3, (DI)(AX*4)
	VMOVDQU Y0, (DX)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func distances256(a, b *byte, n int) int
TEXT ·distances256(SB), NOSPLIT, $0-32
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DX
	MOVQ n+16(FP), CX
	XORQ AX, AX
	VPXOR Y1, Y1, Y1

loop:
	VMOVDQU (SI)(AX*1), Y0
	VPSADBW (DX)(AX*1), Y0, Y0
	VPADDQ  Y0, Y1, Y1
	ADDQ    $32, AX
	CMPQ    AX, CX
	JLT     loop
	VEXTRACTI128 $1, Y1, X0
	VPADDQ  X0, X1, X1
	VPSHUFD $0xee, X1, X0
	VPADDQ  X0, X1, X1
	VMOVQ   X1, AX
	MOVQ    AX, ret+24(FP)
	VZEROUPPER
	RET
