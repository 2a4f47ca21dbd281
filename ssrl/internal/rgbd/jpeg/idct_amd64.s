//go:build !noasm

#include "textflag.h"

// Two blocks at a time: each half of a register belongs to one of them, and no
// instruction crosses. Products are of pairs of 16-bit numbers, summed to 32 bits.

// x0*2^13 + x4*2^13
DATA both<>+0(SB)/8, $0x2000200020002000
DATA both<>+8(SB)/8, $0x2000200020002000
DATA both<>+16(SB)/8, $0x2000200020002000
DATA both<>+24(SB)/8, $0x2000200020002000
GLOBL both<>(SB), RODATA|NOPTR, $32
// x0*2^13 - x4*2^13
DATA less<>+0(SB)/8, $0xe0002000e0002000
DATA less<>+8(SB)/8, $0xe0002000e0002000
DATA less<>+16(SB)/8, $0xe0002000e0002000
DATA less<>+24(SB)/8, $0xe0002000e0002000
GLOBL less<>(SB), RODATA|NOPTR, $32
// x2*1.306562965 + x6*0.541196100
DATA even3<>+0(SB)/8, $0x115129cf115129cf
DATA even3<>+8(SB)/8, $0x115129cf115129cf
DATA even3<>+16(SB)/8, $0x115129cf115129cf
DATA even3<>+24(SB)/8, $0x115129cf115129cf
GLOBL even3<>(SB), RODATA|NOPTR, $32
// x2*0.541196100 - x6*1.306562965
DATA even2<>+0(SB)/8, $0xd6301151d6301151
DATA even2<>+8(SB)/8, $0xd6301151d6301151
DATA even2<>+16(SB)/8, $0xd6301151d6301151
DATA even2<>+24(SB)/8, $0xd6301151d6301151
GLOBL even2<>(SB), RODATA|NOPTR, $32
// x1 and x7, x3 and x5, to the odd part of outputs 0, 1, 2 and 3
DATA odd170<>+0(SB)/8, $0x08d42c6308d42c63
DATA odd170<>+8(SB)/8, $0x08d42c6308d42c63
DATA odd170<>+16(SB)/8, $0x08d42c6308d42c63
DATA odd170<>+24(SB)/8, $0x08d42c6308d42c63
GLOBL odd170<>(SB), RODATA|NOPTR, $32
DATA odd350<>+0(SB)/8, $0x192525a1192525a1
DATA odd350<>+8(SB)/8, $0x192525a1192525a1
DATA odd350<>+16(SB)/8, $0x192525a1192525a1
DATA odd350<>+24(SB)/8, $0x192525a1192525a1
GLOBL odd350<>(SB), RODATA|NOPTR, $32
DATA odd171<>+0(SB)/8, $0xe6dc25a1e6dc25a1
DATA odd171<>+8(SB)/8, $0xe6dc25a1e6dc25a1
DATA odd171<>+16(SB)/8, $0xe6dc25a1e6dc25a1
DATA odd171<>+24(SB)/8, $0xe6dc25a1e6dc25a1
GLOBL odd171<>(SB), RODATA|NOPTR, $32
DATA odd351<>+0(SB)/8, $0xd39ef72dd39ef72d
DATA odd351<>+8(SB)/8, $0xd39ef72dd39ef72d
DATA odd351<>+16(SB)/8, $0xd39ef72dd39ef72d
DATA odd351<>+24(SB)/8, $0xd39ef72dd39ef72d
GLOBL odd351<>(SB), RODATA|NOPTR, $32
DATA odd172<>+0(SB)/8, $0x25a1192525a11925
DATA odd172<>+8(SB)/8, $0x25a1192525a11925
DATA odd172<>+16(SB)/8, $0x25a1192525a11925
DATA odd172<>+24(SB)/8, $0x25a1192525a11925
GLOBL odd172<>(SB), RODATA|NOPTR, $32
DATA odd352<>+0(SB)/8, $0x08d5d39e08d5d39e
DATA odd352<>+8(SB)/8, $0x08d5d39e08d5d39e
DATA odd352<>+16(SB)/8, $0x08d5d39e08d5d39e
DATA odd352<>+24(SB)/8, $0x08d5d39e08d5d39e
GLOBL odd352<>(SB), RODATA|NOPTR, $32
DATA odd173<>+0(SB)/8, $0xd39d08d4d39d08d4
DATA odd173<>+8(SB)/8, $0xd39d08d4d39d08d4
DATA odd173<>+16(SB)/8, $0xd39d08d4d39d08d4
DATA odd173<>+24(SB)/8, $0xd39d08d4d39d08d4
GLOBL odd173<>(SB), RODATA|NOPTR, $32
DATA odd353<>+0(SB)/8, $0x25a1e6dc25a1e6dc
DATA odd353<>+8(SB)/8, $0x25a1e6dc25a1e6dc
DATA odd353<>+16(SB)/8, $0x25a1e6dc25a1e6dc
DATA odd353<>+24(SB)/8, $0x25a1e6dc25a1e6dc
GLOBL odd353<>(SB), RODATA|NOPTR, $32
// half of 2^11 and of 2^18
DATA round11<>+0(SB)/8, $0x0000040000000400
DATA round11<>+8(SB)/8, $0x0000040000000400
DATA round11<>+16(SB)/8, $0x0000040000000400
DATA round11<>+24(SB)/8, $0x0000040000000400
GLOBL round11<>(SB), RODATA|NOPTR, $32
DATA round18<>+0(SB)/8, $0x0002000000020000
DATA round18<>+8(SB)/8, $0x0002000000020000
DATA round18<>+16(SB)/8, $0x0002000000020000
DATA round18<>+24(SB)/8, $0x0002000000020000
GLOBL round18<>(SB), RODATA|NOPTR, $32
// 128 in each byte
DATA offset<>+0(SB)/8, $0x8080808080808080
DATA offset<>+8(SB)/8, $0x8080808080808080
DATA offset<>+16(SB)/8, $0x8080808080808080
DATA offset<>+24(SB)/8, $0x8080808080808080
GLOBL offset<>(SB), RODATA|NOPTR, $32

