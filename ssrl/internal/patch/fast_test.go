package patch

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/rgbd"
)

// The assembly gives the bytes of the portable loops: every residue of sizes,
// growing and shrinking, of noise and of the extremes, where sums are largest.
func TestFastResizeEqualsPortable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sides := []int{1, 2, 3, 4, 5, 6, 7, 8, 13, 16, 17, 31, 64, 97, 200, 333}
	for range 400 {
		w, h := sides[r.IntN(len(sides))], sides[r.IntN(len(sides))]
		width, height := sides[r.IntN(len(sides))], sides[r.IntN(len(sides))]
		src := rgbd.NewRGB(w, h)
		extreme := r.IntN(2) == 0
		for i := range src.Pix {
			if src.Pix[i] = byte(r.Uint32()); extreme {
				src.Pix[i] = byte(-int(src.Pix[i] & 1))
			}
		}
		for _, k := range []Kernel{Torchvision, Pillow} {
			name := fmt.Sprintf("%dx%d to %dx%d, kernel %d", w, h, width, height, k)
			across, down := newAxis(w, width, k), newAxis(h, height, k)
			want := make([]byte, 3*width*h)
			across.alongRowsPortable(want, src.Pix, w, h, width, 3)
			require.True(t, bytes.Equal(want, across.alongRows(src.Pix, w, h, width, 3)), "rows of %s", name)
			columns := make([]byte, 3*w*height)
			for y := range height {
				down.columns(columns[3*w*y:][:3*w], src.Pix, y)
			}
			require.True(t, bytes.Equal(columns, down.alongColumns(src.Pix, 3*w, height)), "columns of %s", name)
		}
	}
}
