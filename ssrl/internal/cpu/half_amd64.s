//go:build !noasm

#include "textflag.h"
#include "half_amd64.h"

DATA ·highHalf+0(SB)/4, $0xffff0000
GLOBL ·highHalf(SB), RODATA|NOPTR, $4

// A pair of columns p of a block times x, for rows of x at BX, R12 apart; R13 is
// three times that.
#define TIMES1(col, p, c0) \
	VPSLLD $16, col, Z24                              \
	VPANDD.BCST ·highHalf(SB), col, col               \
	VFMADD231PS.BCST (8*(p))(BX), Z24, c0               \
	VFMADD231PS.BCST (8*(p)+4)(BX), col, c0

#define TIMES2(col, p, c0, c1) \
	VPSLLD $16, col, Z24                              \
	VPANDD.BCST ·highHalf(SB), col, col               \
	VFMADD231PS.BCST (8*(p))(BX), Z24, c0               \
	VFMADD231PS.BCST (8*(p))(BX)(R12*1), Z24, c1        \
	VFMADD231PS.BCST (8*(p)+4)(BX), col, c0             \
	VFMADD231PS.BCST (8*(p)+4)(BX)(R12*1), col, c1

#define TIMES4(col, p, c0, c1, c2, c3) \
	VPSLLD $16, col, Z24                              \
	VPANDD.BCST ·highHalf(SB), col, col               \
	VFMADD231PS.BCST (8*(p))(BX), Z24, c0               \
	VFMADD231PS.BCST (8*(p))(BX)(R12*1), Z24, c1        \
	VFMADD231PS.BCST (8*(p))(BX)(R12*2), Z24, c2        \
	VFMADD231PS.BCST (8*(p))(BX)(R13*1), Z24, c3        \
	VFMADD231PS.BCST (8*(p)+4)(BX), col, c0             \
	VFMADD231PS.BCST (8*(p)+4)(BX)(R12*1), col, c1      \
	VFMADD231PS.BCST (8*(p)+4)(BX)(R12*2), col, c2      \
	VFMADD231PS.BCST (8*(p)+4)(BX)(R13*1), col, c3

#define QUARTER1(l, c0) \
	TIMES1(Z28, 4*(l), c0)   \
	TIMES1(Z29, 4*(l)+1, c0) \
	TIMES1(Z30, 4*(l)+2, c0) \
	TIMES1(Z31, 4*(l)+3, c0)

#define QUARTER2(l, c0, c1) \
	TIMES2(Z28, 4*(l), c0, c1)   \
	TIMES2(Z29, 4*(l)+1, c0, c1) \
	TIMES2(Z30, 4*(l)+2, c0, c1) \
	TIMES2(Z31, 4*(l)+3, c0, c1)

#define QUARTER4(l, c0, c1, c2, c3) \
	TIMES4(Z28, 4*(l), c0, c1, c2, c3)   \
	TIMES4(Z29, 4*(l)+1, c0, c1, c2, c3) \
	TIMES4(Z30, 4*(l)+2, c0, c1, c2, c3) \
	TIMES4(Z31, 4*(l)+3, c0, c1, c2, c3)

#define BLOCK1(c0) \
	ALL_LANES                    \
	PAIRS(Z8, Z9, Z10, Z11)      \
	QUARTER1(0, c0)              \
	PAIRS(Z12, Z13, Z14, Z15)    \
	QUARTER1(1, c0)              \
	PAIRS(Z16, Z17, Z18, Z19)    \
	QUARTER1(2, c0)              \
	PAIRS(Z20, Z21, Z22, Z23)    \
	QUARTER1(3, c0)

#define BLOCK2(c0, c1) \
	ALL_LANES                    \
	PAIRS(Z8, Z9, Z10, Z11)      \
	QUARTER2(0, c0, c1)          \
	PAIRS(Z12, Z13, Z14, Z15)    \
	QUARTER2(1, c0, c1)          \
	PAIRS(Z16, Z17, Z18, Z19)    \
	QUARTER2(2, c0, c1)          \
	PAIRS(Z20, Z21, Z22, Z23)    \
	QUARTER2(3, c0, c1)

