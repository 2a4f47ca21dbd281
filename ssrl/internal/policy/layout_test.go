package policy_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/policy"
	"ssrl/internal/seed"
)

// TestPartition has cases of EasyR1's seqlen_balancing; parts as sets, their order is
// compared by the golden file.
func TestPartition(t *testing.T) {
	for _, c := range []struct {
		name    string
		lengths []int
		k       int
		equal   bool
		want    [][]int
	}{
		{"steps of ten", []int{100, 90, 80, 70, 60, 50, 40, 30}, 2, true, [][]int{{1, 2, 4, 7}, {0, 3, 5, 6}}},
		{"pairs", []int{100, 90, 80, 70, 60, 50, 40, 30}, 4, true, [][]int{{3, 4}, {2, 5}, {1, 6}, {0, 7}}},
		{"all alike", []int{7, 7, 7, 7}, 2, true, [][]int{{0, 3}, {1, 2}}},
		{"one giant", []int{500, 10, 10, 10, 10, 10, 10, 10}, 3, false, [][]int{{0}, {1, 3, 5, 6}, {2, 4, 7}}},
		{"the textbook's", []int{8, 7, 6, 5, 4}, 2, false, [][]int{{1, 3, 4}, {0, 2}}},
		{"pi", []int{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 9}, 4, true, [][]int{{1, 2, 5}, {3, 9, 11}, {0, 8, 10}, {4, 6, 7}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := policy.Partition(c.lengths, c.k, c.equal)
			require.NoError(t, err)
			assert.ElementsMatch(t, c.want, got)
		})
	}
}

func TestPartitionRefuses(t *testing.T) {
	for want, c := range map[string]struct {
		n, k  int
		equal bool
	}{
		"into 0 parts":           {3, 0, false},
		"3 items into 4 parts":   {3, 4, false},
		"5 items into 2 equal":   {5, 2, true},
		"0 items into 1 parts":   {0, 1, true},
		"into -1 parts (want >=": {3, -1, false},
	} {
		_, err := policy.Partition(make([]int, c.n), c.k, c.equal)
		require.ErrorContains(t, err, want)
	}
}

func TestMicroBatchesWithinBudget(t *testing.T) {
	r := seed.Rand(1, "packing")
	for range 200 {
		lengths := make([]int, 1+r.IntN(30))
		for i := range lengths {
			lengths[i] = 1 + r.IntN(120)
		}
		parts, err := policy.MicroBatchesWithin(lengths, 100)
		require.NoError(t, err)
		var all []int
		for _, part := range parts {
			sum := 0
			for _, i := range part {
				sum += lengths[i]
			}
			assert.True(t, sum <= 100 || len(part) == 1, "%v of %v", part, lengths)
			all = append(all, part...)
		}
		slices.Sort(all)
		for i := range lengths {
			require.Equal(t, i, all[i], "each row once")
		}
	}
}

func TestResponseMask(t *testing.T) {
	end := []int32{151645, 151643}
	for _, c := range []struct {
		ids  []int32
		want []bool
	}{
		{[]int32{5, 6, 151645, 151643, 151643}, []bool{true, true, true, false, false}},
		{[]int32{5, 151643, 7, 151645}, []bool{true, true, false, false}},
		{[]int32{5, 6, 7}, []bool{true, true, true}},
		{[]int32{151645, 1}, []bool{true, false}},
		{nil, []bool{}},
	} {
		assert.Equal(t, c.want, policy.ResponseMask(c.ids, end))
	}
	m := policy.FullMask([]int{2, 1}).WithoutTruncated([]bool{false, true})
	assert.Equal(t, policy.Mask{{false, false}, {true}}, m)
}

func TestOverlongPenalty(t *testing.T) {
	for length, want := range map[int]float64{1536: 0, 1600: -.125, 1792: -.5, 2048: -1, 2100: -1} {
		assert.Equal(t, want, policy.OverlongPenalty(length, 2048, 512), "%d tokens", length)
	}
	assert.Equal(t, -1.0, policy.OverlongPenalty(2049, 2048, 0), "no buffer is a hard limit")
	assert.Equal(t, 0.0, policy.OverlongPenalty(2048, 2048, 0))
	assert.False(t, policy.Keep(nil, 0, 1), "a prompt without answers")
}

func TestBalanceMetrics(t *testing.T) {
	lengths := []int{10, 20, 30, 40}
	parts, err := policy.Partition(lengths, 2, true)
	require.NoError(t, err)
	m, err := policy.BalanceMetrics(lengths, parts)
	require.NoError(t, err)
	assert.Equal(t, map[string]float64{
		"global_seqlen/min": 30, "global_seqlen/max": 70, "global_seqlen/minmax_diff": 40,
		"global_seqlen/balanced_min": 50, "global_seqlen/balanced_max": 50, "global_seqlen/mean": 50,
	}, m)
	_, err = policy.BalanceMetrics(lengths, make([][]int, 3))
	require.ErrorContains(t, err, "4 rows on 3 ranks")
}
