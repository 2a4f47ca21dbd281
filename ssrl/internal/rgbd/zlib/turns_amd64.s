//go:build !noasm

#include "textflag.h"

// patterns holds for each distance below 16 how the 16 bytes from there on
// repeat: byte i is byte i modulo the distance.
DATA patterns<>+0x00(SB)/8, $0x0000000000000000
DATA patterns<>+0x08(SB)/8, $0x0000000000000000
DATA patterns<>+0x10(SB)/8, $0x0000000000000000
DATA patterns<>+0x18(SB)/8, $0x0000000000000000
DATA patterns<>+0x20(SB)/8, $0x0100010001000100
DATA patterns<>+0x28(SB)/8, $0x0100010001000100
DATA patterns<>+0x30(SB)/8, $0x0100020100020100
DATA patterns<>+0x38(SB)/8, $0x0002010002010002
DATA patterns<>+0x40(SB)/8, $0x0302010003020100
DATA patterns<>+0x48(SB)/8, $0x0302010003020100
DATA patterns<>+0x50(SB)/8, $0x0201000403020100
DATA patterns<>+0x58(SB)/8, $0x0004030201000403
DATA patterns<>+0x60(SB)/8, $0x0100050403020100
DATA patterns<>+0x68(SB)/8, $0x0302010005040302
DATA patterns<>+0x70(SB)/8, $0x0006050403020100
DATA patterns<>+0x78(SB)/8, $0x0100060504030201
DATA patterns<>+0x80(SB)/8, $0x0706050403020100
DATA patterns<>+0x88(SB)/8, $0x0706050403020100
DATA patterns<>+0x90(SB)/8, $0x0706050403020100
DATA patterns<>+0x98(SB)/8, $0x0605040302010008
DATA patterns<>+0xa0(SB)/8, $0x0706050403020100
DATA patterns<>+0xa8(SB)/8, $0x0504030201000908
DATA patterns<>+0xb0(SB)/8, $0x0706050403020100
DATA patterns<>+0xb8(SB)/8, $0x04030201000a0908
DATA patterns<>+0xc0(SB)/8, $0x0706050403020100
DATA patterns<>+0xc8(SB)/8, $0x030201000b0a0908
DATA patterns<>+0xd0(SB)/8, $0x0706050403020100
DATA patterns<>+0xd8(SB)/8, $0x0201000c0b0a0908
DATA patterns<>+0xe0(SB)/8, $0x0706050403020100
DATA patterns<>+0xe8(SB)/8, $0x01000d0c0b0a0908
DATA patterns<>+0xf0(SB)/8, $0x0706050403020100
DATA patterns<>+0xf8(SB)/8, $0x000e0d0c0b0a0908
GLOBL patterns<>(SB), RODATA|NOPTR, $256

// steps holds the largest multiple of each distance below 16 that is 16 at most.
DATA steps<>+0(SB)/8, $0x0e0c0f100f101000
DATA steps<>+8(SB)/8, $0x0f0e0d0c0b0a0910
GLOBL steps<>(SB), RODATA|NOPTR, $16

// AX bits, CX count (its low 6 bits), DX entry, BX R13 R14 temporary
// SI in+pos, R8 in+inEnd, DI buf+at, R9 buf+outEnd, R10 buf
// R11 literal, R12 far

// REFILL loads bits until there are 56 at least.
#define REFILL \
	MOVQ  (SI), BX    \
	SHLXQ CX, BX, BX  \
	ORQ   BX, AX      \
	MOVL  CX, BX      \
	NOTL  BX          \
	SHRL  $3, BX      \
	ANDL  $7, BX      \
	ADDQ  BX, SI      \
	ORL   $56, CX

#define LOOKUP \
	MOVL AX, BX           \
	ANDL $2047, BX        \
	MOVL (R11)(BX*4), DX

// LITERALS writes those of an entry and drops its bits. DX below 64 is what to
// drop.
#define LITERALS \
	MOVL  DX, BX      \
	SHRL  $8, BX      \
	MOVL  BX, (DI)    \
	SHRXQ DX, AX, AX  \
	SUBL  DX, CX      \
	SHRL  $6, DX      \
	ANDL  $3, DX      \
	ADDQ  DX, DI