#define BLOCK4(c0, c1, c2, c3) \
	ALL_LANES                    \
	PAIRS(Z8, Z9, Z10, Z11)      \
	QUARTER4(0, c0, c1, c2, c3)  \
	PAIRS(Z12, Z13, Z14, Z15)    \
	QUARTER4(1, c0, c1, c2, c3)  \
	PAIRS(Z16, Z17, Z18, Z19)    \
	QUARTER4(2, c0, c1, c2, c3)  \
	PAIRS(Z20, Z21, Z22, Z23)    \
	QUARTER4(3, c0, c1, c2, c3)

#define ARGS \
	MOVQ blocks+0(FP), CX \
	MOVQ w+8(FP), SI      \
	MOVQ row+16(FP), R8   \
	MOVQ x+24(FP), BX     \
	MOVQ xrow+32(FP), R12 \
	MOVQ c+40(FP), DI     \
	MOVQ ldc+48(FP), R13  \
	STRIDES

// func half1x32(blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int, next *uint16, nextRow int)
TEXT ·half1x32(SB), NOSPLIT, $0-72
	ARGS
	VMOVUPS (DI), Z0
	VMOVUPS 64(DI), Z4
	MOVQ    next+56(FP), R15

loop:
	CALL_HALF(0)
	BLOCK1(Z0)
	SECOND
	CALL_HALF(1024)
	BLOCK1(Z4)
	ONWARD
	ADDQ nextRow+64(FP), R15
	ADDQ $128, BX
	DECQ CX
	JNZ  loop

	VMOVUPS Z0, (DI)
	VMOVUPS Z4, 64(DI)
	VZEROUPPER
	RET

// func half2x32(blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int, next *uint16, nextRow int)
TEXT ·half2x32(SB), NOSPLIT, $0-72
	ARGS
	VMOVUPS (DI), Z0
	VMOVUPS 64(DI), Z4
	VMOVUPS (DI)(R13*1), Z1
	VMOVUPS 64(DI)(R13*1), Z5
	MOVQ    next+56(FP), R15

loop:
	CALL_HALF(0)
	BLOCK2(Z0, Z1)
	SECOND
	CALL_HALF(1024)
	BLOCK2(Z4, Z5)
	ONWARD
	ADDQ nextRow+64(FP), R15
	ADDQ $128, BX
	DECQ CX
	JNZ  loop

	VMOVUPS Z0, (DI)
	VMOVUPS Z4, 64(DI)
	VMOVUPS Z1, (DI)(R13*1)
	VMOVUPS Z5, 64(DI)(R13*1)
	VZEROUPPER
	RET

// func half4x32(blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int, next *uint16, nextRow int)
TEXT ·half4x32(SB), NOSPLIT, $0-72
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
	BLOCK4(Z0, Z1, Z2, Z3)
	SECOND
	CALL_HALF(1024)
	BLOCK4(Z4, Z5, Z6, Z7)
	ONWARD
	ADDQ nextRow+64(FP), R15
	ADDQ $128, BX
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

// The columns of a pair as rows of a panel at DI.
#define WIDE(col, p) \
	VPSLLD  $16, col, Z24                \
	VPANDD.BCST ·highHalf(SB), col, col  \
	VMOVUPS Z24, (256*(p))(DI)             \
	VMOVUPS col, (256*(p)+128)(DI)

#define WIDE4(l) \
	WIDE(Z28, 4*(l))   \
	WIDE(Z29, 4*(l)+1) \
	WIDE(Z30, 4*(l)+2) \
	WIDE(Z31, 4*(l)+3)

#define WIDE_BLOCK \
	ALL_LANES                    \
	PAIRS(Z8, Z9, Z10, Z11)      \
	WIDE4(0)                     \
	PAIRS(Z12, Z13, Z14, Z15)    \
	WIDE4(1)                     \
	PAIRS(Z16, Z17, Z18, Z19)    \
	WIDE4(2)                     \
	PAIRS(Z20, Z21, Z22, Z23)    \
	WIDE4(3)

