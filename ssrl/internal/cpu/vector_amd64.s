//go:build !noasm

#include "textflag.h"

// Eight elements at a time; the Go loops beside the callers say what is
// computed, rounding by rounding.

DATA one<>+0(SB)/4, $0x3f800000
GLOBL one<>(SB), RODATA|NOPTR, $4

// func silu256(y, gate, up, e *float32, n int)
TEXT ·silu256(SB), NOSPLIT, $0-40
	MOVQ y+0(FP), DI
	MOVQ gate+8(FP), SI
	MOVQ up+16(FP), DX
	MOVQ e+24(FP), R8
	MOVQ n+32(FP), CX
	VBROADCASTSS one<>(SB), Y7
	XORQ AX, AX

loop:
	VADDPS  (R8)(AX*4), Y7, Y0
	VMOVUPS (SI)(AX*4), Y1
	VDIVPS  Y0, Y1, Y1
	VMULPS  (DX)(AX*4), Y1, Y1
	VMOVUPS Y1, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func siluUp256(dup, dy, gate, e *float32, n int)
TEXT ·siluUp256(SB), NOSPLIT, $0-40
	MOVQ dup+0(FP), DI
	MOVQ dy+8(FP), SI
	MOVQ gate+16(FP), DX
	MOVQ e+24(FP), R8
	MOVQ n+32(FP), CX
	VBROADCASTSS one<>(SB), Y7
	XORQ AX, AX

loop:
	VADDPS  (R8)(AX*4), Y7, Y0
	VMOVUPS (DX)(AX*4), Y1
	VDIVPS  Y0, Y1, Y1
	VMULPS  (SI)(AX*4), Y1, Y1
	VADDPS  (DI)(AX*4), Y1, Y1
	VMOVUPS Y1, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func siluGate256(dgate, dy, gate, up, e *float32, n int)
TEXT ·siluGate256(SB), NOSPLIT, $0-48
	MOVQ dgate+0(FP), DI
	MOVQ dy+8(FP), SI
	MOVQ gate+16(FP), DX
	MOVQ up+24(FP), R9
	MOVQ e+32(FP), R8
	MOVQ n+40(FP), CX
	VBROADCASTSS one<>(SB), Y7
	XORQ AX, AX

loop:
	VADDPS  (R8)(AX*4), Y7, Y0
	VDIVPS  Y0, Y7, Y0          // s
	VSUBPS  Y0, Y7, Y1          // 1-s
	VMULPS  (DX)(AX*4), Y1, Y1
	VADDPS  Y7, Y1, Y1
	VMOVUPS (SI)(AX*4), Y2
	VMULPS  (R9)(AX*4), Y2, Y2
	VMULPS  Y0, Y2, Y2
	VMULPS  Y1, Y2, Y2
	VADDPS  (DI)(AX*4), Y2, Y2
	VMOVUPS Y2, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func slope256(p, dp *float32, n int, mean, scale float32)
TEXT ·slope256(SB), NOSPLIT, $0-32
	MOVQ p+0(FP), DI
	MOVQ dp+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS mean+24(FP), Y6
	VBROADCASTSS scale+28(FP), Y7
	XORQ AX, AX

loop:
	VMOVUPS (SI)(AX*4), Y0
	VSUBPS  Y6, Y0, Y0
	VMULPS  (DI)(AX*4), Y0, Y0
	VMULPS  Y7, Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func adam256(p, m, v, grad *float32, n int, a *adamStep)
TEXT ·adam256(SB), NOSPLIT, $0-48
	MOVQ p+0(FP), DI
	MOVQ m+8(FP), SI
	MOVQ v+16(FP), DX
	MOVQ grad+24(FP), R8
	MOVQ n+32(FP), CX
	MOVQ a+40(FP), R9
	VBROADCASTSS 0(R9), Y7   // keep
	VBROADCASTSS 4(R9), Y8   // scale
	VBROADCASTSS 8(R9), Y9   // b1
	VBROADCASTSS 12(R9), Y10 // r1
	VBROADCASTSS 16(R9), Y11 // b2
	VBROADCASTSS 20(R9), Y12 // r2
	VBROADCASTSS 24(R9), Y13 // step
	VBROADCASTSS 28(R9), Y14 // root
	VBROADCASTSS 32(R9), Y15 // eps
	XORQ AX, AX

