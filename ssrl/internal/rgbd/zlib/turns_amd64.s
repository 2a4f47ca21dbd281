//go:build !noasm

#include "textflag.h"

// patterns holds for each distance below 16 how the 16 bytes from there on
// repeat, byte i being byte i modulo the distance, and behind them the largest
// multiple of the distance that is 16 at most.
DATA patterns<>+0x000(SB)/8, $0x0000000000000000
DATA patterns<>+0x008(SB)/8, $0x0000000000000000
DATA patterns<>+0x010(SB)/8, $0x0000000000000000
DATA patterns<>+0x018(SB)/8, $0
DATA patterns<>+0x020(SB)/8, $0x0000000000000000
DATA patterns<>+0x028(SB)/8, $0x0000000000000000
DATA patterns<>+0x030(SB)/8, $0x0000000000000010
DATA patterns<>+0x038(SB)/8, $0
DATA patterns<>+0x040(SB)/8, $0x0100010001000100
DATA patterns<>+0x048(SB)/8, $0x0100010001000100
DATA patterns<>+0x050(SB)/8, $0x0000000000000010
DATA patterns<>+0x058(SB)/8, $0
DATA patterns<>+0x060(SB)/8, $0x0100020100020100
DATA patterns<>+0x068(SB)/8, $0x0002010002010002
DATA patterns<>+0x070(SB)/8, $0x000000000000000f
DATA patterns<>+0x078(SB)/8, $0
DATA patterns<>+0x080(SB)/8, $0x0302010003020100
DATA patterns<>+0x088(SB)/8, $0x0302010003020100
DATA patterns<>+0x090(SB)/8, $0x0000000000000010
DATA patterns<>+0x098(SB)/8, $0
DATA patterns<>+0x0a0(SB)/8, $0x0201000403020100
DATA patterns<>+0x0a8(SB)/8, $0x0004030201000403
DATA patterns<>+0x0b0(SB)/8, $0x000000000000000f
DATA patterns<>+0x0b8(SB)/8, $0
DATA patterns<>+0x0c0(SB)/8, $0x0100050403020100
DATA patterns<>+0x0c8(SB)/8, $0x0302010005040302
DATA patterns<>+0x0d0(SB)/8, $0x000000000000000c
DATA patterns<>+0x0d8(SB)/8, $0
DATA patterns<>+0x0e0(SB)/8, $0x0006050403020100
DATA patterns<>+0x0e8(SB)/8, $0x0100060504030201
DATA patterns<>+0x0f0(SB)/8, $0x000000000000000e
DATA patterns<>+0x0f8(SB)/8, $0
DATA patterns<>+0x100(SB)/8, $0x0706050403020100
DATA patterns<>+0x108(SB)/8, $0x0706050403020100
DATA patterns<>+0x110(SB)/8, $0x0000000000000010
DATA patterns<>+0x118(SB)/8, $0
DATA patterns<>+0x120(SB)/8, $0x0706050403020100
DATA patterns<>+0x128(SB)/8, $0x0605040302010008
DATA patterns<>+0x130(SB)/8, $0x0000000000000009
DATA patterns<>+0x138(SB)/8, $0
DATA patterns<>+0x140(SB)/8, $0x0706050403020100
DATA patterns<>+0x148(SB)/8, $0x0504030201000908
DATA patterns<>+0x150(SB)/8, $0x000000000000000a
DATA patterns<>+0x158(SB)/8, $0
DATA patterns<>+0x160(SB)/8, $0x0706050403020100
DATA patterns<>+0x168(SB)/8, $0x04030201000a0908
DATA patterns<>+0x170(SB)/8, $0x000000000000000b
DATA patterns<>+0x178(SB)/8, $0
DATA patterns<>+0x180(SB)/8, $0x0706050403020100
DATA patterns<>+0x188(SB)/8, $0x030201000b0a0908
DATA patterns<>+0x190(SB)/8, $0x000000000000000c
DATA patterns<>+0x198(SB)/8, $0
DATA patterns<>+0x1a0(SB)/8, $0x0706050403020100
DATA patterns<>+0x1a8(SB)/8, $0x0201000c0b0a0908
DATA patterns<>+0x1b0(SB)/8, $0x000000000000000d
DATA patterns<>+0x1b8(SB)/8, $0
DATA patterns<>+0x1c0(SB)/8, $0x0706050403020100
DATA patterns<>+0x1c8(SB)/8, $0x01000d0c0b0a0908
DATA patterns<>+0x1d0(SB)/8, $0x000000000000000e
DATA patterns<>+0x1d8(SB)/8, $0
DATA patterns<>+0x1e0(SB)/8, $0x0706050403020100
DATA patterns<>+0x1e8(SB)/8, $0x000e0d0c0b0a0908
DATA patterns<>+0x1f0(SB)/8, $0x000000000000000f
DATA patterns<>+0x1f8(SB)/8, $0
GLOBL patterns<>(SB), RODATA|NOPTR, $512

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

	REFILL
	LOOKUP

	// Bits that decide what comes next are looked up before those behind them are
	// loaded. At turn DX is the entry of the next ones, of which there are 11. Of
	// 56, two entries of literals and a length leave 14, three of literals 23,
	// and a distance 28.
turn:
	CMPQ SI, R8
	JA   margin
	CMPQ DI, R9
	JA   margin
	REFILL
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
	JMP  turn

other:
	TESTL $0x1000, DX
	JNZ  special

length:
	VALUE(R13)
	MOVL AX, BX
	ANDL $255, BX
	MOVL (R12)(BX*4), DX
	REFILL
	TESTL $0x1000, DX
	JNZ  farther

distance:
	VALUE(R14)
	LOOKUP
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
	MOVOU   (BX), X0
	LEAQ    patterns<>(SB), BX
	SHLQ    $5, R14
	ADDQ    BX, R14
	PSHUFB  (R14), X0
	MOVBLZX 16(R14), R14

repeat:
	MOVOU X0, (DI)
	ADDQ  R14, DI
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
	REFILL
	LOOKUP
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