// func halfPanel32(blocks int, w *uint16, row int, dst *float32)
TEXT ·halfPanel32(SB), NOSPLIT, $0-32
	MOVQ blocks+0(FP), CX
	MOVQ w+8(FP), SI
	MOVQ row+16(FP), R8
	MOVQ dst+24(FP), DI
	STRIDES

loop:
	WIDE_BLOCK
	SECOND
	ADDQ $64, DI
	WIDE_BLOCK
	ONWARD
	ADDQ $4032, DI
	DECQ CX
	JNZ  loop

	VZEROUPPER
	RET

// AVX2 does the same with eight rows and 16 columns (32 bytes): halves change
// places between rows i and i+4, A[L][i] is Y(8+4L+i), and PAIRSY leaves the four
// pairs where the words were. AX is eight rows; Y4 to Y7 pass values.

DATA ·highHalves+0(SB)/8, $0xffff0000ffff0000
DATA ·highHalves+8(SB)/8, $0xffff0000ffff0000
DATA ·highHalves+16(SB)/8, $0xffff0000ffff0000
DATA ·highHalves+24(SB)/8, $0xffff0000ffff0000
GLOBL ·highHalves(SB), RODATA|NOPTR, $32

#define STRIDESY \
	LEAQ (R8)(R8*2), R9  \
	LEAQ (R8)(R8*4), R10 \
	LEAQ (R9)(R8*4), R11 \
	MOVQ R8, AX          \
	SHLQ $3, AX

#define LANESY(r0, r4, a0, a1) \
	VMOVDQU    r0, Y4             \
	VMOVDQU    r4, Y5             \
	VPERM2I128 $0x20, Y5, Y4, a0  \
	VPERM2I128 $0x31, Y5, Y4, a1

#define ALL_LANESY \
	LANESY((SI), (SI)(R8*4), Y8, Y12)         \
	LANESY((SI)(R8*1), (SI)(R10*1), Y9, Y13)  \
	LANESY((SI)(R8*2), (SI)(R9*2), Y10, Y14)  \
	LANESY((SI)(R9*1), (SI)(R11*1), Y11, Y15)

#define PAIRSY(a0, a1, a2, a3) \
	VPUNPCKLDQ  a1, a0, Y4 \
	VPUNPCKHDQ  a1, a0, Y5 \
	VPUNPCKLDQ  a3, a2, Y6 \
	VPUNPCKHDQ  a3, a2, Y7 \
	VPUNPCKLQDQ Y6, Y4, a0 \
	VPUNPCKHQDQ Y6, Y4, a1 \
	VPUNPCKLQDQ Y7, Y5, a2 \
	VPUNPCKHQDQ Y7, Y5, a3

#define SECONDY \
	ADDQ AX, SI

#define ONWARDY \
	SUBQ AX, SI  \
	ADDQ $32, SI

#define TIMES1Y(col, p, c0) \
	VPSLLD $16, col, Y4                 \
	VPAND  ·highHalves(SB), col, col    \
	VBROADCASTSS (8*(p))(BX), Y5        \
	VBROADCASTSS (8*(p)+4)(BX), Y6      \
	VFMADD231PS  Y5, Y4, c0             \
	VFMADD231PS  Y6, col, c0

#define TIMES2Y(col, p, c0, c1) \
	VPSLLD $16, col, Y4                    \
	VPAND  ·highHalves(SB), col, col       \
	VBROADCASTSS (8*(p))(BX), Y5           \
	VBROADCASTSS (8*(p))(BX)(R12*1), Y6    \
	VFMADD231PS  Y5, Y4, c0                \
	VFMADD231PS  Y6, Y4, c1                \
	VBROADCASTSS (8*(p)+4)(BX), Y5         \
	VBROADCASTSS (8*(p)+4)(BX)(R12*1), Y6  \
	VFMADD231PS  Y5, col, c0               \
	VFMADD231PS  Y6, col, c1

