//go:build !noasm

#include "textflag.h"

// The Go loops beside the callers say what is computed.

// rounding: 1, 2, 7, 8
DATA w1<>+0(SB)/8, $0x0001000100010001
DATA w1<>+8(SB)/8, $0x0001000100010001
DATA w1<>+16(SB)/8, $0x0001000100010001
DATA w1<>+24(SB)/8, $0x0001000100010001
GLOBL w1<>(SB), RODATA|NOPTR, $32
DATA w2<>+0(SB)/8, $0x0002000200020002
DATA w2<>+8(SB)/8, $0x0002000200020002
DATA w2<>+16(SB)/8, $0x0002000200020002
DATA w2<>+24(SB)/8, $0x0002000200020002
GLOBL w2<>(SB), RODATA|NOPTR, $32
DATA w7<>+0(SB)/8, $0x0007000700070007
DATA w7<>+8(SB)/8, $0x0007000700070007
DATA w7<>+16(SB)/8, $0x0007000700070007
DATA w7<>+24(SB)/8, $0x0007000700070007
GLOBL w7<>(SB), RODATA|NOPTR, $32
DATA w8<>+0(SB)/8, $0x0008000800080008
DATA w8<>+8(SB)/8, $0x0008000800080008
DATA w8<>+16(SB)/8, $0x0008000800080008
DATA w8<>+24(SB)/8, $0x0008000800080008
GLOBL w8<>(SB), RODATA|NOPTR, $32

// COLSUM makes 3 near + far of the 16 samples at SI and DX plus AX and shift, in
// words; t is lost.
#define COLSUM(shift, sum, t) \
	VPMOVZXBW shift(SI)(AX*1), sum; \
	VPADDW    sum, sum, t;          \
	VPADDW    t, sum, sum;          \
	VPMOVZXBW shift(DX)(AX*1), t;   \
	VPADDW    t, sum, sum

// func spread22x(dst, near, far *byte, n int)
TEXT ·spread22x(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ near+8(FP), SI
	MOVQ far+16(FP), DX
	MOVQ n+24(FP), CX
	VMOVDQU w8<>(SB), Y7
	VMOVDQU w7<>(SB), Y6
	XORQ AX, AX

loop:
	COLSUM(-1, Y0, Y4)
	COLSUM(0, Y1, Y4)
	COLSUM(1, Y2, Y4)
	VPADDW  Y1, Y1, Y3
	VPADDW  Y3, Y1, Y1 // 3 of its own
	VPADDW  Y1, Y0, Y0
	VPADDW  Y1, Y2, Y2
	VPADDW  Y7, Y0, Y0
	VPADDW  Y6, Y2, Y2
	VPSRLW  $4, Y0, Y0
	VPSRLW  $4, Y2, Y2
	VPSLLW  $8, Y2, Y2
	VPOR    Y2, Y0, Y0
	VMOVDQU Y0, (DI)(AX*2)
	ADDQ    $16, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func spread21x(dst, row *byte, n int)
TEXT ·spread21x(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ n+16(FP), CX
	VMOVDQU w1<>(SB), Y7
	VMOVDQU w2<>(SB), Y6
	XORQ AX, AX

loop:
	VPMOVZXBW (SI)(AX*1), Y1
	VPMOVZXBW -1(SI)(AX*1), Y0
	VPMOVZXBW 1(SI)(AX*1), Y2
	VPADDW  Y1, Y1, Y3
	VPADDW  Y3, Y1, Y1
	VPADDW  Y1, Y0, Y0
	VPADDW  Y1, Y2, Y2
	VPADDW  Y7, Y0, Y0
	VPADDW  Y6, Y2, Y2
	VPSRLW  $2, Y0, Y0
	VPSRLW  $2, Y2, Y2
	VPSLLW  $8, Y2, Y2
	VPOR    Y2, Y0, Y0
	VMOVDQU Y0, (DI)(AX*2)
	ADDQ    $16, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func spread12x(dst, near, far *byte, n, lower int)
TEXT ·spread12x(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ near+8(FP), SI
	MOVQ far+16(FP), DX
	MOVQ n+24(FP), CX
	MOVQ lower+32(FP), BX
	INCQ BX
	VMOVQ BX, X7
	VPBROADCASTW X7, Y7
	XORQ AX, AX

loop:
	COLSUM(0, Y0, Y1)
	VPADDW   Y7, Y0, Y0
	VPSRLW   $2, Y0, Y0
	VPACKUSWB Y0, Y0, Y0
	VPERMQ   $0x08, Y0, Y0
	VMOVDQU  X0, (DI)(AX*1)
	ADDQ     $16, AX
	CMPQ     AX, CX
	JLT      loop
	VZEROUPPER
	RET
