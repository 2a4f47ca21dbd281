//go:build !noasm

#include "textflag.h"

// The Go loops beside the callers say what is computed. Weights of fromRGB are
// negative here, because -2^15 is a 16-bit number and 2^15 is not, and the weight
// of green is cut in two: of red and green, then of blue and green.

DATA lumaRG<>+0(SB)/8, $0xa9bab375a9bab375
DATA lumaRG<>+8(SB)/8, $0xa9bab375a9bab375
DATA lumaRG<>+16(SB)/8, $0xa9bab375a9bab375
DATA lumaRG<>+24(SB)/8, $0xa9bab375a9bab375
GLOBL lumaRG<>(SB), RODATA|NOPTR, $32
DATA lumaBG<>+0(SB)/8, $0xc000e2d1c000e2d1
DATA lumaBG<>+8(SB)/8, $0xc000e2d1c000e2d1
DATA lumaBG<>+16(SB)/8, $0xc000e2d1c000e2d1
DATA lumaBG<>+24(SB)/8, $0xc000e2d1c000e2d1
GLOBL lumaBG<>(SB), RODATA|NOPTR, $32
DATA cbRG<>+0(SB)/8, $0x54cd2b3354cd2b33
DATA cbRG<>+8(SB)/8, $0x54cd2b3354cd2b33
DATA cbRG<>+16(SB)/8, $0x54cd2b3354cd2b33
DATA cbRG<>+24(SB)/8, $0x54cd2b3354cd2b33
GLOBL cbRG<>(SB), RODATA|NOPTR, $32
DATA cbBG<>+0(SB)/8, $0x0000800000008000
DATA cbBG<>+8(SB)/8, $0x0000800000008000
DATA cbBG<>+16(SB)/8, $0x0000800000008000
DATA cbBG<>+24(SB)/8, $0x0000800000008000
GLOBL cbBG<>(SB), RODATA|NOPTR, $32
DATA crRG<>+0(SB)/8, $0x6b2f80006b2f8000
DATA crRG<>+8(SB)/8, $0x6b2f80006b2f8000
DATA crRG<>+16(SB)/8, $0x6b2f80006b2f8000
DATA crRG<>+24(SB)/8, $0x6b2f80006b2f8000
GLOBL crRG<>(SB), RODATA|NOPTR, $32
DATA crBG<>+0(SB)/8, $0x000014d1000014d1
DATA crBG<>+8(SB)/8, $0x000014d1000014d1
DATA crBG<>+16(SB)/8, $0x000014d1000014d1
DATA crBG<>+24(SB)/8, $0x000014d1000014d1
GLOBL crBG<>(SB), RODATA|NOPTR, $32
// what the sums are taken from
DATA fromY<>+0(SB)/8, $0x0000800000008000
DATA fromY<>+8(SB)/8, $0x0000800000008000
DATA fromY<>+16(SB)/8, $0x0000800000008000
DATA fromY<>+24(SB)/8, $0x0000800000008000
GLOBL fromY<>(SB), RODATA|NOPTR, $32
DATA fromC<>+0(SB)/8, $0x00807fff00807fff
DATA fromC<>+8(SB)/8, $0x00807fff00807fff
DATA fromC<>+16(SB)/8, $0x00807fff00807fff
DATA fromC<>+24(SB)/8, $0x00807fff00807fff
GLOBL fromC<>(SB), RODATA|NOPTR, $32
// Where 16 reds, greens and blues lie modulo 16, in 48 bytes
DATA pickR<>+0(SB)/8, $0x05020f0c09060300
DATA pickR<>+8(SB)/8, $0x0d0a0704010e0b08
DATA pickR<>+16(SB)/8, $0x05020f0c09060300
DATA pickR<>+24(SB)/8, $0x0d0a0704010e0b08
GLOBL pickR<>(SB), RODATA|NOPTR, $32
DATA pickG<>+0(SB)/8, $0x0603000d0a070401
DATA pickG<>+8(SB)/8, $0x0e0b0805020f0c09
DATA pickG<>+16(SB)/8, $0x0603000d0a070401
DATA pickG<>+24(SB)/8, $0x0e0b0805020f0c09
GLOBL pickG<>(SB), RODATA|NOPTR, $32
DATA pickB<>+0(SB)/8, $0x0704010e0b080502
DATA pickB<>+8(SB)/8, $0x0f0c090603000d0a
DATA pickB<>+16(SB)/8, $0x0704010e0b080502
DATA pickB<>+24(SB)/8, $0x0f0c090603000d0a
GLOBL pickB<>(SB), RODATA|NOPTR, $32
// bytes 1, 4, 7, .. and bytes 2, 5, 8, ..
DATA of1<>+0(SB)/8, $0xff0000ff0000ff00
DATA of1<>+8(SB)/8, $0x0000ff0000ff0000
DATA of1<>+16(SB)/8, $0xff0000ff0000ff00
DATA of1<>+24(SB)/8, $0x0000ff0000ff0000
GLOBL of1<>(SB), RODATA|NOPTR, $32
DATA of2<>+0(SB)/8, $0x0000ff0000ff0000
DATA of2<>+8(SB)/8, $0x00ff0000ff0000ff
DATA of2<>+16(SB)/8, $0x0000ff0000ff0000
DATA of2<>+24(SB)/8, $0x00ff0000ff0000ff
GLOBL of2<>(SB), RODATA|NOPTR, $32
// one in bytes; the rounding of shrink
DATA ones<>+0(SB)/8, $0x0101010101010101
DATA ones<>+8(SB)/8, $0x0101010101010101
DATA ones<>+16(SB)/8, $0x0101010101010101
DATA ones<>+24(SB)/8, $0x0101010101010101
GLOBL ones<>(SB), RODATA|NOPTR, $32
DATA bias<>+0(SB)/8, $0x0002000100020001
DATA bias<>+8(SB)/8, $0x0002000100020001
DATA bias<>+16(SB)/8, $0x0002000100020001
DATA bias<>+24(SB)/8, $0x0002000100020001
GLOBL bias<>(SB), RODATA|NOPTR, $32