loop:
	VMULPS  (R8)(AX*4), Y8, Y0  // g
	VMULPS  (SI)(AX*4), Y9, Y1
	VMULPS  Y0, Y10, Y2
	VADDPS  Y2, Y1, Y1          // m
	VMOVUPS Y1, (SI)(AX*4)
	VMULPS  Y0, Y0, Y0
	VMULPS  Y0, Y12, Y0
	VMULPS  (DX)(AX*4), Y11, Y2
	VADDPS  Y0, Y2, Y2          // v
	VMOVUPS Y2, (DX)(AX*4)
	VSQRTPS Y2, Y2
	VDIVPS  Y14, Y2, Y2
	VADDPS  Y15, Y2, Y2
	VDIVPS  Y2, Y1, Y1
	VMULPS  Y1, Y13, Y1
	VMULPS  (DI)(AX*4), Y7, Y2
	VSUBPS  Y1, Y2, Y2          // p
	VMOVUPS Y2, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func add256(y, a, b *float32, n int)
TEXT ·add256(SB), NOSPLIT, $0-32
	MOVQ y+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	XORQ AX, AX

loop:
	VMOVUPS (SI)(AX*4), Y0
	VADDPS  (DX)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func dot256(sums *[8]float64, a, b *float32, n int)
TEXT ·dot256(SB), NOSPLIT, $0-32
	MOVQ   sums+0(FP), DI
	MOVQ   a+8(FP), SI
	MOVQ   b+16(FP), DX
	MOVQ   n+24(FP), CX
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	XORQ   AX, AX

loop:
	VCVTPS2PD (SI)(AX*4), Y2
	VCVTPS2PD 16(SI)(AX*4), Y3
	VCVTPS2PD (DX)(AX*4), Y4
	VCVTPS2PD 16(DX)(AX*4), Y5
	VMULPD    Y4, Y2, Y2
	VMULPD    Y5, Y3, Y3
	VADDPD    Y2, Y0, Y0
	VADDPD    Y3, Y1, Y1
	ADDQ      $8, AX
	CMPQ      AX, CX
	JLT       loop
	VMOVUPD   Y0, (DI)
	VMOVUPD   Y1, 32(DI)
	VZEROUPPER
	RET

