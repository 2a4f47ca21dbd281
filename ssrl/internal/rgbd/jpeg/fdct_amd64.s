//go:build !noasm

#include "textflag.h"

// Two blocks at a time, as in idct_amd64.s.

// tmp13 and tmp12 to outputs 2 and 6 (names of jfdctint.c)
DATA fwd2<>+0(SB)/8, $0x115129cf115129cf
DATA fwd2<>+8(SB)/8, $0x115129cf115129cf
DATA fwd2<>+16(SB)/8, $0x115129cf115129cf
DATA fwd2<>+24(SB)/8, $0x115129cf115129cf
GLOBL fwd2<>(SB), RODATA|NOPTR, $32
DATA fwd6<>+0(SB)/8, $0xd6301151d6301151
DATA fwd6<>+8(SB)/8, $0xd6301151d6301151
DATA fwd6<>+16(SB)/8, $0xd6301151d6301151
DATA fwd6<>+24(SB)/8, $0xd6301151d6301151
GLOBL fwd6<>(SB), RODATA|NOPTR, $32
// tmp4 and tmp7, tmp5 and tmp6, to outputs 1, 3, 5 and 7
DATA fwd471<>+0(SB)/8, $0x2c6308d42c6308d4
DATA fwd471<>+8(SB)/8, $0x2c6308d42c6308d4
DATA fwd471<>+16(SB)/8, $0x2c6308d42c6308d4
DATA fwd471<>+24(SB)/8, $0x2c6308d42c6308d4
GLOBL fwd471<>(SB), RODATA|NOPTR, $32
DATA fwd561<>+0(SB)/8, $0x25a1192525a11925
DATA fwd561<>+8(SB)/8, $0x25a1192525a11925
DATA fwd561<>+16(SB)/8, $0x25a1192525a11925
DATA fwd561<>+24(SB)/8, $0x25a1192525a11925
GLOBL fwd561<>(SB), RODATA|NOPTR, $32
DATA fwd473<>+0(SB)/8, $0x25a1e6dc25a1e6dc
DATA fwd473<>+8(SB)/8, $0x25a1e6dc25a1e6dc
DATA fwd473<>+16(SB)/8, $0x25a1e6dc25a1e6dc
DATA fwd473<>+24(SB)/8, $0x25a1e6dc25a1e6dc
GLOBL fwd473<>(SB), RODATA|NOPTR, $32
DATA fwd563<>+0(SB)/8, $0xf72dd39ef72dd39e
DATA fwd563<>+8(SB)/8, $0xf72dd39ef72dd39e
DATA fwd563<>+16(SB)/8, $0xf72dd39ef72dd39e
DATA fwd563<>+24(SB)/8, $0xf72dd39ef72dd39e
GLOBL fwd563<>(SB), RODATA|NOPTR, $32
DATA fwd475<>+0(SB)/8, $0x192525a1192525a1
DATA fwd475<>+8(SB)/8, $0x192525a1192525a1
DATA fwd475<>+16(SB)/8, $0x192525a1192525a1
DATA fwd475<>+24(SB)/8, $0x192525a1192525a1
GLOBL fwd475<>(SB), RODATA|NOPTR, $32
DATA fwd565<>+0(SB)/8, $0xd39e08d5d39e08d5
DATA fwd565<>+8(SB)/8, $0xd39e08d5d39e08d5
DATA fwd565<>+16(SB)/8, $0xd39e08d5d39e08d5
DATA fwd565<>+24(SB)/8, $0xd39e08d5d39e08d5
GLOBL fwd565<>(SB), RODATA|NOPTR, $32
DATA fwd477<>+0(SB)/8, $0x08d4d39d08d4d39d
DATA fwd477<>+8(SB)/8, $0x08d4d39d08d4d39d
DATA fwd477<>+16(SB)/8, $0x08d4d39d08d4d39d
DATA fwd477<>+24(SB)/8, $0x08d4d39d08d4d39d
GLOBL fwd477<>(SB), RODATA|NOPTR, $32
DATA fwd567<>+0(SB)/8, $0xe6dc25a1e6dc25a1
DATA fwd567<>+8(SB)/8, $0xe6dc25a1e6dc25a1
DATA fwd567<>+16(SB)/8, $0xe6dc25a1e6dc25a1
DATA fwd567<>+24(SB)/8, $0xe6dc25a1e6dc25a1
GLOBL fwd567<>(SB), RODATA|NOPTR, $32
// half of 2^11, 2^15 and 2^2; 128
DATA fround11<>+0(SB)/8, $0x0000040000000400
DATA fround11<>+8(SB)/8, $0x0000040000000400
DATA fround11<>+16(SB)/8, $0x0000040000000400
DATA fround11<>+24(SB)/8, $0x0000040000000400
GLOBL fround11<>(SB), RODATA|NOPTR, $32
DATA fround15<>+0(SB)/8, $0x0000400000004000
DATA fround15<>+8(SB)/8, $0x0000400000004000
DATA fround15<>+16(SB)/8, $0x0000400000004000
DATA fround15<>+24(SB)/8, $0x0000400000004000
GLOBL fround15<>(SB), RODATA|NOPTR, $32
DATA fround2<>+0(SB)/8, $0x0002000200020002
DATA fround2<>+8(SB)/8, $0x0002000200020002
DATA fround2<>+16(SB)/8, $0x0002000200020002
DATA fround2<>+24(SB)/8, $0x0002000200020002
GLOBL fround2<>(SB), RODATA|NOPTR, $32
DATA f128<>+0(SB)/8, $0x0080008000800080
DATA f128<>+8(SB)/8, $0x0080008000800080
DATA f128<>+16(SB)/8, $0x0080008000800080
DATA f128<>+24(SB)/8, $0x0080008000800080
GLOBL f128<>(SB), RODATA|NOPTR, $32

