package patch

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/rgbd"
)

func noise(w, h int, seed uint64) *rgbd.RGB {
	r := rand.New(rand.NewPCG(seed, 1))
	m := rgbd.NewRGB(w, h)
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	return m
}

// The vectors of the specification, which the real libraries gave.
func TestBicubicRow(t *testing.T) {
	row := []byte{0, 255, 128, 64, 10, 200, 90, 33}
	for _, k := range []Kernel{Torchvision, Pillow} {
		assert.Equal(t, []byte{106, 163, 34, 145, 55}, resample(row, 8, 1, 5, 1, 1, k))
		assert.Equal(t, []byte{0, 127, 255, 150, 91, 52, 5, 109, 198, 109, 53, 29}, resample(row, 8, 1, 12, 1, 1, k))
		assert.Equal(t, []byte{106, 163, 34, 145, 55}, resample(row, 1, 8, 1, 5, 1, k), "columns")
	}
	a := newAxis(8, 5, Pillow)
	var first, second []int
	for _, w := range a.weights[a.start[0]:a.start[1]] {
		first = append(first, int(w))
	}
	for _, w := range a.weights[a.start[1]:a.start[2]] {
		second = append(second, int(w))
	}
	assert.Equal(t, []int{2564317, 1799741, -76390, -93365}, first)
	assert.Equal(t, []int{-158790, 1221146, 2541575, 784553, -189483, -4698}, second)
	assert.Equal(t, 0, a.first[1])
	assert.Equal(t, 15, newAxis(8, 5, Torchvision).shift)
	assert.Equal(t, 14, newAxis(8, 12, Torchvision).shift)
}

// slowResample is resample written plainly: one 64-bit sum a sample.
func slowResample(src []byte, w, h, width, height, bands int, k Kernel) []byte {
	pass := func(src []byte, lines, step, in, out, inner int, at func(line, i int) int, to func(line, i int) int) []byte {
		a := newAxis(in, out, k)
		dst := make([]byte, len(src)/in*out)
		for line := range lines {
			for i := range out {
				sum := int64(1) << (a.shift - 1)
				for j, weight := range a.weights[a.start[i]:a.start[i+1]] {
					sum += int64(src[at(line, a.first[i]+j)]) * int64(weight)
				}
				dst[to(line, i)] = byte(max(0, min(255, sum>>a.shift)))
			}
		}
		return dst
	}
	if width != w {
		at := func(n int) func(line, i int) int {
			return func(line, i int) int { return (line/bands*n+i)*bands + line%bands }
		}
		src = pass(src, h*bands, bands, w, width, 0, at(w), at(width))
	}
	if height != h {
		at := func(line, i int) int { return i*width*bands + line }
		src = pass(src, width*bands, 0, h, height, 0, at, at)
	}
	return src
}

func TestPackedSumsEqualPlainOnes(t *testing.T) {
	for _, bands := range []int{1, 2, 3, 4} {
		for _, s := range [][4]int{{1, 1, 7, 5}, {7, 5, 1, 1}, {13, 9, 8, 21}, {8, 3, 8, 2}, {5, 4, 9, 4}, {64, 33, 31, 70}, {3, 200, 2, 3}} {
			for _, k := range []Kernel{Torchvision, Pillow} {
				src := make([]byte, s[0]*s[1]*bands)
				r := rand.New(rand.NewPCG(uint64(bands), uint64(s[0])))
				for i := range src {
					src[i] = byte(r.IntN(2) * 255) // extremes overshoot most
				}
				assert.Equal(t, slowResample(src, s[0], s[1], s[2], s[3], bands, k), resample(src, s[0], s[1], s[2], s[3], bands, k), "%d bands %v %d", bands, s, k)
			}
		}
	}
}

func TestEqualSizesAreNotCopied(t *testing.T) {
	m := noise(5, 4, 1)
	assert.Same(t, m, Resize(m, 5, 4, Pillow))
}

func TestResizePanicsOnAWrongSize(t *testing.T) {
	require.PanicsWithValue(t, "patch: resize 3 bytes of 2x1x3 to 4x4", func() { Resize(&rgbd.RGB{Width: 2, Height: 1, Pix: make([]byte, 3)}, 4, 4, Pillow) })
}

func BenchmarkResize(b *testing.B) {
	m := noise(1600, 1064, 1)
	for _, size := range [][2]int{{1596, 1064}, {644, 420}, {1656, 1148}} {
		for _, k := range []Kernel{Torchvision, Pillow} {
			b.Run(fmt.Sprintf("%dx%d/%s", size[0], size[1], []string{"torchvision", "pillow"}[k]), func(b *testing.B) {
				b.SetBytes(int64(len(m.Pix)))
				for b.Loop() {
					Resize(m, size[0], size[1], k)
				}
			})
		}
	}
}
