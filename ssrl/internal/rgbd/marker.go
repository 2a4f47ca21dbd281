package rgbd

import "image"

// MarkerRadius returns the radius of markers on a width x height picture. A
// marker covers the pixels within this many steps of its centre in x and y: it
// is 2 radius + 1 pixels wide, 9 at least.
func MarkerRadius(width, height int) int {
	return max(4, 3+min(width, height)/40)
}

// MarkerFits reports whether a marker at (cx, cy) lies whole inside a
// width x height picture.
func MarkerFits(width, height, cx, cy int) bool {
	r := MarkerRadius(width, height)
	return cx >= r && cy >= r && cx < width-r && cy < height-r
}

// DrawMarker draws label (0 to 9) in a white disc with a dark ring, centred on
// the pixel (cx, cy). What lies outside m is left out; MarkerFits tells.
func DrawMarker(m *RGB, label, cx, cy int) {
	r := MarkerRadius(m.Width, m.Height)
	ring := max(1, r/7)
	fillDisc(m, cx, cy, r, dark)
	fillDisc(m, cx, cy, r-ring, white)
	number := largestInDisc(label, r-ring)
	// An even number of pixels has no middle pixel: it lies half a pixel up and left.
	number.draw(m, cx-number.width/2, cy-number.height/2, 0, dark)
}

// fillDisc paints the pixels at most r + 1/2 from (cx, cy), rounded so that no
// disc has a single pixel for a corner.
func fillDisc(m *RGB, cx, cy, r int, c Colour) {
	half := r
	for dy := 0; dy <= r; dy++ {
		for half*half+dy*dy > r*r+r {
			half--
		}
		FillRect(m, image.Rect(cx-half, cy-dy, cx+half+1, cy-dy+1), c)
		FillRect(m, image.Rect(cx-half, cy+dy, cx+half+1, cy+dy+1), c)
	}
}

// largestInDisc returns label in the largest face and scale whose corners stay
// inside a disc of radius r; the smallest face if none does.
func largestInDisc(label, r int) numeral {
	fits := func(b numeral) bool {
		return (b.width-1)*(b.width-1)+(b.height-1)*(b.height-1) <= 4*r*r*4/5
	}
	for scale := r / 3; scale >= 1; scale-- {
		if b := digits7x9.number(label, scale); fits(b) {
			return b
		}
	}
	if b := digits5x7.number(label, 1); fits(b) {
		return b
	}
	return digits3x5.number(label, 1)
}
