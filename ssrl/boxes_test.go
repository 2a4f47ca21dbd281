package ssrl

import (
	"fmt"
	"image"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// coordTolerance is float64 rounding of a quotient and a product.
const coordTolerance = 1e-9

// openNano opens a small model of a preset.
func openNano(t *testing.T, preset string, o PixelOptions) *Model {
	t.Helper()
	dir := filepath.Join(t.TempDir(), preset)
	require.NoError(t, CreateModel(dir, preset, 1))
	m, err := OpenModel(t.Context(), dir, ModelOptions{Pixels: o})
	require.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

// Qwen2.5-VL speaks of the picture as it sees it, which is as large as the
// limits make it: 640x480 is 644x476 by those of the released models.
func TestToPixels(t *testing.T) {
	released := PixelOptions{MinPixels: 3136, MaxPixels: 12845056}
	for _, tc := range []struct {
		name, preset string
		o            PixelOptions
		size         image.Point
		said, want   []float64
	}{
		{"Qwen2.5-VL", "nano", released, image.Pt(640, 480), []float64{308, 252, 616, 504}, []float64{320, 240, 640, 480}},
		{"Qwen2.5-VL, a point", "nano", released, image.Pt(640, 480), []float64{154, 126}, []float64{160, 120}},
		{"Qwen2.5-VL, shrunk", "nano", PixelOptions{MinPixels: 784, MaxPixels: 50176}, image.Pt(1024, 1024), []float64{112, 224}, []float64{512, 1024}},
		{"Qwen2.5-VL after EasyR1", "nano", PixelOptions{Profile: "easyr1"}, image.Pt(100, 50), []float64{0, 0}, []float64{0, 0}},
		{"Qwen2.5-VL, outside", "nano", released, image.Pt(640, 480), []float64{-308, 1008}, []float64{-320, 960}},
		{"Qwen3-VL", "nano3", PixelOptions{}, image.Pt(640, 480), []float64{500, 500, 1000, 250}, []float64{320, 240, 640, 120}},
		{"Qwen3-VL, a point", "nano3", PixelOptions{}, image.Pt(333, 97), []float64{1, 1000}, []float64{0.333, 97}},
		{"nothing", "nano3", PixelOptions{}, image.Pt(333, 97), nil, []float64{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := openNano(t, tc.preset, tc.o)
			got, err := m.ToPixels(tc.size, tc.said...)
			require.NoError(t, err)
			assert.InDeltaSlice(t, tc.want, got, coordTolerance)
			back, err := m.FromPixels(tc.size, got...)
			require.NoError(t, err)
			assert.InDeltaSlice(t, append([]float64{}, tc.said...), back, coordTolerance)
		})
	}
	two, three := openNano(t, "nano", PixelOptions{}), openNano(t, "nano3", PixelOptions{})
	_, err := two.ToPixels(image.Pt(64, 64), 1, 2, 3)
	assert.EqualError(t, err, "3 coordinates (want x and y in turn)")
	_, err = two.ToPixels(image.Pt(603, 3), 1, 2)
	assert.EqualError(t, err, "image 603x3: aspect ratio 201 (want at most 200)")
	_, err = three.ToPixels(image.Pt(0, 3), 1, 2)
	assert.EqualError(t, err, "image 0x3 (want sides of at least 1)")
}

func TestFindRegions(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []Region
	}{
		{"a list in a fence", "Here:\n```json\n[\n\t{\"bbox_2d\": [1, 2, 3, 4], \"label\": \"cup\"},\n\t{\"bbox_2d\": [5, 6, 7.5, 8], \"label\": \"a \\\"b\\\"\"}\n]\n```",
			[]Region{{"cup", []float64{1, 2, 3, 4}}, {`a "b"`, []float64{5, 6, 7.5, 8}}}},
		{"one object", `{"point_2d": [10, 20], "label": "tip"}`, []Region{{"tip", []float64{10, 20}}}},
		{"cut short", `[{"bbox_2d": [1, 2, 3, 4]}, {"bbox_2d": [1, 2`, []Region{{"", []float64{1, 2, 3, 4}}}},
		{"wrong counts", `[{"bbox_2d": [1, 2, 3]}, {"point_2d": [1]}, {"bbox_2d": "1"}]`, nil},
		{"other objects", `{"a": {"bbox_2d": [1, 2, 3, 4]}}`, []Region{{"", []float64{1, 2, 3, 4}}}},
		{"text", `no { or } here`, nil},
	} {
		t.Run(tc.name, func(t *testing.T) { assert.Equal(t, tc.want, FindRegions(tc.text)) })
	}
}

// A model that sees pictures as another stack does gives other answers.
func TestModelPixelOptions(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 200, 100))
	for i := range img.Pix {
		img.Pix[i] = byte(i * i >> 4)
	}
	p := Prompt{Text: "a", Images: []image.Image{img}}
	seen := map[string]bool{}
	for _, o := range []PixelOptions{{}, {Slow: true}, {MinPixels: 784, MaxPixels: 3136}} {
		s, err := openNano(t, "nano", o).Score(t.Context(), p, "b")
		require.NoError(t, err)
		seen[fmt.Sprint(s.LogProbs)] = true
	}
	assert.Len(t, seen, 3)
	dir := filepath.Join(t.TempDir(), "nano")
	require.NoError(t, CreateModel(dir, "nano", 1))
	_, err := OpenModel(t.Context(), dir, ModelOptions{Pixels: PixelOptions{Profile: "ray"}})
	assert.ErrorContains(t, err, `profile "ray" (want hf, easyr1, llamafactory, vlmeval or qwen_vl_utils)`)
}