// ROW reads row after row of both blocks.
#define ROW(x, y) \
	VMOVQ     (SI), x;          \
	VMOVHPS   (DX), x, x;       \
	VPMOVZXBW x, y;             \
	VPSUBW    f128<>(SB), y, y; \
	ADDQ      CX, SI;           \
	ADDQ      CX, DX

// SCALED ends outputs 0 and 4 of the first pass, ROUNDED of the second.
#define SCALED(a) VPSLLW $2, a, a
#define ROUNDED(a) VPADDW fround2<>(SB), a, a; VPSRAW $2, a, a

// PRODUCT is one output: the low halves of its inputs in l and m, the high ones in
// h and i.
#define PRODUCT(kl, km, round, shift, l, m, h, i, out, t, u) \
	VPMADDWD  kl<>(SB), l, out;        \
	VPMADDWD  km<>(SB), m, t;          \
	VPADDD    t, out, out;             \
	VPADDD    round<>(SB), out, out;   \
	VPSRAD    shift, out, out;         \
	VPMADDWD  kl<>(SB), h, t;          \
	VPMADDWD  km<>(SB), i, u;          \
	VPADDD    u, t, t;                 \
	VPADDD    round<>(SB), t, t;       \
	VPSRAD    shift, t, t;             \
	VPACKSSDW t, out, out

// FORWARD is forward8 on the columns of x0 to x7. Outputs 0 to 7 are in x2, x1,
// x0, x4, x3, x5, t2 and x7.
#define FORWARD(END, round, shift, x0, x1, x2, x3, x4, x5, x6, x7, t0, t1, t2, t3, t4, t5, t6, t7) \
	VPADDW x7, x0, t0; \
	VPSUBW x7, x0, x7; \
	VPADDW x6, x1, t1; \
	VPSUBW x6, x1, x6; \
	VPADDW x5, x2, t2; \
	VPSUBW x5, x2, x5; \
	VPADDW x4, x3, t3; \
	VPSUBW x4, x3, x4; \
	VPADDW t3, t0, x0; \
	VPSUBW t3, t0, t0; \
	VPADDW t2, t1, x1; \
	VPSUBW t2, t1, t1; \
	VPADDW x1, x0, x2; \
	VPSUBW x1, x0, x3; \
	END(x2); \
	END(x3); \
	VPUNPCKLWD t1, t0, t2; \
	VPUNPCKHWD t1, t0, t3; \
	VPMADDWD fwd2<>(SB), t2, x0; \
	VPMADDWD fwd2<>(SB), t3, x1; \
	VPADDD round<>(SB), x0, x0; \
	VPADDD round<>(SB), x1, x1; \
	VPSRAD shift, x0, x0; \
	VPSRAD shift, x1, x1; \
	VPACKSSDW x1, x0, x0; \
	VPMADDWD fwd6<>(SB), t2, t2; \
	VPMADDWD fwd6<>(SB), t3, t3; \
	VPADDD round<>(SB), t2, t2; \
	VPADDD round<>(SB), t3, t3; \
	VPSRAD shift, t2, t2; \
	VPSRAD shift, t3, t3; \
	VPACKSSDW t3, t2, t2; \
	VPUNPCKLWD x7, x4, t0; \
	VPUNPCKHWD x7, x4, t1; \
	VPUNPCKLWD x6, x5, t3; \
	VPUNPCKHWD x6, x5, t4; \
	PRODUCT(fwd471, fwd561, round, shift, t0, t3, t1, t4, x1, t5, t6); \
	PRODUCT(fwd473, fwd563, round, shift, t0, t3, t1, t4, x4, t5, t6); \
	PRODUCT(fwd475, fwd565, round, shift, t0, t3, t1, t4, x5, t5, t6); \
	PRODUCT(fwd477, fwd567, round, shift, t0, t3, t1, t4, x7, t5, t6)

