package patch

import "fmt"

// Windows returns the order in which Qwen2.5-VL's vision tower visits merged
// cells, and the patches of every attention window in that order. Grids are t,
// h, w in patches; windows are windowCells x windowCells cells and smaller at
// the right and bottom edge. index[i] is the cell that comes at place i, cells
// being numbered as in Patches, picture after picture.
func Windows(grids [][3]int, merge, windowCells int) (index []int32, lens []int) {
	base := 0
	for _, g := range grids {
		h, w := cells(g, merge)
		for range g[0] {
			for top := 0; top < h; top += windowCells {
				for left := 0; left < w; left += windowCells {
					bottom, right := min(top+windowCells, h), min(left+windowCells, w)
					for y := top; y < bottom; y++ {
						for x := left; x < right; x++ {
							index = append(index, int32(base+y*w+x))
						}
					}
					lens = append(lens, (bottom-top)*(right-left)*merge*merge)
				}
			}
			base += h * w
		}
	}
	return index, lens
}

// Segments returns the patches of every full attention segment: one for each
// picture and each pair of frames. Frames never attend to each other.
func Segments(grids [][3]int) (lens []int) {
	for _, g := range grids {
		for range g[0] {
			lens = append(lens, g[1]*g[2])
		}
	}
	return lens
}

// Coordinates returns row and column of every patch in its frame, in the order
// of Patches.
func Coordinates(grids [][3]int, merge int) (y, x []int32) {
	for _, g := range grids {
		h, w := cells(g, merge)
		for range g[0] {
			for row := range h {
				for col := range w {
					for cell := range merge * merge {
						y = append(y, int32(row*merge+cell/merge))
						x = append(x, int32(col*merge+cell%merge))
					}
				}
			}
		}
	}
	return y, x
}

// cells returns the height and width of a grid in merged cells.
func cells(g [3]int, merge int) (h, w int) {
	if g[0] < 1 || g[1] < merge || g[2] < merge || g[1]%merge != 0 || g[2]%merge != 0 {
		panic(fmt.Sprintf("patch: grid %v in cells of %d", g, merge))
	}
	return g[1] / merge, g[2] / merge
}
