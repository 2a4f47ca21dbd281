package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"ssrl"
)

var (
	errStopped  = errors.New("stopped")
	errBusy     = errors.New("another call is running")
	errArgument = errors.New("bad argument")
)

// gate counts the calls inside a value, lets a limited number in, and frees the
// value when it is closed and the last call has left.
type gate struct {
	name  string // of the value, in errors
	limit int    // calls at a time; 0: any number
	free  func()

	mu     sync.Mutex
	inside int
	closed bool
	calls  map[*call]bool
}

// call is one way through a gate.
type call struct {
	gate *gate
	ctx  context.Context // ends with errStopped when the call is interrupted
	stop context.CancelCauseFunc
	gone bool // it went outside and could not come back

	done, total atomic.Int64 // how far it is, for ssrl_job_poll
}

// newCall is a call on nothing that could be closed.
func newCall() *call {
	g := &gate{free: func() {}}
	c, _ := g.enter()
	return c
}

// at tells how far the call is.
func (c *call) at(done, total int64) {
	c.done.Store(done)
	c.total.Store(total)
}

// enter starts a call, or says why there can be none.
func (g *gate) enter() (*call, error) {
	c := &call{gate: g}
	c.ctx, c.stop = context.WithCancelCause(context.Background())
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.in(); err != nil {
		return nil, err
	}
	if g.calls == nil {
		g.calls = map[*call]bool{}
	}
	g.calls[c] = true
	return c, nil
}

func (g *gate) in() error {
	switch {
	case g.closed:
		return g.errClosed()
	case g.limit > 0 && g.inside >= g.limit:
		return fmt.Errorf("%s: %w", g.name, errBusy)
	}
	g.inside++
	return nil
}

func (g *gate) errClosed() error { return fmt.Errorf("%s: %w", g.name, ssrl.ErrClosed) }

// out is where a value is freed that was closed during a call.
func (g *gate) out() {
	if g.inside--; g.inside == 0 && g.closed {
		g.free()
	}
}

// leave ends a call, once.
func (c *call) leave() {
	c.stop(nil)
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	delete(c.gate.calls, c)
	if !c.gone {
		c.gone = true
		c.gate.out()
	}
}

// outside runs f with the gate open to other calls. It fails when the value was
// closed meanwhile, or another thread's call is still running.
func (c *call) outside(f func() error) error {
	c.gate.mu.Lock()
	c.gate.out()
	c.gate.mu.Unlock()
	failed := f()
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	if err := c.gate.in(); err != nil {
		c.gone = true
		return err
	}
	return failed
}

// cause is why the call ended: what stopped it, if it was stopped.
func (c *call) cause(err error) error {
	if err != nil && c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	return err
}

// stopped is what has stopped the call, nil if nothing has.
func (c *call) stopped() error {
	if c.ctx.Err() == nil {
		return nil
	}
	return context.Cause(c.ctx)
}

// interrupt stops the calls that are inside.
func (g *gate) interrupt() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.calls {
		c.stop(errStopped)
	}
}

// close lets no call in any more, stops those inside and frees the value when
// they have left: at once if there are none. It never waits, so a callback may close.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	g.closed = true
	for c := range g.calls {
		c.stop(g.errClosed())
	}
	if g.inside == 0 {
		g.free()
	}
}
