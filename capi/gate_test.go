package main

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

func newGate(limit int) (g *gate, freed *int) {
	freed = new(int)
	return &gate{name: "thing", limit: limit, free: func() { *freed++ }}, freed
}

func TestGateLetsALimitedNumberIn(t *testing.T) {
	g, _ := newGate(1)
	first, err := g.enter()
	require.NoError(t, err)
	_, err = g.enter()
	assert.ErrorIs(t, err, errBusy)
	first.leave()
	again, err := g.enter()
	require.NoError(t, err)
	again.leave()

	open, _ := newGate(0)
	for range 3 {
		_, err := open.enter()
		require.NoError(t, err)
	}
}

func TestInterruptEndsOnlyTheCallsInside(t *testing.T) {
	g, _ := newGate(1)
	g.interrupt()
	c, err := g.enter()
	require.NoError(t, err)
	require.NoError(t, c.ctx.Err())
	g.interrupt()
	assert.ErrorIs(t, context.Cause(c.ctx), errStopped)
	assert.ErrorIs(t, c.cause(context.Canceled), errStopped)
	assert.NoError(t, c.cause(nil), "a call that was finished all the same has not failed")
	c.leave()
	next, err := g.enter()
	require.NoError(t, err)
	assert.NoError(t, next.ctx.Err())
	next.leave()
}

func TestCloseFreesOnceWhenTheLastCallHasLeft(t *testing.T) {
	g, freed := newGate(0)
	one, _ := g.enter()
	two, _ := g.enter()
	g.close()
	g.close()
	assert.ErrorIs(t, context.Cause(one.ctx), ssrl.ErrClosed)
	one.leave()
	assert.Zero(t, *freed)
	two.leave()
	assert.Equal(t, 1, *freed)
	_, err := g.enter()
	assert.ErrorIs(t, err, ssrl.ErrClosed)
	assert.EqualError(t, err, "thing: closed")

	idle, freed := newGate(1)
	idle.close()
	assert.Equal(t, 1, *freed)
}

func TestOutsideOpensTheGate(t *testing.T) {
	g, freed := newGate(1)
	c, err := g.enter()
	require.NoError(t, err)
	require.NoError(t, c.outside(func() error {
		in, err := g.enter()
		require.NoError(t, err)
		in.leave()
		return nil
	}))
	_, err = g.enter()
	assert.ErrorIs(t, err, errBusy, "the call is back inside")
	failed := errors.New("enough")
	assert.Equal(t, failed, c.outside(func() error { return failed }))

	var other *call
	err = c.outside(func() error {
		other, err = g.enter()
		return err
	})
	assert.ErrorIs(t, err, errBusy, "another call has come in and stays")
	c.leave()
	_, err = g.enter()
	assert.ErrorIs(t, err, errBusy)
	other.leave()

	c, err = g.enter()
	require.NoError(t, err)
	err = c.outside(func() error { g.close(); return nil })
	assert.ErrorIs(t, err, ssrl.ErrClosed)
	assert.Equal(t, 1, *freed)
	c.leave()
	assert.Equal(t, 1, *freed)
}

func TestClosedHandlesKeepNothing(t *testing.T) {
	var left []weak.Pointer[dataset]
	for range 100 {
		d := &dataset{gate: gate{name: "dataset", free: func() {}}}
		left = append(left, weak.Make(d))
		handle := newHandle(d)
		require.Same(t, d, valueOf(handle))
		_, err := open[*model](handle, "model")
		require.ErrorIs(t, err, errArgument)
		closed := 0
		for range 2 { // the second time there is nothing to close
			closeHandle(handle, func(d *dataset) { d.gate.close(); closed++ })
		}
		require.Equal(t, 1, closed)
		_, err = open[*dataset](handle, "dataset")
		require.EqualError(t, err, "dataset is closed or another kind of handle")
	}
	closeHandle(nil, func(*dataset) { t.Error("NULL was closed") })
	runtime.GC()
	for _, d := range left {
		assert.Nil(t, d.Value())
	}
}

func TestACallLeavesOnce(t *testing.T) {
	g, freed := newGate(0)
	one, _ := g.enter()
	two, _ := g.enter()
	one.leave()
	one.leave()
	g.close()
	assert.Zero(t, *freed, "the other call is inside")
	two.leave()
	assert.Equal(t, 1, *freed)
}
