// Package parallel spreads work over goroutines without changing its order.
//
// Limits: the results of about twice the number of workers are held at once.
package parallel

import (
	"context"
	"iter"
	"sync"
)

// Ordered calls work on every input with n goroutines and yields the results
// in the order of the inputs. An error of the input or of work is yielded in
// its place; the caller decides whether to go on. Leaving the loop or ending
// ctx stops the workers before the iterator returns; an ended ctx is yielded
// as the last error.
func Ordered[In, Out any](ctx context.Context, n int, in iter.Seq2[In, error], work func(context.Context, In) (Out, error)) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		inner, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		o := &ordered[In, Out]{jobs: make(chan job[In, Out]), queue: make(chan chan result[Out], n)}
		for range n {
			wg.Go(func() {
				for j := range o.jobs {
					j.done <- try(func() (Out, error) { return work(inner, j.in) })
				}
			})
		}
		wg.Go(func() { o.feed(inner, in) })
		for {
			r, ok := o.next(ctx)
			if !ok {
				break
			}
			if r.panicked != nil { // where the caller can recover it
				panic(r.panicked)
			}
			if !yield(r.out, r.err) {
				return
			}
		}
		if ctx.Err() != nil {
			var none Out
			yield(none, context.Cause(ctx))
		}
	}
}

type result[Out any] struct {
	out      Out
	err      error
	panicked any
}

// try is what work returns, or what it panicked with.
func try[Out any](work func() (Out, error)) (r result[Out]) {
	defer func() { r.panicked = recover() }()
	r.out, r.err = work()
	return r
}

type job[In, Out any] struct {
	in   In
	done chan result[Out]
}

type ordered[In, Out any] struct {
	jobs  chan job[In, Out]     // to the workers
	queue chan chan result[Out] // in input order; its size bounds the work in flight
}

// feed hands every input to a worker and its place to the queue.
func (o *ordered[In, Out]) feed(ctx context.Context, in iter.Seq2[In, error]) {
	defer close(o.queue)
	defer close(o.jobs)
	for v, err := range in {
		done := make(chan result[Out], 1)
		if err != nil {
			done <- result[Out]{err: err}
		}
		select {
		case o.queue <- done:
		case <-ctx.Done():
			return
		}
		if err != nil {
			continue
		}
		select {
		case o.jobs <- job[In, Out]{v, done}:
		case <-ctx.Done():
			return
		}
	}
}

// next waits for the oldest result; ok is false at the end and when ctx ends.
func (o *ordered[In, Out]) next(ctx context.Context) (r result[Out], ok bool) {
	if ctx.Err() != nil {
		return r, false
	}
	select {
	case done, more := <-o.queue:
		if !more {
			return r, false
		}
		select {
		case r = <-done:
			return r, true
		case <-ctx.Done():
			return r, false
		}
	case <-ctx.Done():
		return r, false
	}
}
