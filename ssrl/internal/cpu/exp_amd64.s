//go:build !noasm

#include "textflag.h"

// expf's constants, exp.go.
DATA expc<>+0(SB)/4, $0xc2d00000  // -104
DATA expc<>+4(SB)/4, $0x42b20000  // 89
DATA expc<>+8(SB)/4, $0x3fb8aa3b  // log2 e
DATA expc<>+12(SB)/4, $0x4b400000  // 1.5*2^23
DATA expc<>+16(SB)/4, $0x3f318000  // ln2High
DATA expc<>+20(SB)/4, $0xb95e8083  // ln2Low
DATA expc<>+24(SB)/4, $0x39506967  // exp0
DATA expc<>+28(SB)/4, $0x3ab743ce  // exp1
DATA expc<>+32(SB)/4, $0x3c088908  // exp2
DATA expc<>+36(SB)/4, $0x3d2aa9c1  // exp3
DATA expc<>+40(SB)/4, $0x3e2aaaaa  // exp4
DATA expc<>+44(SB)/4, $0x3f000000  // exp5
DATA expc<>+48(SB)/4, $0x3f800000  // 1
DATA expc<>+52(SB)/4, $0x0000007f  // exponent of 1
GLOBL expc<>(SB), RODATA|NOPTR, $56

// func exp512(dst, src *float32, n int, from, scale, less float32)
TEXT ·exp512(SB), NOSPLIT, $0-36
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS from+24(FP), Z30
	VBROADCASTSS scale+28(FP), Z31
	VBROADCASTSS less+32(FP), Z15
	VBROADCASTSS expc<>+0(SB), Z16
	VBROADCASTSS expc<>+4(SB), Z17
	VBROADCASTSS expc<>+8(SB), Z18
	VBROADCASTSS expc<>+12(SB), Z19
	VBROADCASTSS expc<>+16(SB), Z20
	VBROADCASTSS expc<>+20(SB), Z21
	VBROADCASTSS expc<>+24(SB), Z22
	VBROADCASTSS expc<>+28(SB), Z23
	VBROADCASTSS expc<>+32(SB), Z24
	VBROADCASTSS expc<>+36(SB), Z25
	VBROADCASTSS expc<>+40(SB), Z26
	VBROADCASTSS expc<>+44(SB), Z27
	VBROADCASTSS expc<>+48(SB), Z28
	VBROADCASTSS expc<>+52(SB), Z29

loop:
	VMOVUPS (SI), Z0
	VSUBPS  Z30, Z0, Z0
	VMULPS  Z31, Z0, Z0
	VSUBPS  Z15, Z0, Z0
	VMAXPS  Z0, Z16, Z0     // a NaN stays
	VMINPS  Z0, Z17, Z0
	VMULPS  Z18, Z0, Z1
	VADDPS  Z19, Z1, Z1     // t
	VSUBPS  Z19, Z1, Z2     // n
	VMULPS  Z20, Z2, Z3
	VSUBPS  Z3, Z0, Z0
	VMULPS  Z21, Z2, Z3
	VSUBPS  Z3, Z0, Z0      // r
	VMULPS  Z22, Z0, Z4
	VADDPS  Z23, Z4, Z4
	VMULPS  Z0, Z4, Z4
	VADDPS  Z24, Z4, Z4
	VMULPS  Z0, Z4, Z4
	VADDPS  Z25, Z4, Z4
	VMULPS  Z0, Z4, Z4
	VADDPS  Z26, Z4, Z4
	VMULPS  Z0, Z4, Z4
	VADDPS  Z27, Z4, Z4
	VMULPS  Z0, Z0, Z5
	VMULPS  Z5, Z4, Z4
	VADDPS  Z0, Z4, Z4
	VADDPS  Z28, Z4, Z4
	VPSUBD  Z19, Z1, Z1     // i
	VPSRAD  $1, Z1, Z2
	VPSUBD  Z2, Z1, Z1
	VPADDD  Z29, Z2, Z2
	VPADDD  Z29, Z1, Z1
	VPSLLD  $23, Z2, Z2
	VPSLLD  $23, Z1, Z1
	VMULPS  Z2, Z4, Z4
	VMULPS  Z1, Z4, Z4
	VMOVUPS Z4, (DI)
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $16, CX
	JNZ     loop
	VZEROUPPER
	RET

// The same eight times over, for operands in memory.
#define EIGHT(at, bits) \
	DATA expv<>+(at+0)(SB)/4, bits  \
	DATA expv<>+(at+4)(SB)/4, bits  \
	DATA expv<>+(at+8)(SB)/4, bits  \
	DATA expv<>+(at+12)(SB)/4, bits \
	DATA expv<>+(at+16)(SB)/4, bits \
	DATA expv<>+(at+20)(SB)/4, bits \
	DATA expv<>+(at+24)(SB)/4, bits \
	DATA expv<>+(at+28)(SB)/4, bits

