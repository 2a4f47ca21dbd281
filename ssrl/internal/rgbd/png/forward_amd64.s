//go:build !noasm

#include "textflag.h"

// Y14 is zero, Y15 the sum of distances from zero, as four parts.

#define BEGIN \
	VPXOR Y14, Y14, Y14 \
	VPXOR Y15, Y15, Y15 \
	XORL  AX, AX

// SUM adds the distances of the bytes in Y0.
#define SUM \
	VPABSB  Y0, Y0        \
	VPSADBW Y14, Y0, Y0   \
	VPADDQ  Y0, Y15, Y15

// TOTAL adds the parts into AX.
#define TOTAL \
	VEXTRACTI128 $1, Y15, X0 \
	VPADDQ       X0, X15, X0 \
	VPSRLDQ      $8, X0, X1  \
	VPADDQ       X1, X0, X0  \
	VMOVQ        X0, AX      \
	VZEROUPPER

// func forwardSub32(out, row, left *byte, n int) (sum int)
TEXT ·forwardSub32(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ left+16(FP), DX
	MOVQ n+24(FP), CX
	BEGIN

loop:
	VMOVDQU (SI)(AX*1), Y0
	VPSUBB  (DX)(AX*1), Y0, Y0
	VMOVDQU Y0, (DI)(AX*1)
	SUM
	ADDQ    $32, AX
	CMPQ    AX, CX
	JB      loop
	TOTAL
	MOVQ    AX, sum+32(FP)
	RET

// func forwardAverage32(out, row, left, above *byte, n int) (sum int)
TEXT ·forwardAverage32(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ left+16(FP), DX
	MOVQ above+24(FP), BX
	MOVQ n+32(FP), CX
	VPCMPEQB Y5, Y5, Y5
	VPABSB   Y5, Y5 // ones
	BEGIN

loop:
	VMOVDQU (SI)(AX*1), Y0
	VMOVDQU (DX)(AX*1), Y1
	VMOVDQU (BX)(AX*1), Y2
	VPAVGB  Y1, Y2, Y3
	VPXOR   Y1, Y2, Y4
	VPAND   Y5, Y4, Y4
	VPSUBB  Y4, Y3, Y3 // VPAVGB rounds up
	VPSUBB  Y3, Y0, Y0
	VMOVDQU Y0, (DI)(AX*1)
	SUM
	ADDQ    $32, AX
	CMPQ    AX, CX
	JB      loop
	TOTAL
	MOVQ    AX, sum+40(FP)
	RET

// func forwardPaeth16(out, row, left, above, corner *byte, n int) (sum int)
TEXT ·forwardPaeth16(SB), NOSPLIT, $0-56
	MOVQ out+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ left+16(FP), DX
	MOVQ above+24(FP), BX
	MOVQ corner+32(FP), R8
	MOVQ n+40(FP), CX
	BEGIN

loop:
	VPMOVZXBW (DX)(AX*1), Y1 // a
	VPMOVZXBW (BX)(AX*1), Y2 // b
	VPMOVZXBW (R8)(AX*1), Y3 // c
	VPADDW    Y3, Y3, Y4
	VPADDW    Y3, Y4, Y4
	VPSUBW    Y1, Y4, Y4
	VPSUBW    Y2, Y4, Y4     // t
	VPMINSW   Y1, Y2, Y5     // lo
	VPMAXSW   Y1, Y2, Y6     // hi
	VPCMPGTW  Y4, Y6, Y7     // t < hi
	VPCMPGTW  Y5, Y4, Y8     // t > lo
	VPXOR     Y3, Y5, Y5
	VPXOR     Y3, Y6, Y6
	VPANDN    Y5, Y7, Y7     // c becomes lo
	VPANDN    Y6, Y8, Y8     // or hi; where both, all are equal
	VPXOR     Y7, Y8, Y8
	VPXOR     Y3, Y8, Y8
	VPACKUSWB Y8, Y8, Y8
	VPERMQ    $8, Y8, Y8
	VMOVDQU   (SI)(AX*1), X0
	VPSUBB    X8, X0, X0
	VMOVDQU   X0, (DI)(AX*1)
	SUM
	ADDQ      $16, AX
	CMPQ      AX, CX
	JB        loop
	TOTAL
	MOVQ      AX, sum+48(FP)
	RET