// TURN puts the rows of a0 to a7 into the columns of b0 to b7.
#define TURN(a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7) \
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

// QUOTIENT divides row i of both blocks and writes it (divider.quotient).
#define QUOTIENT(i, y, x, t, u) \
	VPABSW         y, t;                   \
	VBROADCASTI128 (16*i)(R8), u;          \
	VPADDW         u, t, t;                \
	VBROADCASTI128 (128+16*i)(R8), u;      \
	VPMULHUW       u, t, t;                \
	VBROADCASTI128 (256+16*i)(R8), u;      \
	VPMULHUW       u, t, t;                \
	VPSIGNW        y, t, y;                \
	VMOVDQU        x, (16*i)(DI);          \
	VEXTRACTI128   $1, y, (128+16*i)(DI)

// ZEROS adds a bit for each zero of two rows of a block to R10 and R11.
#define ZEROS(shift, a, b, t) \
	VPACKSSWB b, a, t;   \
	VPCMPEQB  Y15, t, t; \
	VPMOVMSKB t, AX;     \
	MOVL      AX, BX;    \
	ANDQ      $0xffff, AX; \
	SHRQ      $16, BX;   \
	SHLQ      shift, AX; \
	SHLQ      shift, BX; \
	ORQ       AX, R10;   \
	ORQ       BX, R11

// func forward2(coef *int16, a, b *byte, stride int, d *divider) (maskA, maskB uint64)
TEXT ·forward2(SB), NOSPLIT, $0-56
	MOVQ coef+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ stride+24(FP), CX
	MOVQ d+32(FP), R8
	ROW(X0, Y0)
	ROW(X1, Y1)
	ROW(X2, Y2)
	ROW(X3, Y3)
	ROW(X4, Y4)
	ROW(X5, Y5)
	ROW(X6, Y6)
	ROW(X7, Y7)
	TURN(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15)
	FORWARD(SCALED, fround11, $11, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7)
	TURN(Y10, Y9, Y8, Y12, Y11, Y13, Y2, Y15, Y0, Y1, Y3, Y4, Y5, Y6, Y7, Y14)
	FORWARD(ROUNDED, fround15, $15, Y0, Y1, Y3, Y4, Y5, Y6, Y7, Y14, Y2, Y8, Y9, Y10, Y11, Y12, Y13, Y15)
	VPXOR Y15, Y15, Y15
	XORQ R10, R10
	XORQ R11, R11
	QUOTIENT(0, Y3, X3, Y2, Y7)
	QUOTIENT(1, Y1, X1, Y8, Y10)
	QUOTIENT(2, Y0, X0, Y11, Y12)
	QUOTIENT(3, Y5, X5, Y2, Y7)
	QUOTIENT(4, Y4, X4, Y8, Y10)
	QUOTIENT(5, Y6, X6, Y11, Y12)
	QUOTIENT(6, Y9, X9, Y2, Y7)
	QUOTIENT(7, Y14, X14, Y8, Y10)
	ZEROS($0, Y3, Y1, Y2)
	ZEROS($16, Y0, Y5, Y7)
	ZEROS($32, Y4, Y6, Y8)
	ZEROS($48, Y9, Y14, Y10)
	NOTQ R10
	NOTQ R11
	MOVQ R10, maskA+40(FP)
	MOVQ R11, maskB+48(FP)
	VZEROUPPER
	RET
