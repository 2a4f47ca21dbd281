package rounding

import (
	"math"

	"ssrl/internal/tensor"
)

// Attend is eager attention: scores rounded, scaled and rounded again, softmax
// in float32, its shares and their sum of values rounded.
func (d *Device) Attend(o, lse, q, k, v *tensor.Tensor, spans []tensor.Span, heads, kvHeads int, scale float32, causal bool) {
	a := attend{q: d.host(q), k: d.host(k), v: d.host(v), o: make([]float32, o.Len()), lse: make([]float32, lse.Len()),
		heads: heads, group: heads / kvHeads, dim: q.Cols / heads, width: k.Cols, scale: scale}
	for i := range a.lse {
		a.lse[i] = float32(math.Inf(-1))
	}
	for _, s := range spans {
		for i := range s.N {
			own := s.KN
			if causal {
				own = max(0, s.KN-s.N+i+1)
			}
			a.keys = a.keys[:0]
			for j := range s.PrefixN + own {
				row, _ := s.Run(j, 1)
				a.keys = append(a.keys, row)
			}
			for h := range heads {
				if len(a.keys) > 0 {
					a.head(s.Q+i, h)
				}
			}
		}
	}
	d.Upload(o, a.o)
	d.Upload(lse, a.lse)
}

type attend struct {
	q, k, v, o, lse          []float32
	heads, group, dim, width int
	scale                    float32
	keys                     []int // that the row at hand sees
	p                        []float32
}

func (a *attend) head(row, h int) {
	at := h / a.group * a.dim
	q := a.q[row*a.heads*a.dim+h*a.dim:][:a.dim]
	a.p = a.p[:0]
	top := float32(math.Inf(-1))
	for _, key := range a.keys {
		sum := float32(0)
		for j, v := range a.k[key*a.width+at:][:a.dim] {
			sum += q[j] * v
		}
		a.p = append(a.p, r(r(sum)*a.scale))
		top = max(top, a.p[len(a.p)-1])
	}
	sum := 0.0
	for i, s := range a.p {
		e := math.Exp(float64(s - top))
		a.p[i] = float32(e)
		sum += e
	}
	o := a.o[row*a.heads*a.dim+h*a.dim:][:a.dim]
	for i, key := range a.keys {
		share := r(float32(float64(a.p[i]) / sum))
		for j, v := range a.v[key*a.width+at:][:a.dim] {
			o[j] += share * v
		}
	}
	for j := range o {
		o[j] = r(o[j])
	}
	a.lse[row*a.heads+h] = top + float32(math.Log(sum))
}
