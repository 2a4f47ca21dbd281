// Package tape runs fused operations on a device and, while recording,
// remembers how to go back through them.
//
// A model is written once, as plain calls on a Tape. Without recording the same
// calls are inference. Backward walks the record in reverse; each operation's
// own ...Back adds to the gradients of its inputs. The gradient of a result
// takes memory from the first that is added to it until it has been handed on.
// Checkpoint trades memory for time on a frugal tape: it runs a block
// unrecorded, and again on the way back.
//
// Limits: one Tape serves one forward and one backward. Results live in the
// device's scratch memory and die with the mark under which they were made.
package tape

import (
	"context"
	"fmt"
	"math"

	"ssrl/internal/tensor"
)

// Var is a value and, when someone wants it, its gradient.
type Var struct {
	*tensor.Tensor
	// Grad has the same shape: of a weight that learns, for as long as it does;
	// of a result, while Backward has it in hand.
	Grad *tensor.Tensor

	wanted   bool // a result that hands a gradient on
	op       int  // operation that makes it, from 1; 0: none
	used     int  // last operation that takes it
	borrowed bool // Grad is another's memory
	whole    *Var // what it is a view of
	cut      func(*tensor.Tensor) *tensor.Tensor
}

// learns reports whether v has a gradient or will have one.
func (v *Var) learns() bool {
	for v != nil && v.whole != nil {
		v = v.whole
	}
	return v != nil && (v.wanted || v.Grad != nil)
}

// Tape runs operations on Dev.
type Tape struct {
	Dev    tensor.Device
	Frugal bool // Checkpoint recomputes instead of remembering

	record bool
	check  *check
	ops    []op
	spare  []*tensor.Tensor // memory of gradients that were handed on
	ctx    context.Context  // of the Backward that is running
}

// op is one recorded operation.
type op struct {
	y    *Var
	back func() // adds to the gradients of its inputs by that of y
}

// New returns a tape that runs and forgets.
func New(dev tensor.Device) *Tape { return &Tape{Dev: dev} }

// Record returns a tape that can go back.
func Record(dev tensor.Device) *Tape { return &Tape{Dev: dev, record: true} }

// check names the first result that has a value that is not finite.
type check struct{ stage, bad string }

// Check returns a tape that runs, forgets and looks at every result.
func Check(dev tensor.Device) *Tape { return &Tape{Dev: dev, check: &check{}} }

// Bad names the first operation whose result had a value that is not finite,
// behind the part of the network that it belongs to; "" if there was none.
func (t *Tape) Bad() string { return t.check.bad }

// Enter says which part of the network comes next.
func (t *Tape) Enter(part string, number int) {
	if t.check == nil {
		return
	}
	if t.check.stage = part; number >= 0 {
		t.check.stage = fmt.Sprintf("%s.%d", part, number)
	}
}

func (c *check) look(dev tensor.Device, name string, y *tensor.Tensor) {
	if s := dev.SumSquares(y); c.bad == "" && (math.IsNaN(s) || math.IsInf(s, 0)) {
		c.bad = c.stage + ": " + name
	}
}

// Recording reports whether operations are remembered.
func (t *Tape) Recording() bool { return t.record }

// Constant wraps x as a value without gradient.
func Constant(x *tensor.Tensor) *Var { return &Var{Tensor: x} }

// Backward adds to the gradients of all weights that y was made of, given y's
// own: slope, row by row. It stops between operations when ctx is done.
func (t *Tape) Backward(ctx context.Context, y *Var, slope []float32) error {
	if into := t.into(y); into != nil {
		t.Dev.Upload(into, slope)
	}
	return t.walk(ctx)
}

func (t *Tape) walk(ctx context.Context) error {
	t.ctx = ctx
	for i := len(t.ops) - 1; i >= 0 && ctx.Err() == nil; i-- {
		y := t.ops[i].y
		if y.Grad == nil { // nothing was made of it
			continue
		}
		t.ops[i].back()
		if y.Grad != nil && !y.borrowed {
			t.spare = append(t.spare, y.Grad)
		}
		y.Grad = nil
	}
	t.ops = t.ops[:0]
	return context.Cause(ctx)
}

// Checkpoint is block(x), which has the given rows and as many columns as x. A
// frugal tape keeps only the result: on the way back the block runs a second
// time, recorded, from the same input. Without recording it keeps only the
// result as well. trained says whether a weight inside the block has a gradient.
func (t *Tape) Checkpoint(x *Var, rows int, trained bool, block func(*Tape, *Var) *Var) *Var {
	if t.record && !t.Frugal {
		return block(t, x)
	}
	y := t.result(rows, x.Cols, x)
	y.wanted = t.record && (y.wanted || trained)
	mark := t.Dev.Mark()
	t.Dev.Copy(y.Tensor, block(&Tape{Dev: t.Dev, check: t.check}, x).Tensor)
	t.Dev.Release(mark)
	return t.then("Checkpoint", y, func() {
		into := t.into(x)
		mark := t.Dev.Mark()
		again := Record(t.Dev)
		if out := block(again, &Var{Tensor: x.Tensor, Grad: into}); out.wanted { // else another block has the trained weights
			t.Dev.Copy(again.into(out), y.Grad)
			again.walk(t.ctx) // the outer one reports a cancelled context
		}
		t.Dev.Release(mark)
	})
}

// result allocates the value of an operation with the given inputs, of which
// some may be nil.
func (t *Tape) result(rows, cols int, inputs ...*Var) *Var {
	y := &Var{Tensor: t.Dev.Raw(rows, cols)}
	if !t.record {
		return y
	}
	for _, v := range inputs {
		y.wanted = y.wanted || v.learns()
		for ; v != nil; v = v.whole {
			v.used = len(t.ops) + 1
		}
	}
	return y
}

// then remembers how y, the result of the named operation, hands its gradient on,
// if it is to have one.
func (t *Tape) then(name string, y *Var, back func()) *Var {
	if t.check != nil {
		t.check.look(t.Dev, name, y.Tensor)
	}
	if y.wanted {
		t.ops = append(t.ops, op{y, back})
		y.op = len(t.ops)
	}
	return y
}

// into returns what is to be added to the gradient of v; nil: nobody wants it.
func (t *Tape) into(v *Var) *tensor.Tensor {
	switch {
	case v == nil:
		return nil
	case v.whole != nil:
		whole := t.into(v.whole)
		if whole == nil {
			return nil
		}
		return v.cut(whole)
	case v.Grad == nil && v.wanted:
		v.Grad = t.zeroed(v.Rows, v.Cols)
	}
	return v.Grad
}

// zeroed takes memory for a gradient, if it can such as was in use a moment ago.
func (t *Tape) zeroed(rows, cols int) *tensor.Tensor {
	for i := len(t.spare) - 1; i >= 0; i-- {
		if g := t.spare[i]; g.Len() == rows*cols {
			t.spare = append(t.spare[:i], t.spare[i+1:]...)
			g = g.Reshape(rows, cols)
			t.Dev.Zero(g)
			return g
		}
	}
	return t.Dev.Scratch(rows, cols)
}

// value is the tensor of an optional argument.
func value(v *Var) *tensor.Tensor {
	if v == nil {
		return nil
	}
	return v.Tensor
}
