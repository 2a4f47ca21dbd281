//go:build !noasm

#include "textflag.h"
#include "half_amd64.h"

// Products of bfloat16 by bfloat16: a word holds two neighbours of a row, the first
// in its low half, and VDPBF16PS adds the products of both to a float32. Layout and
// registers are those of gemm_amd64.s and half_amd64.s, with words for elements.

// DP is VDPBF16PS Zt, Zs, Zc: c += s t. Go's assembler does not know it.
#define DP(c, s, t) \
	BYTE $0x62                                                                                                     \
	BYTE $(((((31-(c))>>3)&1)<<7) | ((((31-(t))>>4)&1)<<6) | ((((31-(t))>>3)&1)<<5) | ((((31-(c))>>4)&1)<<4) | 2) \
	BYTE $((((31-(s))&15)<<3) | 6)                                                                                 \
	BYTE $(0x40 | ((((31-(s))>>4)&1)<<3))                                                                          \
	BYTE $0x52                                                                                                     \
	BYTE $(0xc0 | (((c)&7)<<3) | ((t)&7))

// Z28 and Z29 hold a panel's row, t is 30 or 31 and tz its name.
#define DPZ(element, tz, t, c0, c1) \
	VBROADCASTSS element, tz \
	DP(c0, 28, t)            \
	DP(c1, 29, t)

#define GEMM_ARGS \
	MOVQ k+0(FP), CX      \
	MOVQ a+8(FP), SI      \
	MOVQ row+16(FP), R8   \
	MOVQ col+24(FP), R13  \
	MOVQ b+32(FP), DX     \
	MOVQ c+48(FP), DI     \
	MOVQ ldc+56(FP), BX   \
	MOVQ DI, AX

// AX and the next rows' addresses: to = from + 3 rows.
#define ROWS3(from, to) \
	LEAQ (from)(R8*2), to \
	ADDQ R8, to

// AVX-512: Z28 and Z29 hold b's row, Z30 and Z31 elements of a.
#define LOADZ(c0, c1) \
	VMOVUPS (DI), c0   \
	VMOVUPS 64(DI), c1 \
	ADDQ    BX, DI

#define STOREZ(c0, c1) \
	VMOVUPS c0, (AX)   \
	VMOVUPS c1, 64(AX) \
	ADDQ    BX, AX

// A word of columns p times x, for rows of words at BX, R12 apart; R13 is three
// times that.
#define WORD1(n, p, c0) \
	VPBROADCASTD (4*(p))(BX), Z24 \
	DP(c0, 24, n)

#define WORD2(n, p, c0, c1) \
	VPBROADCASTD (4*(p))(BX), Z24         \
	VPBROADCASTD (4*(p))(BX)(R12*1), Z25  \
	DP(c0, 24, n)                         \
	DP(c1, 25, n)

#define WORD4(n, p, c0, c1, c2, c3) \
	VPBROADCASTD (4*(p))(BX), Z24         \
	VPBROADCASTD (4*(p))(BX)(R12*1), Z25  \
	VPBROADCASTD (4*(p))(BX)(R12*2), Z26  \
	VPBROADCASTD (4*(p))(BX)(R13*1), Z27  \
	DP(c0, 24, n)                         \
	DP(c1, 25, n)                         \
	DP(c2, 26, n)                         \
	DP(c3, 27, n)

#define WORDS1(l, c0) \
	WORD1(28, 4*(l)+0, c0) \
	WORD1(29, 4*(l)+1, c0) \
	WORD1(30, 4*(l)+2, c0) \
	WORD1(31, 4*(l)+3, c0)

#define WORD_BLOCK1(c0) \
	ALL_LANES \
	PAIRS(Z8, Z9, Z10, Z11) \
	WORDS1(0, c0) \
	PAIRS(Z12, Z13, Z14, Z15) \
	WORDS1(1, c0) \
	PAIRS(Z16, Z17, Z18, Z19) \
	WORDS1(2, c0) \
	PAIRS(Z20, Z21, Z22, Z23) \
	WORDS1(3, c0)

#define WORDS2(l, c0, c1) \
	WORD2(28, 4*(l)+0, c0, c1) \
	WORD2(29, 4*(l)+1, c0, c1) \
	WORD2(30, 4*(l)+2, c0, c1) \
	WORD2(31, 4*(l)+3, c0, c1)

#define WORD_BLOCK2(c0, c1) \
	ALL_LANES \
	PAIRS(Z8, Z9, Z10, Z11) \
	WORDS2(0, c0, c1) \
	PAIRS(Z12, Z13, Z14, Z15) \
	WORDS2(1, c0, c1) \
	PAIRS(Z16, Z17, Z18, Z19) \
	WORDS2(2, c0, c1) \
	PAIRS(Z20, Z21, Z22, Z23) \
	WORDS2(3, c0, c1)

