package balance

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The values are scipy 1.17.1's chi2.sf, to 12 digits.
func TestUpper(t *testing.T) {
	const bound = 1e-11 // of 12 digits
	for _, tc := range []struct {
		chi     float64
		degrees int
		want    float64
	}{
		{3.841458820694124, 1, 0.05},
		{0.1, 1, 0.751829634046},
		{7.8, 3, 0.0503310978599},
		{2, 3, 0.572406704471},
		{1e-06, 3, 0.999999999734},
		{15.0863, 5, 0.0099998863596},
		{35.17, 23, 0.0500282803706},
		{10, 23, 0.991276645267},
		{60, 23, 3.82055795923e-05},
		{500, 719, 0.999999999953},
		{719, 719, 0.492986318609},
		{900, 719, 4.49873472304e-06},
		{5040, 5039, 0.493377328079},
		{300, 3, 9.94875834633e-65},
	} {
		t.Run(fmt.Sprintf("%g, %d", tc.chi, tc.degrees), func(t *testing.T) {
			assert.InEpsilon(t, tc.want, Upper(tc.chi, tc.degrees), bound)
		})
	}
	assert.InDelta(t, 1, Upper(0, 3), 0)
	assert.InDelta(t, 1, Upper(math.NaN(), 3), 0)
	assert.InDelta(t, 1, Upper(5, 0), 0)
	assert.InDelta(t, 0, Upper(1e9, 3), 0)
}

func TestUniform(t *testing.T) {
	for _, tc := range []struct {
		name   string
		counts []int
		chi    float64
		ok     bool
	}{
		{"even", []int{25, 25, 25, 25}, 0, true},
		{"uneven", []int{40, 20, 20, 20}, 12, true},
		{"nothing", []int{0, 0}, 0, false},
		{"one cell", []int{7}, 0, false},
		{"no cells", nil, 0, false},
		{"too few", []int{5, 4}, 1.0 / 9, false},
		{"too few for so many cells", make24(20), 24*20.0/20 - 20, true},
		{"far too few for so many cells", make24(5), 24*5.0/5 - 5, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			chi, p, ok := Uniform(tc.counts)
			assert.InDelta(t, tc.chi, chi, 1e-9)
			assert.Equal(t, tc.ok, ok)
			assert.True(t, p >= 0 && p <= 1)
		})
	}
	_, p, _ := Uniform([]int{400, 200, 200, 200})
	assert.Less(t, p, 1e-20)
}

// make24 is n answers in n of 24 cells.
func make24(n int) []int {
	out := make([]int, 24)
	for i := range n {
		out[i] = 1
	}
	return out
}
