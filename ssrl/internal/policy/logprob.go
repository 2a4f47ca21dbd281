package policy

import "math"

// LogProb is log softmax(logits/temperature) at label in float64, the reference
// for Device.LogProb. Temperature 0 means greedy drawing, of which no density
// exists; the logits are then taken as they are.
func LogProb(logits []float64, label int, temperature float64) float64 {
	if temperature == 0 {
		temperature = 1
	}
	return logits[label]/temperature - logSumExp(logits, temperature)
}

// LogProbBack adds upstream * d LogProb / d logits to grad.
func LogProbBack(grad, logits []float64, label int, temperature, upstream float64) {
	if temperature == 0 {
		temperature = 1
	}
	lse := logSumExp(logits, temperature)
	for v, z := range logits {
		grad[v] -= upstream * math.Exp(z/temperature-lse) / temperature
	}
	grad[label] += upstream / temperature
}

func logSumExp(logits []float64, temperature float64) float64 {
	high := math.Inf(-1)
	for _, z := range logits {
		high = max(high, z/temperature)
	}
	if math.IsInf(high, -1) {
		return high
	}
	sum := 0.0
	for _, z := range logits {
		sum += math.Exp(z/temperature - high)
	}
	return high + math.Log(sum)
}
