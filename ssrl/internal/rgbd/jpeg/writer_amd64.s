//go:build !noasm

#include "textflag.h"

// The loop of bitWriter.block.

// func writeRuns(dst *byte, coef *int16, mask uint64, words *uint32, places *uint8, acc uint64, n uint) (end *byte, acc2 uint64, n2 uint)
TEXT ·writeRuns(SB), NOSPLIT, $0-80
	MOVQ dst+0(FP), DI
	MOVQ coef+8(FP), SI
	MOVQ mask+16(FP), DX
	MOVQ words+24(FP), BX
	MOVQ places+32(FP), R8
	MOVQ acc+40(FP), R9
	MOVQ n+48(FP), CX
	XORQ R10, R10 // the place before
	TESTQ DX, DX
	JE   done

loop:
	TZCNTQ  DX, AX
	BLSRQ   DX, DX
	MOVQ    AX, R11
	SUBQ    R10, R11
	MOVQ    AX, R10
	MOVBLZX (R8)(AX*1), R12
	MOVWLSX (SI)(R12*2), R12 // v
	DECQ    R11              // run
	CMPQ    R11, $15
	JA      zeros

short:
	MOVL    R12, R13
	SARL    $31, R13
	ADDL    R13, R12     // v, less one below zero
	XORL    R12, R13     // |v|
	BSRL    R13, R13
	INCL    R13          // size
	BZHIL   R13, R12, R12
	SHLL    $4, R11
	ORL     R13, R11
	MOVL    (BX)(R11*4), R11
	MOVL    R11, R13
	ANDL    $31, R13
	SHRL    $5, R11
	SHLXQ   R13, R9, R9
	ORL     R11, R12
	ORQ     R12, R9
	ADDQ    R13, CX
	CMPQ    CX, $32
	JB      next
	SUBQ    $32, CX
	SHRXQ   CX, R9, R13
	BSWAPL  R13
	MOVL    R13, (DI)
	ADDQ    $4, DI

next:
	TESTQ DX, DX
	JNE   loop

done:
	MOVQ DI, end+56(FP)
	MOVQ R9, acc2+64(FP)
	MOVQ CX, n2+72(FP)
	RET

zeros:
	// Sixteen zeros: symbol 0xf0.
	MOVL   (0xf0*4)(BX), R13
	MOVL   R13, AX
	ANDL   $31, R13
	SHRL   $5, AX
	SHLXQ  R13, R9, R9
	ORQ    AX, R9
	ADDQ   R13, CX
	SUBQ   $16, R11
	CMPQ   CX, $32
	JB     more
	SUBQ   $32, CX
	SHRXQ  CX, R9, R13
	BSWAPL R13
	MOVL   R13, (DI)
	ADDQ   $4, DI

more:
	CMPQ R11, $15
	JA   zeros
	JMP  short