// LOAD reads row i of both blocks times their steps.
#define LOAD(i, y, x) \
	VMOVDQU     (16*i)(SI), x;           \
	VINSERTI128 $1, (16*i)(DI), y, y;    \
	VMOVDQU     (16*i)(R8), X8;          \
	VINSERTI128 $1, (16*i)(R9), Y8, Y8;  \
	VPMULLW     Y8, y, y

// HALF transforms the low or the high four numbers of each block: UNPACK says
// which. It leaves x1, x7 in t2 and x3, x5 in t3, and the even part in t4, t5, t0
// and t1.
#define HALF(UNPACK, round, x0, x1, x2, x3, x4, x5, x6, x7, t0, t1, t2, t3, t4, t5) \
	UNPACK   x4, x0, t0;             \
	VPMADDWD both<>(SB), t0, t1;     \
	VPMADDWD less<>(SB), t0, t0;     \
	UNPACK   x6, x2, t2;             \
	VPMADDWD even3<>(SB), t2, t3;    \
	VPMADDWD even2<>(SB), t2, t2;    \
	VPADDD   round<>(SB), t1, t1;    \
	VPADDD   round<>(SB), t0, t0;    \
	VPADDD   t3, t1, t4;             \
	VPSUBD   t3, t1, t1;             \
	VPADDD   t2, t0, t5;             \
	VPSUBD   t2, t0, t0;             \
	UNPACK   x7, x1, t2;             \
	UNPACK   x5, x3, t3

// ENDS makes the 32-bit outputs k and 7-k in a and b, from even part e and the
// constants of k.
#define ENDS(k17, k35, shift, e, x17, x35, a, b); \
	VPMADDWD k17<>(SB), x17, a; \
	VPMADDWD k35<>(SB), x35, b; \
	VPADDD   b, a, a;           \
	VPSUBD   a, e, b;           \
	VPADDD   a, e, a;           \
	VPSRAD   shift, a, a;       \
	VPSRAD   shift, b, b

// PASS is inverse8 on the columns of x0 to x7. The stack holds the high halves.
#define PASS(round, shift, x0, x1, x2, x3, x4, x5, x6, x7, t0, t1, t2, t3, t4, t5, t6, t7) \
	HALF(VPUNPCKHWD, round, x0, x1, x2, x3, x4, x5, x6, x7, t0, t1, t2, t3, t4, t5); \
	ENDS(odd170, odd350, shift, t4, t2, t3, t6, t7); \
	VMOVDQU t6, 0(SP); \
	VMOVDQU t7, 224(SP); \
	ENDS(odd171, odd351, shift, t5, t2, t3, t6, t7); \
	VMOVDQU t6, 32(SP); \
	VMOVDQU t7, 192(SP); \
	ENDS(odd172, odd352, shift, t0, t2, t3, t6, t7); \
	VMOVDQU t6, 64(SP); \
	VMOVDQU t7, 160(SP); \
	ENDS(odd173, odd353, shift, t1, t2, t3, t6, t7); \
	VMOVDQU t6, 96(SP); \
	VMOVDQU t7, 128(SP); \
	HALF(VPUNPCKLWD, round, x0, x1, x2, x3, x4, x5, x6, x7, t0, t1, t2, t3, t4, t5); \
	ENDS(odd170, odd350, shift, t4, t2, t3, x0, x7); \
	ENDS(odd171, odd351, shift, t5, t2, t3, x1, x6); \
	ENDS(odd172, odd352, shift, t0, t2, t3, x2, x5); \
	ENDS(odd173, odd353, shift, t1, t2, t3, x3, x4); \
	VPACKSSDW 0(SP), x0, x0; \
	VPACKSSDW 32(SP), x1, x1; \
	VPACKSSDW 64(SP), x2, x2; \
	VPACKSSDW 96(SP), x3, x3; \
	VPACKSSDW 128(SP), x4, x4; \
	VPACKSSDW 160(SP), x5, x5; \
	VPACKSSDW 192(SP), x6, x6; \
	VPACKSSDW 224(SP), x7, x7

