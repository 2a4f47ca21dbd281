// Package jpeg reads and writes JPEG files (ITU-T T.81) with the pixels of
// libjpeg-turbo's default settings: the accurate integer transforms, triangle
// interpolation of chroma and colour conversion in 16-bit fixed point.
//
// A Decoder and an Encoder keep their tables and buffers, so that a kept one
// allocates nothing for pictures of sizes that it has seen. The portable Go code
// is the definition; assembly computes the same bits.
//
// Limits: 8 bits a sample, Huffman coding, baseline or progressive, one, three
// or four components whose sampling factors divide the largest ones. A damaged
// scan is an error; nothing is guessed. A progressive file that never refines
// its coefficients is shown as it is, without libjpeg's smoothing of blocks.
package jpeg
