//go:build !noasm

#include "textflag.h"

// The products of toRGB are cut into what 16-bit multiplication can do:
//
//	1.402 r = r + 0.402 r
//	1.772 b = 2 b - 0.228 b
//	-0.344 b - 0.714 r = (-0.344 b + 0.286 r) - r, the bracket in 32 bits
//
// (x*c + 2^15)>>16 is ((2*x*c)>>16 + 1)>>1, c being below 2^15.

// 128 and 1 in words, 2^15 in double words
DATA c128<>+0(SB)/8, $0x0080008000800080
DATA c128<>+8(SB)/8, $0x0080008000800080
DATA c128<>+16(SB)/8, $0x0080008000800080
DATA c128<>+24(SB)/8, $0x0080008000800080
GLOBL c128<>(SB), RODATA|NOPTR, $32
DATA c1<>+0(SB)/8, $0x0001000100010001
DATA c1<>+8(SB)/8, $0x0001000100010001
DATA c1<>+16(SB)/8, $0x0001000100010001
DATA c1<>+24(SB)/8, $0x0001000100010001
GLOBL c1<>(SB), RODATA|NOPTR, $32
DATA c15<>+0(SB)/8, $0x0000800000008000
DATA c15<>+8(SB)/8, $0x0000800000008000
DATA c15<>+16(SB)/8, $0x0000800000008000
DATA c15<>+24(SB)/8, $0x0000800000008000
GLOBL c15<>(SB), RODATA|NOPTR, $32
// 0.402 and -0.228 of 2^16
DATA red<>+0(SB)/8, $0x66e966e966e966e9
DATA red<>+8(SB)/8, $0x66e966e966e966e9
DATA red<>+16(SB)/8, $0x66e966e966e966e9
DATA red<>+24(SB)/8, $0x66e966e966e966e9
GLOBL red<>(SB), RODATA|NOPTR, $32
DATA blue<>+0(SB)/8, $0xc5a2c5a2c5a2c5a2
DATA blue<>+8(SB)/8, $0xc5a2c5a2c5a2c5a2
DATA blue<>+16(SB)/8, $0xc5a2c5a2c5a2c5a2
DATA blue<>+24(SB)/8, $0xc5a2c5a2c5a2c5a2
GLOBL blue<>(SB), RODATA|NOPTR, $32
// -0.34414 and 1-0.71414 of 2^16
DATA green<>+0(SB)/8, $0x492ea7e6492ea7e6
DATA green<>+8(SB)/8, $0x492ea7e6492ea7e6
DATA green<>+16(SB)/8, $0x492ea7e6492ea7e6
DATA green<>+24(SB)/8, $0x492ea7e6492ea7e6
GLOBL green<>(SB), RODATA|NOPTR, $32
// Where the bytes of 16 reds, greens and blues go modulo 16, of 48
DATA shR<>+0(SB)/8, $0x0d02070c01060b00
DATA shR<>+8(SB)/8, $0x050a0f04090e0308
DATA shR<>+16(SB)/8, $0x0d02070c01060b00
DATA shR<>+24(SB)/8, $0x050a0f04090e0308
GLOBL shR<>(SB), RODATA|NOPTR, $32
DATA shG<>+0(SB)/8, $0x02070c01060b0005
DATA shG<>+8(SB)/8, $0x0a0f04090e03080d
DATA shG<>+16(SB)/8, $0x02070c01060b0005
DATA shG<>+24(SB)/8, $0x0a0f04090e03080d
GLOBL shG<>(SB), RODATA|NOPTR, $32
DATA shB<>+0(SB)/8, $0x070c01060b00050a
DATA shB<>+8(SB)/8, $0x0f04090e03080d02
DATA shB<>+16(SB)/8, $0x070c01060b00050a
DATA shB<>+24(SB)/8, $0x0f04090e03080d02
GLOBL shB<>(SB), RODATA|NOPTR, $32
// Bytes 2, 5, 8, .. and bytes 1, 4, 7, ..
DATA third2<>+0(SB)/8, $0x0000ff0000ff0000
DATA third2<>+8(SB)/8, $0x00ff0000ff0000ff
DATA third2<>+16(SB)/8, $0x0000ff0000ff0000
DATA third2<>+24(SB)/8, $0x00ff0000ff0000ff
GLOBL third2<>(SB), RODATA|NOPTR, $32
DATA third1<>+0(SB)/8, $0xff0000ff0000ff00
DATA third1<>+8(SB)/8, $0x0000ff0000ff0000
DATA third1<>+16(SB)/8, $0xff0000ff0000ff00
DATA third1<>+24(SB)/8, $0x0000ff0000ff0000
GLOBL third1<>(SB), RODATA|NOPTR, $32