// TRANSPOSE puts the rows of a0 to a7 into the columns of b0 to b7.
#define TRANSPOSE(a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7) \
	VPUNPCKLWD a1, a0, b0; \
	VPUNPCKHWD a1, a0, b1; \
	VPUNPCKLWD a3, a2, b2; \
	VPUNPCKHWD a3, a2, b3; \
	VPUNPCKLWD a5, a4, b4; \
	VPUNPCKHWD a5, a4, b5; \
	VPUNPCKLWD a7, a6, b6; \
	VPUNPCKHWD a7, a6, b7; \
	VPUNPCKLDQ b2, b0, a0; \
	VPUNPCKHDQ b2, b0, a1; \
	VPUNPCKLDQ b3, b1, a2; \
	VPUNPCKHDQ b3, b1, a3; \
	VPUNPCKLDQ b6, b4, a4; \
	VPUNPCKHDQ b6, b4, a5; \
	VPUNPCKLDQ b7, b5, a6; \
	VPUNPCKHDQ b7, b5, a7; \
	VPUNPCKLQDQ a4, a0, b0; \
	VPUNPCKHQDQ a4, a0, b1; \
	VPUNPCKLQDQ a5, a1, b2; \
	VPUNPCKHQDQ a5, a1, b3; \
	VPUNPCKLQDQ a6, a2, b4; \
	VPUNPCKHQDQ a6, a2, b5; \
	VPUNPCKLQDQ a7, a3, b6; \
	VPUNPCKHQDQ a7, a3, b7

// STORE writes two rows of a block and goes on by two.
#define STORE(x, dst, stride) \
	VMOVQ  x, (dst);             \
	VMOVHPS x, (dst)(stride*1);  \
	LEAQ   (dst)(stride*2), dst

// func inverse2(a, b, stepsA, stepsB *int16, dstA, dstB *byte, strideA, strideB int)
TEXT ·inverse2(SB), NOSPLIT, $256-64
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DI
	MOVQ stepsA+16(FP), R8
	MOVQ stepsB+24(FP), R9
	MOVQ dstA+32(FP), R10
	MOVQ dstB+40(FP), R11
	MOVQ strideA+48(FP), R12
	MOVQ strideB+56(FP), R13
	LOAD(0, Y0, X0)
	LOAD(1, Y1, X1)
	LOAD(2, Y2, X2)
	LOAD(3, Y3, X3)
	LOAD(4, Y4, X4)
	LOAD(5, Y5, X5)
	LOAD(6, Y6, X6)
	LOAD(7, Y7, X7)
	VPXOR Y8, Y8, Y8
	VMOVDQU Y8, 0(SI)
	VMOVDQU Y8, 32(SI)
	VMOVDQU Y8, 64(SI)
	VMOVDQU Y8, 96(SI)
	VMOVDQU Y8, 0(DI)
	VMOVDQU Y8, 32(DI)
	VMOVDQU Y8, 64(DI)
	VMOVDQU Y8, 96(DI)
	PASS(round11, $11, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15)
	TRANSPOSE(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15)
	PASS(round18, $18, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7)

	// Bytes, and columns to rows again.
	VPACKSSWB  Y12, Y8, Y0
	VPACKSSWB  Y13, Y9, Y1
	VPACKSSWB  Y14, Y10, Y2
	VPACKSSWB  Y15, Y11, Y3
	VPUNPCKLBW Y1, Y0, Y4
	VPUNPCKHBW Y1, Y0, Y5
	VPUNPCKLBW Y3, Y2, Y6
	VPUNPCKHBW Y3, Y2, Y7
	VPUNPCKLWD Y6, Y4, Y0
	VPUNPCKHWD Y6, Y4, Y1
	VPUNPCKLWD Y7, Y5, Y2
	VPUNPCKHWD Y7, Y5, Y3
	VPUNPCKLDQ Y2, Y0, Y4
	VPUNPCKHDQ Y2, Y0, Y5
	VPUNPCKLDQ Y3, Y1, Y6
	VPUNPCKHDQ Y3, Y1, Y7
	VMOVDQU offset<>(SB), Y8
	VPADDB Y8, Y4, Y4
	VPADDB Y8, Y5, Y5
	VPADDB Y8, Y6, Y6
	VPADDB Y8, Y7, Y7
	VEXTRACTI128 $1, Y4, X0
	VEXTRACTI128 $1, Y5, X1
	VEXTRACTI128 $1, Y6, X2
	VEXTRACTI128 $1, Y7, X3
	STORE(X4, R10, R12)
	STORE(X5, R10, R12)
	STORE(X6, R10, R12)
	STORE(X7, R10, R12)
	STORE(X0, R11, R13)
	STORE(X1, R11, R13)
	STORE(X2, R11, R13)
	STORE(X3, R11, R13)
	VZEROUPPER
	RET
