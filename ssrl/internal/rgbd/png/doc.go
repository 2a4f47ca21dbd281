// Package png reads PNG files (W3C PNG, third edition) of every colour type and
// bit depth, interlaced or not, and writes RGB and 16-bit grey ones.
//
// A Decoder keeps its buffers, so that a kept one allocates nothing for pictures
// no wider than those it has seen. Rows are unpacked into a window that stays in
// the processor's cache, unfiltered and written to the caller's pixels at once.
// The portable Go code is the definition; assembly computes the same bytes.
//
// Limits: MaxSide and MaxPixels, and no more pixels than the bytes of the file
// can hold, are checked before anything is allocated. All checksums are
// compared, those of chunks that are passed over too. Gamma, colour profiles and
// backgrounds are left alone, and alpha is dropped, not composited.
package png
