package parallel

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func count(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}

func square(_ context.Context, i int) (int, error) {
	time.Sleep(time.Duration(i*7%5) * time.Millisecond)
	return i * i, nil
}

func TestOrderDoesNotDependOnWorkers(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8, 64} {
		synctest.Test(t, func(t *testing.T) {
			want := 0
			for v, err := range Ordered(t.Context(), n, count(100), square) {
				require.NoError(t, err)
				assert.Equal(t, want*want, v)
				want++
			}
			assert.Equal(t, 100, want)
		})
	}
}

func TestErrorsKeepTheirPlace(t *testing.T) {
	boom := errors.New("boom")
	work := func(_ context.Context, i int) (int, error) {
		if i == 3 {
			return 0, boom
		}
		return i, nil
	}
	i := 0
	for _, err := range Ordered(t.Context(), 4, count(6), work) {
		assert.Equal(t, i == 3, errors.Is(err, boom), "place %d", i)
		i++
	}
	assert.Equal(t, 6, i)
}

// synctest fails when a goroutine outlives the bubble.
func TestLeavingTheLoopStopsTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for v := range Ordered(t.Context(), 8, count(1000), square) {
			if v == 16 {
				break
			}
		}
	})
}

func TestCancellingIsTheLastError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		why := errors.New("enough")
		var last error
		n := 0
		for _, err := range Ordered(ctx, 4, count(1000), square) {
			last = err
			if n++; n == 10 {
				cancel(why)
			}
		}
		assert.ErrorIs(t, last, why)
		assert.Less(t, n, 1000)
	})
}

func TestAPanicOfWorkReachesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := func(_ context.Context, i int) (int, error) {
			if i == 2 {
				panic("two")
			}
			return i, nil
		}
		assert.PanicsWithValue(t, "two", func() {
			for range Ordered(t.Context(), 3, count(9), work) {
			}
		})
	})
}
