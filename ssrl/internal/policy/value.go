package policy

// ValueMetrics are critic/vf_clipfrac and critic/vpred_mean.
type ValueMetrics struct{ ClipFraction, Mean float64 }

// ValueLoss is half the squared error of a value network against the returns,
// the larger of it and the one of the prediction held within clip of the value
// at the time of drawing, with its derivative by every prediction (EasyR1
// core_algos.compute_value_loss).
func ValueLoss(pred, returns, values [][]float64, mask Mask, clip float64, average Average, length int) (loss float64, m ValueMetrics, grad [][]float64) {
	sameShape("value loss", pred, mask, returns, values)
	grad = like(pred)
	weights := average.weights(pred, mask, length)
	clips := 0.0
	for i, row := range pred {
		sum := 0.0
		for t, p := range row {
			if !mask.on(i, t) {
				continue
			}
			free := p - returns[i][t]
			held := clamp(p, values[i][t]-clip, values[i][t]+clip) - returns[i][t]
			if free*free < held*held { // held is away from p, so it does not move with it
				sum += held * held / 2
				clips++
				continue
			}
			sum += free * free / 2
			grad[i][t] = weights[i] * free
		}
		loss += weights[i] * sum
	}
	m = ValueMetrics{clips / (float64(mask.Count(pred)) + tiny), Mean(pred, mask)}
	return loss, m, grad
}
