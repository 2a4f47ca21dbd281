// Sixteen rows of bfloat16, 32 columns (64 bytes) at a time, are turned over in
// registers: as pairs of columns, they are a 16 x 16 matrix of 32-bit words.
//
//  1. LANES: of rows i, i+4, i+8 and i+12, the four quarters L change places, so
//     that A[L][i] holds quarter L of those four rows. A[L][i] is Z(8+4L+i).
//  2. PAIRS: the words of A[L][0..3] change places: Z28 to Z31 are the pairs of
//     columns 4L to 4L+3 of all 16 rows. The even column is the low half of
//     each word and the odd one the high half, both the upper half of a float32.
//
// Registers: CX blocks of 32 columns left; SI, DX rows 0 and 8; R8, R9, R10, R11
// one, three, five and seven rows; AX sixteen rows; Z24 to Z31 passing values.

#define STRIDES \
	LEAQ (R8)(R8*2), R9  \
	LEAQ (R8)(R8*4), R10 \
	LEAQ (R9)(R8*4), R11 \
	MOVQ R8, AX          \
	SHLQ $4, AX          \
	LEAQ (SI)(R8*8), DX

#define LANES(r0, r4, r8, r12, a0, a1, a2, a3) \
	VMOVDQU32  r0, Z24               \
	VMOVDQU32  r4, Z25               \
	VMOVDQU32  r8, Z26               \
	VMOVDQU32  r12, Z27              \
	VSHUFI32X4 $0x88, Z25, Z24, Z28  \
	VSHUFI32X4 $0xdd, Z25, Z24, Z29  \
	VSHUFI32X4 $0x88, Z27, Z26, Z30  \
	VSHUFI32X4 $0xdd, Z27, Z26, Z31  \
	VSHUFI32X4 $0x88, Z30, Z28, a0   \
	VSHUFI32X4 $0x88, Z31, Z29, a1   \
	VSHUFI32X4 $0xdd, Z30, Z28, a2   \
	VSHUFI32X4 $0xdd, Z31, Z29, a3

#define ALL_LANES \
	LANES((SI), (SI)(R8*4), (DX), (DX)(R8*4), Z8, Z12, Z16, Z20)                  \
	LANES((SI)(R8*1), (SI)(R10*1), (DX)(R8*1), (DX)(R10*1), Z9, Z13, Z17, Z21)    \
	LANES((SI)(R8*2), (SI)(R9*2), (DX)(R8*2), (DX)(R9*2), Z10, Z14, Z18, Z22)     \
	LANES((SI)(R9*1), (SI)(R11*1), (DX)(R9*1), (DX)(R11*1), Z11, Z15, Z19, Z23)

#define PAIRS(a0, a1, a2, a3) \
	VPUNPCKLDQ  a1, a0, Z24   \
	VPUNPCKHDQ  a1, a0, Z25   \
	VPUNPCKLDQ  a3, a2, Z26   \
	VPUNPCKHDQ  a3, a2, Z27   \
	VPUNPCKLQDQ Z26, Z24, Z28 \
	VPUNPCKHQDQ Z26, Z24, Z29 \
	VPUNPCKLQDQ Z27, Z25, Z30 \
	VPUNPCKHQDQ Z27, Z25, Z31

// The next sixteen rows, and the next block of the first sixteen.
#define SECOND \
	ADDQ AX, SI \
	ADDQ AX, DX
#define ONWARD \
	SUBQ AX, SI  \
	SUBQ AX, DX  \
	ADDQ $64, SI \
	ADDQ $64, DX

// CALL_HALF brings half a row of the next piece to the second level cache.
#define CALL_HALF(o) \
	PREFETCHT2 (o+0)(R15) \
	PREFETCHT2 (o+64)(R15) \
	PREFETCHT2 (o+128)(R15) \
	PREFETCHT2 (o+192)(R15) \
	PREFETCHT2 (o+256)(R15) \
	PREFETCHT2 (o+320)(R15) \
	PREFETCHT2 (o+384)(R15) \
	PREFETCHT2 (o+448)(R15) \
	PREFETCHT2 (o+512)(R15) \
	PREFETCHT2 (o+576)(R15) \
	PREFETCHT2 (o+640)(R15) \
	PREFETCHT2 (o+704)(R15) \
	PREFETCHT2 (o+768)(R15) \
	PREFETCHT2 (o+832)(R15) \
	PREFETCHT2 (o+896)(R15) \
	PREFETCHT2 (o+960)(R15)