#define WORDS4(l, c0, c1, c2, c3) \
	WORD4(28, 4*(l)+0, c0, c1, c2, c3) \
	WORD4(29, 4*(l)+1, c0, c1, c2, c3) \
	WORD4(30, 4*(l)+2, c0, c1, c2, c3) \
	WORD4(31, 4*(l)+3, c0, c1, c2, c3)

#define WORD_BLOCK4(c0, c1, c2, c3) \
	ALL_LANES \
	PAIRS(Z8, Z9, Z10, Z11) \
	WORDS4(0, c0, c1, c2, c3) \
	PAIRS(Z12, Z13, Z14, Z15) \
	WORDS4(1, c0, c1, c2, c3) \
	PAIRS(Z16, Z17, Z18, Z19) \
	WORDS4(2, c0, c1, c2, c3) \
	PAIRS(Z20, Z21, Z22, Z23) \
	WORDS4(3, c0, c1, c2, c3)

#define ARGS \
	MOVQ blocks+0(FP), CX \
	MOVQ w+8(FP), SI      \
	MOVQ row+16(FP), R8   \
	MOVQ x+24(FP), BX     \
	MOVQ xrow+32(FP), R12 \
	MOVQ c+40(FP), DI     \
	MOVQ ldc+48(FP), R13  \
	STRIDES

#define KEEP4(l) \
	VMOVUPS Z28, (512*(l))(DI)     \
	VMOVUPS Z29, (512*(l)+128)(DI) \
	VMOVUPS Z30, (512*(l)+256)(DI) \
	VMOVUPS Z31, (512*(l)+384)(DI)

#define KEEP_BLOCK \
	ALL_LANES                    \
	PAIRS(Z8, Z9, Z10, Z11)      \
	KEEP4(0)                     \
	PAIRS(Z12, Z13, Z14, Z15)    \
	KEEP4(1)                     \
	PAIRS(Z16, Z17, Z18, Z19)    \
	KEEP4(2)                     \
	PAIRS(Z20, Z21, Z22, Z23)    \
	KEEP4(3)

DATA ·round16+0(SB)/4, $0x7fff
GLOBL ·round16(SB), RODATA|NOPTR, $4
DATA ·quiet16+0(SB)/4, $0x7fc0
GLOBL ·quiet16(SB), RODATA|NOPTR, $4
DATA ·one16+0(SB)/4, $1
GLOBL ·one16(SB), RODATA|NOPTR, $4

// func pair14x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)
TEXT ·pair14x32(SB), NOSPLIT, $0-64
	GEMM_ARGS
	ROWS3(SI, R9)
	ROWS3(R9, R10)
	ROWS3(R10, R11)
	ROWS3(R11, R12)
	LOADZ(Z0, Z1)
	LOADZ(Z2, Z3)
	LOADZ(Z4, Z5)
	LOADZ(Z6, Z7)
	LOADZ(Z8, Z9)
	LOADZ(Z10, Z11)
	LOADZ(Z12, Z13)
	LOADZ(Z14, Z15)
	LOADZ(Z16, Z17)
	LOADZ(Z18, Z19)
	LOADZ(Z20, Z21)
	LOADZ(Z22, Z23)
	LOADZ(Z24, Z25)
	LOADZ(Z26, Z27)

loop:
	VMOVUPS (DX), Z28
	VMOVUPS 64(DX), Z29
	DPZ((SI), Z30, 30, 0, 1)
	DPZ((SI)(R8*1), Z31, 31, 2, 3)
	DPZ((SI)(R8*2), Z30, 30, 4, 5)
	DPZ((R9), Z31, 31, 6, 7)
	DPZ((R9)(R8*1), Z30, 30, 8, 9)
	DPZ((R9)(R8*2), Z31, 31, 10, 11)
	DPZ((R10), Z30, 30, 12, 13)
	DPZ((R10)(R8*1), Z31, 31, 14, 15)
	DPZ((R10)(R8*2), Z30, 30, 16, 17)
	DPZ((R11), Z31, 31, 18, 19)
	DPZ((R11)(R8*1), Z30, 30, 20, 21)
	DPZ((R11)(R8*2), Z31, 31, 22, 23)
	DPZ((R12), Z30, 30, 24, 25)
	DPZ((R12)(R8*1), Z31, 31, 26, 27)
	ADDQ $128, DX
	ADDQ R13, SI
	ADDQ R13, R9
	ADDQ R13, R10
	ADDQ R13, R11
	ADDQ R13, R12
	DECQ CX
	JNZ  loop

	STOREZ(Z0, Z1)
	STOREZ(Z2, Z3)
	STOREZ(Z4, Z5)
	STOREZ(Z6, Z7)
	STOREZ(Z8, Z9)
	STOREZ(Z10, Z11)
	STOREZ(Z12, Z13)
	STOREZ(Z14, Z15)
	STOREZ(Z16, Z17)
	STOREZ(Z18, Z19)
	STOREZ(Z20, Z21)
	STOREZ(Z22, Z23)
	STOREZ(Z24, Z25)
	STOREZ(Z26, Z27)
	VZEROUPPER
	RET