#define BLOCK1Y(c0) \
	ALL_LANESY                    \
	PAIRSY(Y8, Y9, Y10, Y11)      \
	TIMES1Y(Y8, 0, c0)            \
	TIMES1Y(Y9, 1, c0)            \
	TIMES1Y(Y10, 2, c0)           \
	TIMES1Y(Y11, 3, c0)           \
	PAIRSY(Y12, Y13, Y14, Y15)    \
	TIMES1Y(Y12, 4, c0)           \
	TIMES1Y(Y13, 5, c0)           \
	TIMES1Y(Y14, 6, c0)           \
	TIMES1Y(Y15, 7, c0)

#define BLOCK2Y(c0, c1) \
	ALL_LANESY                    \
	PAIRSY(Y8, Y9, Y10, Y11)      \
	TIMES2Y(Y8, 0, c0, c1)        \
	TIMES2Y(Y9, 1, c0, c1)        \
	TIMES2Y(Y10, 2, c0, c1)       \
	TIMES2Y(Y11, 3, c0, c1)       \
	PAIRSY(Y12, Y13, Y14, Y15)    \
	TIMES2Y(Y12, 4, c0, c1)       \
	TIMES2Y(Y13, 5, c0, c1)       \
	TIMES2Y(Y14, 6, c0, c1)       \
	TIMES2Y(Y15, 7, c0, c1)

#define ARGSY \
	MOVQ blocks+0(FP), CX \
	MOVQ w+8(FP), SI      \
	MOVQ row+16(FP), R8   \
	MOVQ x+24(FP), BX     \
	MOVQ xrow+32(FP), R12 \
	MOVQ c+40(FP), DI     \
	MOVQ ldc+48(FP), R13  \
	STRIDESY

// func half1x16(blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int)
TEXT ·half1x16(SB), NOSPLIT, $0-56
	ARGSY
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y2

loop:
	BLOCK1Y(Y0)
	SECONDY
	BLOCK1Y(Y2)
	ONWARDY
	ADDQ $64, BX
	DECQ CX
	JNZ  loop

	VMOVUPS Y0, (DI)
	VMOVUPS Y2, 32(DI)
	VZEROUPPER
	RET

// func half2x16(blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int)
TEXT ·half2x16(SB), NOSPLIT, $0-56
	ARGSY
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y2
	VMOVUPS (DI)(R13*1), Y1
	VMOVUPS 32(DI)(R13*1), Y3

loop:
	BLOCK2Y(Y0, Y1)
	SECONDY
	BLOCK2Y(Y2, Y3)
	ONWARDY
	ADDQ $64, BX
	DECQ CX
	JNZ  loop

	VMOVUPS Y0, (DI)
	VMOVUPS Y2, 32(DI)
	VMOVUPS Y1, (DI)(R13*1)
	VMOVUPS Y3, 32(DI)(R13*1)
	VZEROUPPER
	RET

#define WIDEY(col, p) \
	VPSLLD  $16, col, Y4               \
	VPAND   ·highHalves(SB), col, col  \
	VMOVUPS Y4, (128*(p))(DI)          \
	VMOVUPS col, (128*(p)+64)(DI)

#define WIDE_BLOCKY \
	ALL_LANESY                    \
	PAIRSY(Y8, Y9, Y10, Y11)      \
	WIDEY(Y8, 0)                  \
	WIDEY(Y9, 1)                  \
	WIDEY(Y10, 2)                 \
	WIDEY(Y11, 3)                 \
	PAIRSY(Y12, Y13, Y14, Y15)    \
	WIDEY(Y12, 4)                 \
	WIDEY(Y13, 5)                 \
	WIDEY(Y14, 6)                 \
	WIDEY(Y15, 7)

// func halfPanel16(blocks int, w *uint16, row int, dst *float32)
TEXT ·halfPanel16(SB), NOSPLIT, $0-32
	MOVQ blocks+0(FP), CX
	MOVQ w+8(FP), SI
	MOVQ row+16(FP), R8
	MOVQ dst+24(FP), DI
	STRIDESY

loop:
	WIDE_BLOCKY
	SECONDY
	ADDQ $32, DI
	WIDE_BLOCKY
	ONWARDY
	ADDQ $992, DI
	DECQ CX
	JNZ  loop

	VZEROUPPER
	RET
