package optim

import (
	"fmt"
	"math"

	"ssrl/internal/tensor"
)

// normFloor keeps the clip's quotient finite (torch.nn.utils.clip_grad_norm_).
const normFloor = 1e-6

// Param is a trained array with its gradient and, under AdamW, its two moments.
// All have one shape and live on one device.
type Param struct {
	Name  string
	Value *tensor.Tensor
	Grad  *tensor.Tensor
	M, V  *tensor.Tensor
}

// NotFiniteError says that a gradient has an infinite value or none. No weight
// was changed.
type NotFiniteError struct{ Name string }

func (e *NotFiniteError) Error() string {
	return fmt.Sprintf("gradient of %s is not finite (the weights are as they were)", e.Name)
}

// Norm is the Euclidean norm of all gradients together, summed in the order
// of params in float64. It names the first that is not finite.
func Norm(dev tensor.Device, params []Param) (float64, error) {
	sum := 0.0
	for _, p := range params {
		s := dev.SumSquares(p.Grad)
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return s, &NotFiniteError{p.Name}
		}
		sum += s
	}
	return math.Sqrt(sum), nil
}

// ClipScale is the factor that brings gradients of the given norm to at most
// limit: min(1, limit/(norm+1e-6)). A limit of 0 does not clip.
func ClipScale(norm, limit float64) float64 {
	if limit <= 0 {
		return 1
	}
	return min(1, limit/(norm+normFloor))
}

// ZeroGrads empties the gradients, after a step that was refused.
func ZeroGrads(dev tensor.Device, params []Param) {
	for _, p := range params {
		dev.Zero(p.Grad)
	}
}