// COLOUR turns 16 words of y, b and r into red in y, green in g and blue in b.
#define COLOUR(y, b, r, g, t0, t1) \
	VPSUBW     c128<>(SB), b, b;       \
	VPSUBW     c128<>(SB), r, r;       \
	VPUNPCKLWD r, b, t0;               \
	VPUNPCKHWD r, b, t1;               \
	VPMADDWD   green<>(SB), t0, t0;    \
	VPMADDWD   green<>(SB), t1, t1;    \
	VPADDD     Y15, t0, t0;            \
	VPADDD     Y15, t1, t1;            \
	VPSRAD     $16, t0, t0;            \
	VPSRAD     $16, t1, t1;            \
	VPACKSSDW  t1, t0, g;              \
	VPSUBW     r, g, g;                \
	VPADDW     y, g, g;                \
	VPADDW     b, b, b;                \
	VPMULHW    blue<>(SB), b, t0;      \
	VPADDW     Y14, t0, t0;            \
	VPSRAW     $1, t0, t0;             \
	VPADDW     t0, b, b;               \
	VPADDW     y, b, b;                \
	VPADDW     r, r, t0;               \
	VPMULHW    red<>(SB), t0, t0;      \
	VPADDW     Y14, t0, t0;            \
	VPSRAW     $1, t0, t0;             \
	VPADDW     t0, r, r;               \
	VPADDW     r, y, y

// func rgb32(dst, luma, cb, cr *byte, n int)
TEXT ·rgb32(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ luma+8(FP), SI
	MOVQ cb+16(FP), DX
	MOVQ cr+24(FP), BX
	MOVQ n+32(FP), CX
	SUBQ $32, CX
	VMOVDQU c15<>(SB), Y15
	VMOVDQU c1<>(SB), Y14
	VPXOR   Y13, Y13, Y13
	XORQ    AX, AX

loop:
	VMOVDQU    (SI)(AX*1), Y0
	VMOVDQU    (DX)(AX*1), Y1
	VMOVDQU    (BX)(AX*1), Y2
	VPUNPCKHBW Y13, Y0, Y4
	VPUNPCKHBW Y13, Y1, Y5
	VPUNPCKHBW Y13, Y2, Y6
	VPUNPCKLBW Y13, Y0, Y0
	VPUNPCKLBW Y13, Y1, Y1
	VPUNPCKLBW Y13, Y2, Y2
	COLOUR(Y0, Y1, Y2, Y3, Y8, Y9)
	COLOUR(Y4, Y5, Y6, Y7, Y8, Y9)
	VPACKUSWB  Y4, Y0, Y0
	VPACKUSWB  Y7, Y3, Y3
	VPACKUSWB  Y5, Y1, Y1

	// Three bytes a pixel: 16 pixels in each half.
	VPSHUFB    shR<>(SB), Y0, Y0
	VPSHUFB    shG<>(SB), Y3, Y3
	VPSHUFB    shB<>(SB), Y1, Y1
	VMOVDQU    third1<>(SB), Y8
	VMOVDQU    third2<>(SB), Y9
	VPBLENDVB  Y8, Y3, Y0, Y4
	VPBLENDVB  Y9, Y1, Y4, Y4
	VPBLENDVB  Y8, Y1, Y3, Y5
	VPBLENDVB  Y9, Y0, Y5, Y5
	VPBLENDVB  Y8, Y0, Y1, Y6
	VPBLENDVB  Y9, Y3, Y6, Y6
	LEAQ       (AX)(AX*2), R8
	ADDQ       DI, R8
	VMOVDQU    X4, (R8)
	VMOVDQU    X5, 16(R8)
	VMOVDQU    X6, 32(R8)
	VEXTRACTI128 $1, Y4, 48(R8)
	VEXTRACTI128 $1, Y5, 64(R8)
	VEXTRACTI128 $1, Y6, 80(R8)
	CMPQ       AX, CX
	JGE        done
	ADDQ       $32, AX
	CMPQ       AX, CX
	JLE        loop
	MOVQ       CX, AX
	JMP        loop

done:
	VZEROUPPER
	RET
