//go:build !noasm

#include "textflag.h"

// Sums of bytes times weights of 22 bits, upper and lower halves apart; the Go
// loops in resample.go say what is computed.

// Words of neighbouring pixels, r0 r1 g0 g1 b0 b1 - -: of pixels 0 and 1, and of
// 2 and 3.
DATA first<>+0(SB)/8, $0x8004800180038000
DATA first<>+8(SB)/8, $0x8080808080058002
GLOBL first<>(SB), RODATA|NOPTR, $16

DATA second<>+0(SB)/8, $0x800a800780098006
DATA second<>+8(SB)/8, $0x80808080800b8008
GLOBL second<>(SB), RODATA|NOPTR, $16

DATA half<>+0(SB)/4, $0x00200000
GLOBL half<>(SB), RODATA|NOPTR, $4

// func acrossRow256(out, row *byte, offset *int32, words *[32]uint32, n int)
// One output pixel in each half of a register.
TEXT ·acrossRow256(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ offset+16(FP), R8
	MOVQ words+24(FP), DX
	MOVQ n+32(FP), CX
	VBROADCASTI128 first<>(SB), Y8
	VBROADCASTI128 second<>(SB), Y9
	VPBROADCASTD half<>(SB), Y10

pixels:
	MOVLQSX  (R8), AX
	MOVLQSX  4(R8), BX
	VMOVDQU  (SI)(AX*1), X0
	VINSERTI128 $1, (SI)(BX*1), Y0, Y0
	VPSHUFB  Y8, Y0, Y1
	VPSHUFB  Y9, Y0, Y2
	VPMADDWD (DX), Y1, Y3
	VPMADDWD 32(DX), Y2, Y4
	VPMADDWD 64(DX), Y1, Y5
	VPMADDWD 96(DX), Y2, Y6
	VPADDD   Y4, Y3, Y3
	VPADDD   Y6, Y5, Y5
	VPSLLD   $11, Y3, Y3
	VPADDD   Y10, Y5, Y5
	VPADDD   Y5, Y3, Y3
	VPSRLD   $22, Y3, Y3
	VPACKUSDW Y3, Y3, Y3
	VPACKUSWB Y3, Y3, Y3
	VEXTRACTI128 $1, Y3, X4
	VMOVD    X3, (DI)
	VMOVD    X4, 3(DI)
	ADDQ     $6, DI
	ADDQ     $8, R8
	ADDQ     $128, DX
	SUBQ     $2, CX
	JNZ      pixels
	VZEROUPPER
	RET

// func downColumns256(out, rows *byte, stride, pairs int, words *[4]uint32, n int)
TEXT ·downColumns256(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ pairs+24(FP), R9
	MOVQ words+32(FP), DX
	MOVQ n+40(FP), CX
	VPBROADCASTD half<>(SB), Y11

columns:
	MOVQ   SI, AX
	MOVQ   DX, R10
	MOVQ   R9, BX
	VPXOR  Y0, Y0, Y0 // upper halves of the weights
	VPXOR  Y1, Y1, Y1
	VPXOR  Y2, Y2, Y2 // lower
	VPXOR  Y3, Y3, Y3

pair:
	VPMOVZXBW (AX), Y4
	VPMOVZXBW (AX)(R8*1), Y5
	VPUNPCKLWD Y5, Y4, Y6
	VPUNPCKHWD Y5, Y4, Y7
	VPBROADCASTD (R10), Y8
	VPBROADCASTD 8(R10), Y9
	VPMADDWD Y8, Y6, Y4
	VPMADDWD Y8, Y7, Y5
	VPADDD   Y4, Y0, Y0
	VPADDD   Y5, Y1, Y1
	VPMADDWD Y9, Y6, Y4
	VPMADDWD Y9, Y7, Y5
	VPADDD   Y4, Y2, Y2
	VPADDD   Y5, Y3, Y3
	LEAQ     (AX)(R8*2), AX
	ADDQ     $4, R10
	DECQ     BX
	JNZ      pair

	VPSLLD $11, Y0, Y0
	VPSLLD $11, Y1, Y1
	VPADDD Y2, Y0, Y0
	VPADDD Y3, Y1, Y1
	VPADDD Y11, Y0, Y0
	VPADDD Y11, Y1, Y1
	VPSRLD $22, Y0, Y0
	VPSRLD $22, Y1, Y1
	VPACKUSDW Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKUSWB X1, X0, X0
	VMOVDQU X0, (DI)
	ADDQ    $16, DI
	ADDQ    $16, SI
	SUBQ    $16, CX
	JNZ     columns
	VZEROUPPER
	RET
