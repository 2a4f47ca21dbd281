package pretext

import (
	"encoding/binary"
	"image"

	"ssrl/internal/rgbd"
)

// mirror copies box of src to the same place of dst, flipped in direction. dst
// is no larger than src.
func mirror(dst *rgbd.RGB, box image.Rectangle, src *rgbd.RGB, direction int) {
	n := 3 * box.Dx()
	for y := range box.Dy() {
		to := dst.Pix[3*((box.Min.Y+y)*dst.Width+box.Min.X):][:n:n]
		if direction == upDown {
			copy(to, src.Pix[3*((box.Max.Y-1-y)*src.Width+box.Min.X):][:n])
			continue
		}
		reversed(to, src.Pix[3*((box.Min.Y+y)*src.Width+box.Min.X):][:n])
	}
}

// tile is the side of the squares that quarter turns work in, so that the rows
// read and the rows written stay in the cache.
const tile = 32

// quarterTurn copies the square of src at corner, turned clockwise or
// anticlockwise, to dst, which is of its size.
func quarterTurn(dst, src *rgbd.RGB, corner image.Point, clockwise bool) {
	side := dst.Width
	for y0 := 0; y0 < side; y0 += tile {
		for x0 := 0; x0 < side; x0 += tile {
			for y := y0; y < min(y0+tile, side); y++ {
				to := dst.Pix[3*(y*side+x0) : 3*(y*side+min(x0+tile, side))]
				// Clockwise, row y is column y of the source from below.
				sx, sy, down := y, side-1-x0, -3*src.Width
				if !clockwise {
					sx, sy, down = side-1-y, x0, 3*src.Width
				}
				at := 3 * ((corner.Y+sy)*src.Width + corner.X + sx)
				for ; len(to) > 3 && uint(at) <= uint(len(src.Pix)-4); to = to[3:] {
					// Four bytes at a time: the next pixel writes over the last one.
					binary.LittleEndian.PutUint32(to, binary.LittleEndian.Uint32(src.Pix[at:]))
					at += down
				}
				for ; len(to) >= 3; to = to[3:] {
					p := src.Pix[at : at+3 : at+3]
					to[0], to[1], to[2] = p[0], p[1], p[2]
					at += down
				}
			}
		}
	}
}
