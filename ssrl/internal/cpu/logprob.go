package cpu

import (
	"fmt"
	"math"

	"ssrl/internal/tensor"
)

// LogProb gives log softmax(logits/temperature) at targets. Exponentials are
// float32, their sum is float64.
func (d *Device) LogProb(lp, lse, logits *tensor.Tensor, targets []int32, temperature float32) {
	check(vector(lp, logits.Rows) && vector(lse, logits.Rows), "logprob lp lse logits", lp, lse, logits)
	checkTargets("logprob", logits, targets)
	d.logProb = logProb{isa: d.isa, lp: out(lp), lse: out(lse), logits: in(logits), targets: targets, inverse: 1 / temperature}
	d.run(&d.logProb, logits.Rows, 8*logits.Cols)
}

// LogProbBack: dlogits += dlp (onehot - softmax) / temperature.
func (d *Device) LogProbBack(dlogits, dlp, logits, lse *tensor.Tensor, targets []int32, temperature float32) {
	if dlogits == nil {
		return
	}
	check(same(dlogits, logits) && vector(dlp, logits.Rows) && vector(lse, logits.Rows),
		"logprob back dlogits dlp logits lse", dlogits, dlp, logits, lse)
	checkTargets("logprob back", logits, targets)
	d.logProb = logProb{isa: d.isa, lp: in(dlp), lse: in(lse), logits: in(logits), targets: targets,
		inverse: 1 / temperature, dlogits: out(dlogits), back: true}
	d.run(&d.logProb, logits.Rows, 8*logits.Cols)
}

func checkTargets(op string, logits *tensor.Tensor, targets []int32) {
	if len(targets) != logits.Rows {
		panic(fmt.Sprintf("cpu: %s: %d targets for %v", op, len(targets), logits))
	}
	for i, t := range targets {
		if t < 0 || int(t) >= logits.Cols {
			panic(fmt.Sprintf("cpu: %s: target %d at %d of %d columns", op, t, i, logits.Cols))
		}
	}
}

type logProb struct {
	isa             isa
	lp, lse, logits matrix // lp is dlp on the way back
	targets         []int32
	inverse         float32 // 1/temperature
	dlogits         matrix
	back            bool
}

func (t *logProb) do(w *worker, from, to int) {
	e := grow(&w.rows, t.logits.cols)
	for i := from; i < to; i++ {
		if t.back {
			t.backRow(e, i)
		} else {
			t.row(e, i)
		}
	}
}

func (t *logProb) row(e []float32, i int) {
	x := t.logits.row(i)
	top := t.isa.largest(x)
	t.isa.exp(e, x, top, t.inverse, 0)
	log := math.Log(t.isa.total(e))
	target := float64(x[t.targets[i]]-top) * float64(t.inverse)
	t.lp.data[i] = float32(target - log)
	t.lse.data[i] = float32(float64(top)*float64(t.inverse) + log)
}

func (t *logProb) backRow(e []float32, i int) {
	g := t.lp.data[i] * t.inverse
	if g == 0 {
		return
	}
	t.isa.exp(e, t.logits.row(i), 0, t.inverse, t.lse.data[i])
	dx := t.dlogits.row(i)
	dx[t.targets[i]] += g
	t.isa.addScaled(dx, dx, e, -g)
}
