package optim

import (
	"fmt"
	"math"

	"ssrl/internal/tensor"
)

// AnyPrecision is AdamW with weights and moments in bfloat16 and a Kahan buffer
// that keeps what rounding takes away (EasyR1's adamw_bf16, from torchdistx'
// AnyPrecisionAdamW). Every operation of upstream's rounds once, so here too.
//
// Values stay float32 tensors on the device and hold exact bfloat16 numbers;
// moments and buffer are kept on the host, six bytes a parameter, and the update
// runs there. Param.M and Param.V are not used.
type AnyPrecision struct {
	Options
	Steps int
	State map[string]*Bf16State // by parameter name, made at the first step
}

// Bf16State is what one parameter keeps, as bfloat16 bits row by row.
type Bf16State struct{ M, V, Compensation []uint16 }

// Step does what AdamW.Step does, in bfloat16.
func (o *AnyPrecision) Step(dev tensor.Device, params []Param, rate float64) (norm float64, err error) {
	norm, err = Norm(dev, params)
	if err != nil {
		return norm, err
	}
	if o.State == nil {
		o.State = map[string]*Bf16State{}
	}
	o.Steps++
	scale := float32(ClipScale(norm, o.MaxNorm))
	var value, grad []float32
	for _, p := range params {
		n := p.Value.Len()
		st := o.State[p.Name]
		if st == nil {
			st = &Bf16State{make([]uint16, n), make([]uint16, n), make([]uint16, n)}
			o.State[p.Name] = st
		}
		if cap(value) < n {
			value, grad = make([]float32, n), make([]float32, n)
		}
		value, grad = value[:n], grad[:n]
		dev.Download(value, p.Value)
		dev.Download(grad, p.Grad)
		for i := range grad {
			grad[i] *= scale
		}
		o.update(value, grad, st, rate)
		dev.Upload(p.Value, value)
	}
	ZeroGrads(dev, params)
	return norm, nil
}

// update moves value by grad at step o.Steps. Values and gradients are rounded
// to bfloat16 on the way in.
func (o *AnyPrecision) update(value, grad []float32, st *Bf16State, rate float64) {
	if len(st.M) != len(value) || len(st.V) != len(value) || len(st.Compensation) != len(value) || len(grad) != len(value) {
		panic(fmt.Sprintf("optim: bfloat16 state of %d, %d and %d for %d values and %d gradients",
			len(st.M), len(st.V), len(st.Compensation), len(value), len(grad)))
	}
	keep := float32(1 - rate*o.Decay)
	b1, r1 := float32(o.Beta1), float32(1-o.Beta1)
	b2, r2 := float32(o.Beta2), float32(1-o.Beta2)
	// Upstream keeps the step in a float32 tensor, so these are float32 powers.
	steps := float64(o.Steps)
	correction1 := 1 - float32(math.Pow(o.Beta1, steps))
	correction2 := float32(math.Sqrt(float64(1 - float32(math.Pow(o.Beta2, steps)))))
	size := float32(rate) / correction1
	for i := range value {
		p, g := round16(value[i]), round16(grad[i])
		if o.Decay != 0 {
			p = round16(p * keep)
		}
		m := round16(from16(st.M[i]) * b1)
		m = round16(m + r1*g)
		v := round16(from16(st.V[i]) * b2)
		v = round16(v + r2*g*g)
		root := round16(float32(math.Sqrt(float64(v))))
		root = round16(round16(root/correction2) + float32(o.Eps))
		c := round16(from16(st.Compensation[i]) - size*m/root)
		moved := round16(p + c)
		lost := round16(p - moved)
		st.M[i], st.V[i], st.Compensation[i] = to16(m), to16(v), to16(round16(c+lost))
		value[i] = moved
	}
}

// to16 rounds to bfloat16, ties to even.
func to16(x float32) uint16 {
	bits := math.Float32bits(x)
	if x != x {
		return uint16(bits>>16) | 0x40 // a quiet NaN whatever its payload
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

func from16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

func round16(x float32) float32 { return from16(to16(x)) }
