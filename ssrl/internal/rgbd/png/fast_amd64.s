//go:build !noasm

#include "textflag.h"

// func up32(row, above, raw *byte, n int)
TEXT ·up32(SB), NOSPLIT, $0-32
	MOVQ row+0(FP), DI
	MOVQ above+8(FP), DX
	MOVQ raw+16(FP), SI
	MOVQ n+24(FP), CX
	XORL AX, AX

loop:
	VMOVDQU (SI)(AX*1), Y0
	VPADDB  (DX)(AX*1), Y0, Y0
	VMOVDQU Y0, (DI)(AX*1)
	ADDQ    $32, AX
	CMPQ    AX, CX
	JB      loop
	VZEROUPPER
	RET

// The loops below keep the pixel on the left in X0. Each pixel's 8 bytes are
// written whole; the next one writes over those that are not its own.

// func sub8(row, raw *byte, size, n int)
TEXT ·sub8(SB), NOSPLIT, $0-32
	MOVQ row+0(FP), DI
	MOVQ raw+8(FP), SI
	MOVQ size+16(FP), R8
	MOVQ n+24(FP), CX
	VPXOR X0, X0, X0

loop:
	VMOVQ  (SI), X1
	VPADDB X1, X0, X0
	VMOVQ  X0, (DI)
	ADDQ   R8, SI
	ADDQ   R8, DI
	DECQ   CX
	JNZ    loop
	RET

// func average8(row, above, raw *byte, size, n int)
TEXT ·average8(SB), NOSPLIT, $0-40
	MOVQ row+0(FP), DI
	MOVQ above+8(FP), DX
	MOVQ raw+16(FP), SI
	MOVQ size+24(FP), R8
	MOVQ n+32(FP), CX
	VPXOR    X0, X0, X0
	VPCMPEQB X5, X5, X5
	VPABSB   X5, X5 // ones

loop:
	VMOVQ  (DX), X2
	VMOVQ  (SI), X1
	VPXOR  X0, X2, X3
	VPAND  X5, X3, X3
	VPSUBB X3, X1, X1 // VPAVGB rounds up
	VPAVGB X0, X2, X0
	VPADDB X1, X0, X0
	VMOVQ  X0, (DI)
	ADDQ   R8, DX
	ADDQ   R8, SI
	ADDQ   R8, DI
	DECQ   CX
	JNZ    loop
	RET

// func paeth8(row, above, raw *byte, size, n int)
//
// In words: X0 left, X1 raw, X2 above, X3 above the left, X9 three times that
// less above.
TEXT ·paeth8(SB), NOSPLIT, $0-40
	MOVQ row+0(FP), DI
	MOVQ above+8(FP), DX
	MOVQ raw+16(FP), SI
	MOVQ size+24(FP), R8
	MOVQ n+32(FP), CX
	VPXOR    X0, X0, X0
	VPXOR    X3, X3, X3
	VPCMPEQB X8, X8, X8
	VPSRLW   $8, X8, X8 // 0xff

loop:
	VPMOVZXBW (DX), X2
	VPMOVZXBW (SI), X1
	VPADDW    X3, X3, X9
	VPADDW    X3, X9, X9
	VPSUBW    X2, X9, X9

	VPSUBW   X0, X9, X4   // t
	VPMINSW  X0, X2, X5   // lo
	VPMAXSW  X0, X2, X6   // hi
	VPCMPGTW X4, X6, X10  // t < hi
	VPCMPGTW X5, X4, X11  // t > lo
	VPXOR    X3, X5, X5
	VPXOR    X3, X6, X6
	VPANDN   X5, X10, X10 // c becomes lo
	VPANDN   X6, X11, X11 // or hi; where both, lo, hi and c are equal
	VPXOR    X10, X11, X11
	VPXOR    X3, X11, X11
	VPADDW   X1, X11, X0
	VPAND    X8, X0, X0
	VPACKUSWB X0, X0, X12
	VMOVQ    X12, (DI)
	VMOVDQA  X2, X3
	ADDQ     R8, DX
	ADDQ     R8, SI
	ADDQ     R8, DI
	DECQ     CX
	JNZ      loop
	RET

// Of each half of 16 bytes, four pixels without their fourth bytes.
DATA colours<>+0x00(SB)/8, $0x0908060504020100
DATA colours<>+0x08(SB)/8, $0xffffffff0e0d0c0a
GLOBL colours<>(SB), RODATA|NOPTR, $16

// func rgb8(dst, row *byte, n int)
TEXT ·rgb8(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ n+16(FP), CX
	VMOVDQU colours<>(SB), X7

loop:
	VMOVDQU (SI), X0
	VMOVDQU 16(SI), X1
	VPSHUFB X7, X0, X0
	VPSHUFB X7, X1, X1
	VPSLLDQ $12, X1, X2
	VPOR    X2, X0, X0
	VMOVDQU X0, (DI)
	VPSRLDQ $4, X1, X1
	VMOVQ   X1, 16(DI)
	ADDQ    $32, SI
	ADDQ    $24, DI
	SUBQ    $8, CX
	JNZ     loop
	RET
