//go:build !noasm

#include "textflag.h"

// Sums of bytes times weights; the Go loops in resize.go say what is computed.
// Weights come in words of two neighbouring ones, the first in the low half, for
// VPMADDWD. Pillow's are cut into an upper part, which has the sign, and the
// lower 11 bits.

// Words of neighbouring pixels, r0 r1 g0 g1 b0 b1 - -: of pixels 0 and 1, and of
// 2 and 3.
DATA first<>+0(SB)/8, $0x8004800180038000
DATA first<>+8(SB)/8, $0x8080808080058002
GLOBL first<>(SB), RODATA|NOPTR, $16

DATA second<>+0(SB)/8, $0x800a800780098006
DATA second<>+8(SB)/8, $0x80808080800b8008
GLOBL second<>(SB), RODATA|NOPTR, $16

// func rowsTorchvision256(out *byte, outStride int, row *byte, rowStride int, first *int32, words *uint32, groups, n, shift int)
// Four rows at once; a group is four pixels of the source.
TEXT ·rowsTorchvision256(SB), NOSPLIT, $0-72
	MOVQ out+0(FP), DI
	MOVQ outStride+8(FP), R8
	MOVQ row+16(FP), SI
	MOVQ rowStride+24(FP), R9
	MOVQ first+32(FP), R10
	MOVQ words+40(FP), DX
	MOVQ groups+48(FP), R11
	MOVQ n+56(FP), CX
	MOVQ shift+64(FP), BX
	LEAQ (R8)(R8*2), R13
	LEAQ (R9)(R9*2), R12
	VMOVQ BX, X13
	VPCMPEQD Y12, Y12, Y12 // half of a level: 1 << (shift-1)
	VPSRLD $31, Y12, Y12
	DECQ BX
	VMOVQ BX, X14
	VPSLLD X14, Y12, Y12
	VBROADCASTI128 first<>(SB), Y8
	VBROADCASTI128 second<>(SB), Y9

pixel:
	MOVLQSX (R10), AX
	ADDQ    SI, AX
	VMOVDQA Y12, Y0 // rows 0 and 1
	VMOVDQA Y12, Y1 // rows 2 and 3
	MOVQ    R11, BX

group:
	VMOVDQU      (AX), X2
	VINSERTI128  $1, (AX)(R9*1), Y2, Y2
	VMOVDQU      (AX)(R9*2), X3
	VINSERTI128  $1, (AX)(R12*1), Y3, Y3
	VPBROADCASTD (DX), Y4
	VPBROADCASTD 4(DX), Y5
	VPSHUFB      Y8, Y2, Y6
	VPSHUFB      Y9, Y2, Y7
	VPSHUFB      Y8, Y3, Y10
	VPSHUFB      Y9, Y3, Y11
	VPMADDWD     Y4, Y6, Y6
	VPMADDWD     Y5, Y7, Y7
	VPMADDWD     Y4, Y10, Y10
	VPMADDWD     Y5, Y11, Y11
	VPADDD       Y6, Y0, Y0
	VPADDD       Y10, Y1, Y1
	VPADDD       Y7, Y0, Y0
	VPADDD       Y11, Y1, Y1
	ADDQ         $12, AX
	ADDQ         $8, DX
	DECQ         BX
	JNZ          group

	VPSRAD       X13, Y0, Y0
	VPSRAD       X13, Y1, Y1
	VPACKSSDW    Y1, Y0, Y0
	VPACKUSWB    Y0, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VMOVD        X0, (DI)
	VMOVD        X1, (DI)(R8*1)
	VPEXTRD      $1, X0, (DI)(R8*2)
	VPEXTRD      $1, X1, (DI)(R13*1)
	ADDQ         $3, DI
	ADDQ         $4, R10
	DECQ         CX
	JNZ          pixel
	VZEROUPPER
	RET

// func rowsPillow256(out *byte, outStride int, row *byte, rowStride int, first *int32, words *uint32, groups, n int)
TEXT ·rowsPillow256(SB), NOSPLIT, $0-64
	MOVQ out+0(FP), DI
	MOVQ outStride+8(FP), R8
	MOVQ row+16(FP), SI
	MOVQ rowStride+24(FP), R9
	MOVQ first+32(FP), R10
	MOVQ words+40(FP), DX
	MOVQ groups+48(FP), R11
	MOVQ n+56(FP), CX
	LEAQ (R8)(R8*2), R13
	LEAQ (R9)(R9*2), R12
	VPCMPEQD Y15, Y15, Y15 // half of a level: 1 << 21
	VPSRLD $31, Y15, Y15
	VPSLLD $21, Y15, Y15
	VBROADCASTI128 first<>(SB), Y8
	VBROADCASTI128 second<>(SB), Y9

pillowPixel:
	MOVLQSX (R10), AX
	ADDQ    SI, AX
	VPXOR   Y0, Y0, Y0 // upper parts, rows 0 and 1
	VPXOR   Y1, Y1, Y1 // rows 2 and 3
	VMOVDQA Y15, Y12   // lower parts
	VMOVDQA Y15, Y13
	MOVQ    R11, BX

