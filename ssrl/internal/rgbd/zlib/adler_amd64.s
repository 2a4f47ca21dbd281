//go:build !noasm

#include "textflag.h"

DATA weights<>+0x00(SB)/8, $0x191a1b1c1d1e1f20
DATA weights<>+0x08(SB)/8, $0x1112131415161718
DATA weights<>+0x10(SB)/8, $0x090a0b0c0d0e0f10
DATA weights<>+0x18(SB)/8, $0x0102030405060708
GLOBL weights<>(SB), RODATA|NOPTR, $32

DATA ones<>+0(SB)/8, $0x0001000100010001
GLOBL ones<>(SB), RODATA|NOPTR, $8

// func adlerAVX2(sums *[3][8]uint32, b *byte, n int)
TEXT ·adlerAVX2(SB), NOSPLIT, $0-24
	MOVQ sums+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ n+16(FP), CX
	VMOVDQU weights<>(SB), Y6
	VPBROADCASTQ ones<>(SB), Y8
	VPXOR Y7, Y7, Y7
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2

loop:
	VMOVDQU    (SI), Y4
	VPADDD     Y0, Y1, Y1
	VPSADBW    Y7, Y4, Y5
	VPADDD     Y5, Y0, Y0
	VPMADDUBSW Y6, Y4, Y4
	VPMADDWD   Y8, Y4, Y4
	VPADDD     Y4, Y2, Y2
	ADDQ       $32, SI
	DECQ       CX
	JNZ        loop
	VMOVDQU    Y0, 0(DI)
	VMOVDQU    Y1, 32(DI)
	VMOVDQU    Y2, 64(DI)
	VZEROUPPER
	RET