// func pair8x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)
TEXT ·pair8x32(SB), NOSPLIT, $0-64
	GEMM_ARGS
	ROWS3(SI, R9)
	ROWS3(R9, R10)
	LOADZ(Z0, Z1)
	LOADZ(Z2, Z3)
	LOADZ(Z4, Z5)
	LOADZ(Z6, Z7)
	LOADZ(Z8, Z9)
	LOADZ(Z10, Z11)
	LOADZ(Z12, Z13)
	LOADZ(Z14, Z15)

loop:
	VMOVUPS (DX), Z28
	VMOVUPS 64(DX), Z29
	DPZ((SI), Z30, 30, 0, 1)
	DPZ((SI)(R8*1), Z31, 31, 2, 3)
	DPZ((SI)(R8*2), Z30, 30, 4, 5)
	DPZ((R9), Z31, 31, 6, 7)
	DPZ((R9)(R8*1), Z30, 30, 8, 9)
	DPZ((R9)(R8*2), Z31, 31, 10, 11)
	DPZ((R10), Z30, 30, 12, 13)
	DPZ((R10)(R8*1), Z31, 31, 14, 15)
	ADDQ $128, DX
	ADDQ R13, SI
	ADDQ R13, R9
	ADDQ R13, R10
	DECQ CX
	JNZ  loop

	STOREZ(Z0, Z1)
	STOREZ(Z2, Z3)
	STOREZ(Z4, Z5)
	STOREZ(Z6, Z7)
	STOREZ(Z8, Z9)
	STOREZ(Z10, Z11)
	STOREZ(Z12, Z13)
	STOREZ(Z14, Z15)
	VZEROUPPER
	RET

// func pair4x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)
TEXT ·pair4x32(SB), NOSPLIT, $0-64
	GEMM_ARGS
	ROWS3(SI, R9)
	LOADZ(Z0, Z1)
	LOADZ(Z2, Z3)
	LOADZ(Z4, Z5)
	LOADZ(Z6, Z7)

loop:
	VMOVUPS (DX), Z28
	VMOVUPS 64(DX), Z29
	DPZ((SI), Z30, 30, 0, 1)
	DPZ((SI)(R8*1), Z31, 31, 2, 3)
	DPZ((SI)(R8*2), Z30, 30, 4, 5)
	DPZ((R9), Z31, 31, 6, 7)
	ADDQ $128, DX
	ADDQ R13, SI
	ADDQ R13, R9
	DECQ CX
	JNZ  loop

	STOREZ(Z0, Z1)
	STOREZ(Z2, Z3)
	STOREZ(Z4, Z5)
	STOREZ(Z6, Z7)
	VZEROUPPER
	RET

// func pair2x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)
TEXT ·pair2x32(SB), NOSPLIT, $0-64
	GEMM_ARGS
	LOADZ(Z0, Z1)
	LOADZ(Z2, Z3)

loop:
	VMOVUPS (DX), Z28
	VMOVUPS 64(DX), Z29
	DPZ((SI), Z30, 30, 0, 1)
	DPZ((SI)(R8*1), Z31, 31, 2, 3)
	ADDQ $128, DX
	ADDQ R13, SI
	DECQ CX
	JNZ  loop

	STOREZ(Z0, Z1)
	STOREZ(Z2, Z3)
	VZEROUPPER
	RET

// func pair1x32(k int, a *float32, row, col int, b *float32, next int, c *float32, ldc int)
TEXT ·pair1x32(SB), NOSPLIT, $0-64
	GEMM_ARGS
	LOADZ(Z0, Z1)

loop:
	VMOVUPS (DX), Z28
	VMOVUPS 64(DX), Z29
	DPZ((SI), Z30, 30, 0, 1)
	ADDQ $128, DX
	ADDQ R13, SI
	DECQ CX
	JNZ  loop

	STOREZ(Z0, Z1)
	VZEROUPPER
	RET

// func thin1x32(blocks int, w *uint16, row int, x *uint32, xrow int, c *float32, ldc int, next *uint16, nextRow int)
TEXT ·thin1x32(SB), NOSPLIT, $0-72
	ARGS
	VMOVUPS (DI), Z0
	VMOVUPS 64(DI), Z4
	MOVQ    next+56(FP), R15