// func widen256(dst *float32, src *uint16, n int)
TEXT ·widen256(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	VPMOVZXWD (SI), Y0
	VPSLLD    $16, Y0, Y0
	VMOVUPS   Y0, (DI)
	ADDQ      $16, SI
	ADDQ      $32, DI
	SUBQ      $8, CX
	JNZ       loop
	VZEROUPPER
	RET

// func scale256(y, x *float32, n int, s float32)
TEXT ·scale256(SB), NOSPLIT, $0-28
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Y7
	XORQ AX, AX

loop:
	VMULPS  (SI)(AX*4), Y7, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func addScaled256(y, a, b *float32, n int, s float32)
TEXT ·addScaled256(SB), NOSPLIT, $0-36
	MOVQ y+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	VBROADCASTSS s+32(FP), Y7
	XORQ AX, AX

loop:
	VMULPS  (DX)(AX*4), Y7, Y0
	VADDPS  (SI)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func norm256(y, x, w *float32, n int, r float32)
TEXT ·norm256(SB), NOSPLIT, $0-36
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ w+16(FP), DX
	MOVQ n+24(FP), CX
	VBROADCASTSS r+32(FP), Y7
	XORQ AX, AX

loop:
	VMULPS  (SI)(AX*4), Y7, Y0
	VMULPS  (DX)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func normBack256(dx, u, x *float32, n int, r, s float32)
TEXT ·normBack256(SB), NOSPLIT, $0-40
	MOVQ dx+0(FP), DI
	MOVQ u+8(FP), SI
	MOVQ x+16(FP), DX
	MOVQ n+24(FP), CX
	VBROADCASTSS r+32(FP), Y6
	VBROADCASTSS s+36(FP), Y7
	XORQ AX, AX

loop:
	VMULPS  (SI)(AX*4), Y6, Y0
	VMULPS  (DX)(AX*4), Y7, Y1
	VSUBPS  Y1, Y0, Y0
	VADDPS  (DI)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func normWeight256(dw, dy, x *float32, n int, r float32)
TEXT ·normWeight256(SB), NOSPLIT, $0-36
	MOVQ dw+0(FP), DI
	MOVQ dy+8(FP), SI
	MOVQ x+16(FP), DX
	MOVQ n+24(FP), CX
	VBROADCASTSS r+32(FP), Y7
	XORQ AX, AX

loop:
	VMULPS  (DX)(AX*4), Y7, Y0
	VMULPS  (SI)(AX*4), Y0, Y0
	VADDPS  (DI)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func product256(y, a, b *float32, n int)
TEXT ·product256(SB), NOSPLIT, $0-32
	MOVQ y+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	XORQ AX, AX

loop:
	VMOVUPS (SI)(AX*4), Y0
	VMULPS  (DX)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop
	VZEROUPPER
	RET

// func total256(sums *[8]float64, x *float32, n int)
TEXT ·total256(SB), NOSPLIT, $0-24
	MOVQ   sums+0(FP), DI
	MOVQ   x+8(FP), SI
	MOVQ   n+16(FP), CX
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	XORQ   AX, AX

loop:
	VCVTPS2PD (SI)(AX*4), Y2
	VCVTPS2PD 16(SI)(AX*4), Y3
	VADDPD    Y2, Y0, Y0
	VADDPD    Y3, Y1, Y1
	ADDQ      $8, AX
	CMPQ      AX, CX
	JLT       loop
	VMOVUPD   Y0, (DI)
	VMOVUPD   Y1, 32(DI)
	VZEROUPPER
	RET

// Registers of both rotations: DI and R10 the halves of y's head, SI and R11 those
// of x's, DX cos, R8 sin, CX half, R9 heads left, AX the pair.
#define ROPE_HEAD \
	LEAQ (DI)(CX*4), R10 \
	LEAQ (SI)(CX*4), R11 \
	XORQ AX, AX

#define ROPE_NEXT \
	LEAQ (DI)(CX*8), DI \
	LEAQ (SI)(CX*8), SI \
	DECQ R9

// func rope128(y, x, cos, sin *float32, half, heads int)
TEXT ·rope128(SB), NOSPLIT, $0-48
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ cos+16(FP), DX
	MOVQ sin+24(FP), R8
	MOVQ half+32(FP), CX
	MOVQ heads+40(FP), R9

head:
	ROPE_HEAD

loop:
	VMOVUPS (SI)(AX*4), X0  // a
	VMOVUPS (R11)(AX*4), X1 // b
	VMOVUPS (DX)(AX*4), X2
	VMOVUPS (R8)(AX*4), X3
	VMULPS  X2, X0, X4
	VMULPS  X3, X1, X5
	VSUBPS  X5, X4, X4
	VMOVUPS X4, (DI)(AX*4)
	VMULPS  X2, X1, X4
	VMULPS  X3, X0, X5
	VADDPS  X5, X4, X4
	VMOVUPS X4, (R10)(AX*4)
	ADDQ    $4, AX
	CMPQ    AX, CX
	JLT     loop
	ROPE_NEXT
	JNZ     head
	RET

// func ropeBack128(y, x, cos, sin *float32, half, heads int)
TEXT ·ropeBack128(SB), NOSPLIT, $0-48
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ cos+16(FP), DX
	MOVQ sin+24(FP), R8
	MOVQ half+32(FP), CX
	MOVQ heads+40(FP), R9

head:
	ROPE_HEAD

loop:
	VMOVUPS (SI)(AX*4), X0
	VMOVUPS (R11)(AX*4), X1
	VMOVUPS (DX)(AX*4), X2
	VMOVUPS (R8)(AX*4), X3
	VMULPS  X2, X0, X4
	VMULPS  X3, X1, X5
	VADDPS  X5, X4, X4
	VADDPS  (DI)(AX*4), X4, X4
	VMOVUPS X4, (DI)(AX*4)
	VMULPS  X2, X1, X4
	VMULPS  X3, X0, X5
	VSUBPS  X5, X4, X4
	VADDPS  (R10)(AX*4), X4, X4
	VMOVUPS X4, (R10)(AX*4)
	ADDQ    $4, AX
	CMPQ    AX, CX
	JLT     loop
	ROPE_NEXT
	JNZ     head
	RET