EIGHT(0, $0xc2d00000)  // -104
EIGHT(32, $0x42b20000)  // 89
EIGHT(64, $0x39506967)  // exp0
EIGHT(96, $0x3ab743ce)  // exp1
EIGHT(128, $0x3c088908)  // exp2
EIGHT(160, $0x3d2aa9c1)  // exp3
EIGHT(192, $0x3e2aaaaa)  // exp4
EIGHT(224, $0x3f000000)  // exp5
GLOBL expv<>(SB), RODATA|NOPTR, $256

// func exp256(dst, src *float32, n int, from, scale, less float32)
TEXT ·exp256(SB), NOSPLIT, $0-36
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS from+24(FP), Y15
	VBROADCASTSS scale+28(FP), Y14
	VBROADCASTSS less+32(FP), Y13
	VBROADCASTSS expc<>+8(SB), Y12
	VBROADCASTSS expc<>+12(SB), Y11
	VBROADCASTSS expc<>+16(SB), Y10
	VBROADCASTSS expc<>+20(SB), Y9
	VBROADCASTSS expc<>+48(SB), Y8
	VBROADCASTSS expc<>+52(SB), Y7
	VMOVUPS expv<>+0(SB), Y6
	LEAQ expv<>(SB), DX

loop:
	VMOVUPS (SI), Y0
	VSUBPS  Y15, Y0, Y0
	VMULPS  Y14, Y0, Y0
	VSUBPS  Y13, Y0, Y0
	VMAXPS  Y0, Y6, Y0      // a NaN stays
	VMOVUPS 32(DX), Y1
	VMINPS  Y0, Y1, Y0
	VMULPS  Y12, Y0, Y1
	VADDPS  Y11, Y1, Y1     // t
	VSUBPS  Y11, Y1, Y2     // n
	VMULPS  Y10, Y2, Y3
	VSUBPS  Y3, Y0, Y0
	VMULPS  Y9, Y2, Y3
	VSUBPS  Y3, Y0, Y0      // r
	VMULPS  64(DX), Y0, Y4
	VADDPS  96(DX), Y4, Y4
	VMULPS  Y0, Y4, Y4
	VADDPS  128(DX), Y4, Y4
	VMULPS  Y0, Y4, Y4
	VADDPS  160(DX), Y4, Y4
	VMULPS  Y0, Y4, Y4
	VADDPS  192(DX), Y4, Y4
	VMULPS  Y0, Y4, Y4
	VADDPS  224(DX), Y4, Y4
	VMULPS  Y0, Y0, Y5
	VMULPS  Y5, Y4, Y4
	VADDPS  Y0, Y4, Y4
	VADDPS  Y8, Y4, Y4
	VPSUBD  Y11, Y1, Y1     // i
	VPSRAD  $1, Y1, Y2
	VPSUBD  Y2, Y1, Y1
	VPADDD  Y7, Y2, Y2
	VPADDD  Y7, Y1, Y1
	VPSLLD  $23, Y2, Y2
	VPSLLD  $23, Y1, Y1
	VMULPS  Y2, Y4, Y4
	VMULPS  Y1, Y4, Y4
	VMOVUPS Y4, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     loop
	VZEROUPPER
	RET

// func sum16(sums *[16]float32, x *float32, n int)
TEXT ·sum16(SB), NOSPLIT, $0-24
	MOVQ   sums+0(FP), DI
	MOVQ   x+8(FP), SI
	MOVQ   n+16(FP), CX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1

loop:
	VADDPS  (SI), Y0, Y0
	VADDPS  32(SI), Y1, Y1
	ADDQ    $64, SI
	SUBQ    $16, CX
	JNZ     loop
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VZEROUPPER
	RET

// func max16(tops *[16]float32, x *float32, n int)
TEXT ·max16(SB), NOSPLIT, $0-24
	MOVQ    tops+0(FP), DI
	MOVQ    x+8(FP), SI
	MOVQ    n+16(FP), CX
	VPCMPEQD Y0, Y0, Y0
	VPSLLD  $23, Y0, Y0     // -Inf
	VMOVAPS Y0, Y1

loop:
	VMOVUPS (SI), Y2
	VMOVUPS 32(SI), Y3
	VMAXPS  Y0, Y2, Y0      // the maximum stays where x is NaN
	VMAXPS  Y1, Y3, Y1
	ADDQ    $64, SI
	SUBQ    $16, CX
	JNZ     loop
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VZEROUPPER
	RET
