package qwen

import "ssrl/internal/tape"

// of norms the rows of x.
func (n norm) of(t *tape.Tape, x *tape.Var, eps float32) *tape.Var {
	if n.bias != nil {
		return t.LayerNorm(x, n.weight, n.bias, eps)
	}
	return t.RMSNorm(x, n.weight, eps)
}

// heads norms every head of x on its own, or nothing without a weight.
func (n norm) heads(t *tape.Tape, x *tape.Var, c TextConfig) *tape.Var {
	if n.weight == nil {
		return x
	}
	y := n.of(t, tape.Reshape(x, x.Rows*x.Cols/c.HeadDim, c.HeadDim), c.Eps)
	return tape.Reshape(y, x.Rows, x.Cols)
}

// of is x times the weight, plus the bias, plus what the adapter adds.
func (l linear) of(t *tape.Tape, x *tape.Var) *tape.Var {
	y := t.Linear(x, l.weight, l.bias)
	if l.lora == nil {
		return y
	}
	return t.AddScaled(y, t.Linear(t.Linear(x, l.lora.a, nil), l.lora.b, nil), l.lora.scale)
}

// of is the perceptron of every row of x.
func (p mlp) of(t *tape.Tape, x *tape.Var) *tape.Var {
	up := p.up.of(t, x)
	if p.gate.weight == nil {
		return p.down.of(t, t.GELUTanh(up))
	}
	return p.down.of(t, t.SwiGLU(p.gate.of(t, x), up))
}

// of joins area rows of x to one and projects it into the language model.
func (g *merger) of(t *tape.Tape, x *tape.Var, area int) *tape.Var {
	join := func(x *tape.Var) *tape.Var { return tape.Reshape(x, x.Rows/area, x.Cols*area) }
	if g.joined {
		x = g.norm.of(t, join(x), visionEps)
	} else {
		x = join(g.norm.of(t, x, visionEps))
	}
	return g.fc2.of(t, t.GELU(g.fc1.of(t, x)))
}