loop:
	CALL_HALF(0)
	WORD_BLOCK1(0)
	SECOND
	CALL_HALF(1024)
	WORD_BLOCK1(4)
	ONWARD
	ADDQ nextRow+64(FP), R15
	ADDQ $64, BX
	DECQ CX
	JNZ  loop

	VMOVUPS Z0, (DI)
	VMOVUPS Z4, 64(DI)
	VZEROUPPER
	RET

// func thin2x32(blocks int, w *uint16, row int, x *uint32, xrow int, c *float32, ldc int, next *uint16, nextRow int)
TEXT ·thin2x32(SB), NOSPLIT, $0-72
	ARGS
	VMOVUPS (DI), Z0
	VMOVUPS 64(DI), Z4
	VMOVUPS (DI)(R13*1), Z1
	VMOVUPS 64(DI)(R13*1), Z5
	MOVQ    next+56(FP), R15

loop:
	CALL_HALF(0)
	WORD_BLOCK2(0, 1)
	SECOND
	CALL_HALF(1024)
	WORD_BLOCK2(4, 5)
	ONWARD
	ADDQ nextRow+64(FP), R15
	ADDQ $64, BX
	DECQ CX
	JNZ  loop

	VMOVUPS Z0, (DI)
	VMOVUPS Z4, 64(DI)
	VMOVUPS Z1, (DI)(R13*1)
	VMOVUPS Z5, 64(DI)(R13*1)
	VZEROUPPER
	RET

// func thin4x32(blocks int, w *uint16, row int, x *uint32, xrow int, c *float32, ldc int, next *uint16, nextRow int)
TEXT ·thin4x32(SB), NOSPLIT, $0-72
	ARGS
	VMOVUPS (DI), Z0
	VMOVUPS 64(DI), Z4
	VMOVUPS (DI)(R13*1), Z1
	VMOVUPS 64(DI)(R13*1), Z5
	VMOVUPS (DI)(R13*2), Z2
	VMOVUPS 64(DI)(R13*2), Z6
	ADDQ    R13, DI
	VMOVUPS (DI)(R13*2), Z3
	VMOVUPS 64(DI)(R13*2), Z7
	LEAQ    (R12)(R12*2), R13
	MOVQ    next+56(FP), R15

loop:
	CALL_HALF(0)
	WORD_BLOCK4(0, 1, 2, 3)
	SECOND
	CALL_HALF(1024)
	WORD_BLOCK4(4, 5, 6, 7)
	ONWARD
	ADDQ nextRow+64(FP), R15
	ADDQ $64, BX
	DECQ CX
	JNZ  loop

	MOVQ    ldc+48(FP), R15
	VMOVUPS Z3, (DI)(R15*2)
	VMOVUPS Z7, 64(DI)(R15*2)
	SUBQ    R15, DI
	VMOVUPS Z0, (DI)
	VMOVUPS Z4, 64(DI)
	VMOVUPS Z1, (DI)(R15*1)
	VMOVUPS Z5, 64(DI)(R15*1)
	VMOVUPS Z2, (DI)(R15*2)
	VMOVUPS Z6, 64(DI)(R15*2)
	VZEROUPPER
	RET

// func pairPanel32(blocks int, w *uint16, row int, dst *float32)
TEXT ·pairPanel32(SB), NOSPLIT, $0-32
	MOVQ blocks+0(FP), CX
	MOVQ w+8(FP), SI
	MOVQ row+16(FP), R8
	MOVQ dst+24(FP), DI
	STRIDES

loop:
	KEEP_BLOCK
	SECOND
	ADDQ $64, DI
	KEEP_BLOCK
	ONWARD
	ADDQ $1984, DI
	DECQ CX
	JNZ  loop

	VZEROUPPER
	RET

// func round512(dst *uint16, src *float32, n int)
TEXT ·round512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTD ·round16(SB), Z4
	VPBROADCASTD ·quiet16(SB), Z5
	VPBROADCASTD ·one16(SB), Z6

loop:
	VMOVUPS   (SI), Z0
	VCMPPS    $3, Z0, Z0, K1  // not a number
	VPSRLD    $16, Z0, Z1
	VPANDD    Z6, Z1, Z1
	VPADDD    Z4, Z0, Z0
	VPADDD    Z1, Z0, Z0
	VPSRLD    $16, Z0, Z0
	VMOVDQA32 Z5, K1, Z0
	VPMOVDW   Z0, (DI)
	ADDQ      $64, SI
	ADDQ      $32, DI
	SUBQ      $16, CX
	JNZ       loop
	VZEROUPPER
	RET