// VALUE sets into to the length or distance of an entry and drops its bits.
#define VALUE(into) \
	BZHIQ DX, AX, into      \
	MOVL  DX, BX            \
	SHRL  $8, BX            \
	SHRXQ BX, into, into    \
	SHRXQ DX, AX, AX        \
	SUBL  DX, CX            \
	SHRL  $16, DX           \
	ADDL  DX, into

// SECOND replaces an entry that refers to a second table, width bits dropped.
#define SECOND(table, width) \
	SHRQ  width, AX         \
	SUBL  width, CX         \
	MOVL  DX, BX            \
	SHRL  $8, BX            \
	ANDL  $15, BX           \
	BZHIQ BX, AX, BX        \
	SHRL  $16, DX           \
	ADDL  DX, BX            \
	MOVL  (table)(BX*4), DX

// func turnsBMI(p *place, in *byte, inEnd int, buf *byte, outEnd int, literal, far *uint32)
TEXT ·turnsBMI(SB), NOSPLIT, $0-56
	MOVQ p+0(FP), BX
	MOVQ 0(BX), AX
	MOVQ 8(BX), CX
	MOVQ in+8(FP), SI
	MOVQ inEnd+16(FP), R8
	ADDQ SI, R8
	ADDQ 16(BX), SI
	MOVQ buf+24(FP), R10
	MOVQ outEnd+32(FP), R9
	ADDQ R10, R9
	MOVQ R10, DI
	ADDQ 24(BX), DI
	MOVQ literal+40(FP), R11
	MOVQ far+48(FP), R12

turn:
	CMPQ SI, R8
	JA   margin
	CMPQ DI, R9
	JA   margin
	REFILL
	LOOKUP
	TESTB $0xc0, DL
	JZ   other
	LITERALS
	LOOKUP
	TESTB $0xc0, DL
	JZ   other
	LITERALS
	LOOKUP
	TESTB $0xc0, DL
	JZ   other
	LITERALS
	LOOKUP
	TESTB $0xc0, DL
	JZ   other
	LITERALS
	JMP  turn

other:
	TESTL $0x1000, DX
	JNZ  special

length:
	VALUE(R13)
	REFILL
	MOVL AX, BX
	ANDL $255, BX
	MOVL (R12)(BX*4), DX
	TESTL $0x1000, DX
	JNZ  farther

distance:
	VALUE(R14)
	MOVQ DI, BX
	SUBQ R10, BX
	CMPQ R14, BX
	JA   tooFar
	MOVQ DI, BX
	SUBQ R14, BX
	ADDQ DI, R13 // the match's end
	CMPQ R14, $16
	JB   near

words:
	MOVOU (BX), X0
	MOVOU X0, (DI)
	ADDQ  $16, BX
	ADDQ  $16, DI
	CMPQ  DI, R13
	JB    words
	MOVQ  R13, DI
	JMP   turn

near:
	MOVOU (BX), X0
	LEAQ  steps<>(SB), DX
	MOVBLZX (DX)(R14*1), DX
	SHLQ  $4, R14
	LEAQ  patterns<>(SB), BX
	PSHUFB (BX)(R14*1), X0

repeat:
	MOVOU X0, (DI)
	ADDQ  DX, DI
	CMPQ  DI, R13
	JB    repeat
	MOVQ  R13, DI
	JMP   turn

special:
	TESTL $0x2000, DX
	JZ   ends
	SECOND(R11, $11)
	TESTB $0xc0, DL
	JNZ  single
	TESTL $0x1000, DX
	JZ   length

ends:
	SHRXQ DX, AX, AX
	SUBL  DX, CX
	MOVQ  $-1, BX
	MOVQ  $-2, R13
	TESTL $0x4000, DX
	CMOVQEQ R13, BX
	JMP   done

single:
	LITERALS
	JMP turn

farther:
	TESTL $0x2000, DX
	JZ   noCode
	SECOND(R12, $8)
	TESTL $0x1000, DX
	JZ   distance

noCode:
	MOVQ $-2, BX
	JMP  done

tooFar:
	MOVQ R14, BX
	JMP  done

margin:
	XORL BX, BX

done:
	MOVQ p+0(FP), DX
	MOVQ AX, 0(DX)
	ANDQ $63, CX
	MOVQ CX, 8(DX)
	SUBQ in+8(FP), SI
	MOVQ SI, 16(DX)
	SUBQ R10, DI
	MOVQ DI, 24(DX)
	MOVQ BX, 32(DX)
	RET
