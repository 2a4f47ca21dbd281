// Package tape runs fused operations on a device and, while recording,
// remembers how to go back through them.
//
// A model is written once, as plain calls on a Tape. Without recording the same
// calls are inference. Backward walks the record in reverse; each operation's
// own ...Back adds to the gradients of its inputs. Checkpoint trades memory for
// time on a frugal tape: it runs a block unrecorded, and again on the way back.
//
// Limits: one Tape serves one forward and one backward. Results live in the
// device's scratch memory and die with the mark under which they were made.
package tape

import (
	"context"

	"ssrl/internal/tensor"
)

// Var is a value and, when someone wants it, its gradient.
type Var struct {
	*tensor.Tensor
	Grad *tensor.Tensor // same shape; nil: no gradient wanted
}

// Tape runs operations on Dev.
type Tape struct {
	Dev    tensor.Device
	Frugal bool // Checkpoint recomputes instead of remembering

	record bool
	back   []func()
	ctx    context.Context // of the Backward that is running
}

// New returns a tape that runs and forgets.
func New(dev tensor.Device) *Tape { return &Tape{Dev: dev} }

// Record returns a tape that can go back.
func Record(dev tensor.Device) *Tape { return &Tape{Dev: dev, record: true} }

// Recording reports whether operations are remembered.
func (t *Tape) Recording() bool { return t.record }

// Constant wraps x as a value without gradient.
func Constant(x *tensor.Tensor) *Var { return &Var{Tensor: x} }

// Backward walks back through the record. The caller has put the gradient of
// what it wants into the Grad of some results. It stops between operations
// when ctx is done.
func (t *Tape) Backward(ctx context.Context) error {
	t.ctx = ctx
	for i := len(t.back) - 1; i >= 0 && ctx.Err() == nil; i-- {
		t.back[i]()
	}
	t.back = t.back[:0]
	return context.Cause(ctx)
}

// Checkpoint is block(x). A frugal tape keeps only the result: on the way back
// the block runs a second time, recorded, from the same input. Without
// recording it keeps only the result as well. trained says whether a weight
// inside the block has a gradient.
func (t *Tape) Checkpoint(x *Var, trained bool, block func(*Tape, *Var) *Var) *Var {
	if t.record && !t.Frugal {
		return block(t, x)
	}
	trained = trained || x.Grad != nil
	y := t.result(x.Rows, x.Cols, trained)
	mark := t.Dev.Mark()
	t.Dev.Copy(y.Tensor, block(New(t.Dev), x).Tensor)
	t.Dev.Release(mark)
	if !t.record || !trained {
		return y
	}
	t.back = append(t.back, func() {
		mark := t.Dev.Mark()
		again := Record(t.Dev)
		if out := block(again, x); out.Grad != nil { // else another block has the trained weights
			t.Dev.Copy(out.Grad, y.Grad)
			again.Backward(t.ctx) // the outer Backward reports a cancelled context
		}
		t.Dev.Release(mark)
	})
	return y
}

// result allocates the value of an operation, with a gradient if it is wanted.
func (t *Tape) result(rows, cols int, wanted bool) *Var {
	v := &Var{Tensor: t.Dev.Scratch(rows, cols)}
	if t.record && wanted {
		v.Grad = t.Dev.Scratch(rows, cols)
	}
	return v
}

// wanted reports whether any of vs has a gradient; nil ones have none.
func wanted(vs ...*Var) bool {
	for _, v := range vs {
		if v != nil && v.Grad != nil {
			return true
		}
	}
	return false
}

// value and grad are the tensors of an optional argument.
func value(v *Var) *tensor.Tensor {
	if v == nil {
		return nil
	}
	return v.Tensor
}

func grad(v *Var) *tensor.Tensor {
	if v == nil {
		return nil
	}
	return v.Grad
}