pillowGroup:
	VMOVDQU      (AX), X2
	VINSERTI128  $1, (AX)(R9*1), Y2, Y2
	VMOVDQU      (AX)(R9*2), X3
	VINSERTI128  $1, (AX)(R12*1), Y3, Y3
	VPBROADCASTD (DX), Y4
	VPBROADCASTD 4(DX), Y5
	VPSHUFB      Y8, Y2, Y6
	VPSHUFB      Y9, Y2, Y7
	VPSHUFB      Y8, Y3, Y10
	VPSHUFB      Y9, Y3, Y11
	VPMADDWD     Y4, Y6, Y2
	VPMADDWD     Y5, Y7, Y3
	VPADDD       Y2, Y0, Y0
	VPADDD       Y3, Y0, Y0
	VPMADDWD     Y4, Y10, Y2
	VPMADDWD     Y5, Y11, Y3
	VPADDD       Y2, Y1, Y1
	VPADDD       Y3, Y1, Y1
	VPBROADCASTD 8(DX), Y4
	VPBROADCASTD 12(DX), Y5
	VPMADDWD     Y4, Y6, Y6
	VPMADDWD     Y5, Y7, Y7
	VPMADDWD     Y4, Y10, Y10
	VPMADDWD     Y5, Y11, Y11
	VPADDD       Y6, Y12, Y12
	VPADDD       Y7, Y12, Y12
	VPADDD       Y10, Y13, Y13
	VPADDD       Y11, Y13, Y13
	ADDQ         $12, AX
	ADDQ         $16, DX
	DECQ         BX
	JNZ          pillowGroup

	VPSLLD       $11, Y0, Y0
	VPSLLD       $11, Y1, Y1
	VPADDD       Y12, Y0, Y0
	VPADDD       Y13, Y1, Y1
	VPSRAD       $22, Y0, Y0
	VPSRAD       $22, Y1, Y1
	VPACKSSDW    Y1, Y0, Y0
	VPACKUSWB    Y0, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VMOVD        X0, (DI)
	VMOVD        X1, (DI)(R8*1)
	VPEXTRD      $1, X0, (DI)(R8*2)
	VPEXTRD      $1, X1, (DI)(R13*1)
	ADDQ         $3, DI
	ADDQ         $4, R10
	DECQ         CX
	JNZ          pillowPixel
	VZEROUPPER
	RET

// func columnsTorchvision256(out, rows *byte, stride, pairs int, words *uint32, n, shift int)
// n is a multiple of 16.
TEXT ·columnsTorchvision256(SB), NOSPLIT, $0-56
	MOVQ out+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ pairs+24(FP), R9
	MOVQ words+32(FP), DX
	MOVQ n+40(FP), CX
	MOVQ shift+48(FP), BX
	VMOVQ BX, X13
	VPCMPEQD Y12, Y12, Y12
	VPSRLD $31, Y12, Y12
	DECQ BX
	VMOVQ BX, X14
	VPSLLD X14, Y12, Y12

columns:
	MOVQ    SI, AX
	MOVQ    DX, R10
	MOVQ    R9, BX
	VMOVDQA Y12, Y0
	VMOVDQA Y12, Y1

pair:
	VPMOVZXBW    (AX), Y4
	VPMOVZXBW    (AX)(R8*1), Y5
	VPBROADCASTD (R10), Y8
	VPUNPCKLWD   Y5, Y4, Y6
	VPUNPCKHWD   Y5, Y4, Y7
	VPMADDWD     Y8, Y6, Y6
	VPMADDWD     Y8, Y7, Y7
	VPADDD       Y6, Y0, Y0
	VPADDD       Y7, Y1, Y1
	LEAQ         (AX)(R8*2), AX
	ADDQ         $4, R10
	DECQ         BX
	JNZ          pair

	VPSRAD       X13, Y0, Y0
	VPSRAD       X13, Y1, Y1
	VPACKSSDW    Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKUSWB    X1, X0, X0
	VMOVDQU      X0, (DI)
	ADDQ         $16, DI
	ADDQ         $16, SI
	SUBQ         $16, CX
	JNZ          columns
	VZEROUPPER
	RET

// func columnsPillow256(out, rows *byte, stride, pairs int, words *uint32, n int)
// Words are of the upper parts and of the lower ones in turn.
TEXT ·columnsPillow256(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ pairs+24(FP), R9
	MOVQ words+32(FP), DX
	MOVQ n+40(FP), CX
	VPCMPEQD Y12, Y12, Y12
	VPSRLD $31, Y12, Y12
	VPSLLD $21, Y12, Y12

pillowColumns:
	MOVQ    SI, AX
	MOVQ    DX, R10
	MOVQ    R9, BX
	VPXOR   Y0, Y0, Y0
	VPXOR   Y1, Y1, Y1
	VMOVDQA Y12, Y2
	VMOVDQA Y12, Y3

pillowPair:
	VPMOVZXBW    (AX), Y4
	VPMOVZXBW    (AX)(R8*1), Y5
	VPBROADCASTD (R10), Y8
	VPBROADCASTD 4(R10), Y9
	VPUNPCKLWD   Y5, Y4, Y6
	VPUNPCKHWD   Y5, Y4, Y7
	VPMADDWD     Y8, Y6, Y10
	VPMADDWD     Y8, Y7, Y11
	VPMADDWD     Y9, Y6, Y6
	VPMADDWD     Y9, Y7, Y7
	VPADDD       Y10, Y0, Y0
	VPADDD       Y11, Y1, Y1
	VPADDD       Y6, Y2, Y2
	VPADDD       Y7, Y3, Y3
	LEAQ         (AX)(R8*2), AX
	ADDQ         $8, R10
	DECQ         BX
	JNZ          pillowPair

	VPSLLD       $11, Y0, Y0
	VPSLLD       $11, Y1, Y1
	VPADDD       Y2, Y0, Y0
	VPADDD       Y3, Y1, Y1
	VPSRAD       $22, Y0, Y0
	VPSRAD       $22, Y1, Y1
	VPACKSSDW    Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKUSWB    X1, X0, X0
	VMOVDQU      X0, (DI)
	ADDQ         $16, DI
	ADDQ         $16, SI
	SUBQ         $16, CX
	JNZ          pillowColumns
	VZEROUPPER
	RET
