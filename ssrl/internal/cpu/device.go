// Package cpu computes tensor.Device's operations in float32 on the processor.
//
// Portable Go loops define every result. Matrix products also have AVX-512 and
// AVX2 assembly, picked when the device is made; they differ from the portable
// ones only by the rounding of fused multiply-adds. Reductions run in one fixed
// order and are never split over threads: an element of a result depends on its
// row and column alone, not on tile sizes, on other rows or on Device threads.
//
// Limits: computing is in float32; weights may be bfloat16. Packed copies of
// float32 weights cost up to packLimit elements beside the weights. Attention
// keeps a tile of scores over all keys of a span per thread.
package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"ssrl/internal/tensor"
)

var _ tensor.Device = (*Device)(nil)

// Device is a tensor.Device on the processor. One call at a time.
type Device struct {
	isa   isa
	arena arena
	packs packCache

	workers []worker
	starts  []func() // starts[i] runs workers[i] on the current task
	task    task
	parts   int
	chunk   int
	next    atomic.Int64 // first part not yet taken
	wait    sync.WaitGroup
	left    atomic.Int32 // threads that still work

	flops   float64       // of all products
	working time.Duration // on them

	rounds  bool      // activations, for products with bfloat16 weights
	wordISA isa       // what they are rounded for
	rounded []float32 // the rounded ones

	calls
}

// calls holds the arguments of the latest call of each kind, so that calls do not
// allocate.
type calls struct {
	gemm        gemm
	half        rightHalf
	roundRows   roundRows
	columnSum   columnSum
	add         addTask
	addScaled   addScaled
	norm        rmsNorm
	normBack    rmsNormBack
	normWeight  rmsNormWeight
	layer       layerNorm
	layerBack   layerNormBack
	layerWeight layerNormWeight
	rope        ropeTask
	attend      attend
	attendBack  attendBack
	swiglu      swiglu
	gelu        gelu
	geluTanh    geluTanh
	blend       blend
	blendBack   blendBack
	embed       embed
	embedBack   embedBack
	logProb     logProb
	squares     squares
	adam        adam
}

// worker is what one thread needs for itself. The buffers only grow.
type worker struct {
	b       []float32 // packed block of the right matrix of a product
	a       []float32 // packed strip of the left one
	tile    []float32 // a tile over the edge of a result
	scores  []float32 // a tile of attention
	more    []float32 // second tile of scores, in AttendBack
	keys    []float32 // packed keys
	values  []float32 // packed values
	keyRows []float32 // packed keys the other way round, in AttendBack
	prefix  prefix    // what packed keys and values begin with
	state   atomic.Int32
	wide    []float32 // bfloat16 weights, widened
	rows    []float32 // a row of intermediate values
	sums    []float64 // of SumSquares's blocks, first worker only
}

// New returns a device that uses the given number of threads, GOMAXPROCS if 0.
func New(threads int) *Device { return newDevice(threads, bestISA()) }

func newDevice(threads int, set isa) *Device {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	d := &Device{isa: set, workers: make([]worker, threads)}
	d.packs.limit = packLimit
	for i := range d.workers {
		w := &d.workers[i]
		w.tile = make([]float32, maxStrip*maxPanel)
		d.starts = append(d.starts, func() {
			for again := true; again; again = w.stay() {
				d.work(w)
				w.state.Store(awake)
				d.left.Add(-1)
				d.wait.Done()
			}
		})
	}
	return d
}

// Name returns "cpu".
func (d *Device) Name() string { return "cpu" }

// Instructions names the instruction set of the matrix products: "portable",
// "avx2" or "avx512".
func (d *Device) Instructions() string { return d.isa.String() }

// Threads returns the number of threads that a call may use.
func (d *Device) Threads() int { return len(d.workers) }

// Products returns what all products took since New: multiplications and
// additions, and seconds. Those of attention do not count.
func (d *Device) Products() (flops, seconds float64) { return d.flops, d.working.Seconds() }

// task is work that consists of independent parts.
type task interface {
	do(w *worker, from, to int) // parts [from, to)
}

// inlineCost is the work, in multiply-adds or the like, below which starting a
// thread (about 2 microseconds) costs more than it saves.
const inlineCost = 1 << 15

// run does all parts of t. Cost is the work of one part, roughly in
// multiply-adds; it only decides how many threads start.
func (d *Device) run(t task, parts, cost int) {
	if parts <= 0 {
		return
	}
	threads := min(len(d.workers), parts, 1+parts*cost/inlineCost)
	if threads == 1 {
		t.do(&d.workers[0], 0, parts)
		return
	}
	d.task, d.parts = t, parts
	// Four pieces a thread even out threads that are not equally fast.
	d.chunk = max(1, parts/(4*threads))
	d.next.Store(0)
	d.wait.Add(threads - 1)
	d.left.Store(int32(threads - 1))
	for i := 1; i < threads; i++ {
		if w := &d.workers[i]; !w.state.CompareAndSwap(awake, called) {
			w.state.Store(called)
			go d.starts[i]()
		}
	}
	d.work(&d.workers[0])
	for begin := time.Now(); d.left.Load() > 0 && time.Since(begin) < patience; {
		runtime.Gosched()
	}
	d.wait.Wait()
	d.task = nil
}

// Where a worker's thread is. One that has done its part stays awake for a while:
// a network is hundreds of short tasks, and waking a thread takes as long as some.
const (
	gone int32 = iota
	awake
	called
)

// patience is how long a thread waits awake for the next task, or for others to finish.
const patience = 200 * time.Microsecond

// stay waits for the next task and reports whether one came.
func (w *worker) stay() bool {
	for begin := time.Now(); w.state.Load() != called; {
		if time.Since(begin) > patience {
			return !w.state.CompareAndSwap(awake, gone)
		}
		runtime.Gosched()
	}
	return true
}

func (d *Device) work(w *worker) {
	for {
		to := int(d.next.Add(int64(d.chunk)))
		from := to - d.chunk
		if from >= d.parts {
			return
		}
		d.task.do(w, from, min(to, d.parts))
	}
}

// grow returns buf with n elements, whatever they hold.
func grow[T any](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = make([]T, n+n/4)
	}
	return (*buf)[:n]
}