// WEIGH makes 16 words of out from red and green in Y6 and Y7 and blue and green
// in Y8 and Y9.
#define WEIGH(rg, bg, from, out) \
	VPMADDWD  rg<>(SB), Y6, out;   \
	VPMADDWD  bg<>(SB), Y8, Y3;    \
	VPMADDWD  rg<>(SB), Y7, Y4;    \
	VPMADDWD  bg<>(SB), Y9, Y5;    \
	VPADDD    Y3, out, out;        \
	VPADDD    Y5, Y4, Y4;          \
	VPSUBD    out, from, out;      \
	VPSUBD    Y4, from, Y4;        \
	VPSRAD    $16, out, out;       \
	VPSRAD    $16, Y4, Y4;         \
	VPACKSSDW Y4, out, out

// PAIRS pairs the words of red, green and blue, half of each register's bytes.
#define PAIRS(UNPACK) \
	UNPACK     Y15, Y0, Y3;  \
	UNPACK     Y15, Y1, Y4;  \
	UNPACK     Y15, Y2, Y5;  \
	VPUNPCKLWD Y4, Y3, Y6;   \
	VPUNPCKHWD Y4, Y3, Y7;   \
	VPUNPCKLWD Y4, Y5, Y8;   \
	VPUNPCKHWD Y4, Y5, Y9

// func ycc32(luma, cb, cr, src *byte, n int)
TEXT ·ycc32(SB), NOSPLIT, $0-40
	MOVQ luma+0(FP), DI
	MOVQ cb+8(FP), DX
	MOVQ cr+16(FP), BX
	MOVQ src+24(FP), SI
	MOVQ n+32(FP), CX
	SUBQ $32, CX
	VPXOR   Y15, Y15, Y15
	VMOVDQU fromY<>(SB), Y14
	VMOVDQU fromC<>(SB), Y13
	XORQ    AX, AX

loop:
	LEAQ (AX)(AX*2), R8
	ADDQ SI, R8
	VMOVDQU     (R8), X3
	VMOVDQU     16(R8), X4
	VMOVDQU     32(R8), X5
	VINSERTI128 $1, 48(R8), Y3, Y3
	VINSERTI128 $1, 64(R8), Y4, Y4
	VINSERTI128 $1, 80(R8), Y5, Y5
	VMOVDQU     of1<>(SB), Y6
	VMOVDQU     of2<>(SB), Y7
	VPBLENDVB   Y6, Y5, Y3, Y0
	VPBLENDVB   Y7, Y4, Y0, Y0
	VPBLENDVB   Y6, Y3, Y4, Y1
	VPBLENDVB   Y7, Y5, Y1, Y1
	VPBLENDVB   Y6, Y4, Y5, Y2
	VPBLENDVB   Y7, Y3, Y2, Y2
	VPSHUFB     pickR<>(SB), Y0, Y0
	VPSHUFB     pickG<>(SB), Y1, Y1
	VPSHUFB     pickB<>(SB), Y2, Y2
	PAIRS(VPUNPCKLBW)
	WEIGH(lumaRG, lumaBG, Y14, Y10)
	WEIGH(cbRG, cbBG, Y13, Y11)
	WEIGH(crRG, crBG, Y13, Y12)
	PAIRS(VPUNPCKHBW)
	WEIGH(lumaRG, lumaBG, Y14, Y0)
	WEIGH(cbRG, cbBG, Y13, Y1)
	WEIGH(crRG, crBG, Y13, Y2)
	VPACKUSWB Y0, Y10, Y10
	VPACKUSWB Y1, Y11, Y11
	VPACKUSWB Y2, Y12, Y12
	VMOVDQU   Y10, (DI)(AX*1)
	VMOVDQU   Y11, (DX)(AX*1)
	VMOVDQU   Y12, (BX)(AX*1)
	CMPQ      AX, CX
	JGE       done
	ADDQ      $32, AX
	CMPQ      AX, CX
	JLE       loop
	MOVQ      CX, AX
	JMP       loop

done:
	VZEROUPPER
	RET

// func shrink16(dst, upper, lower *byte, n int)
TEXT ·shrink16(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ upper+8(FP), SI
	MOVQ lower+16(FP), DX
	MOVQ n+24(FP), CX
	VMOVDQU ones<>(SB), Y7
	VMOVDQU bias<>(SB), Y6
	XORQ    AX, AX

each:
	VMOVDQU    (SI)(AX*2), Y0
	VMOVDQU    (DX)(AX*2), Y1
	VPMADDUBSW Y7, Y0, Y0
	VPMADDUBSW Y7, Y1, Y1
	VPADDW     Y1, Y0, Y0
	VPADDW     Y6, Y0, Y0
	VPSRLW     $2, Y0, Y0
	VPACKUSWB  Y0, Y0, Y0
	VPERMQ     $0x08, Y0, Y0
	VMOVDQU    X0, (DI)(AX*1)
	ADDQ       $16, AX
	CMPQ       AX, CX
	JLT        each
	VZEROUPPER
	RET
