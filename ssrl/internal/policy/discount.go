package policy

// discounted is G_t = r_t + gamma G_{t+1}; a token that does not count ends the
// sum for those before it, as upstream's reset past the end of a response.
func discounted(rewards [][]float64, mask Mask, gamma float64) [][]float64 {
	out := like(rewards)
	for i, row := range rewards {
		running := 0.0
		for t := len(row) - 1; t >= 0; t-- {
			running = row[t] + gamma*running
			out[i][t] = running
			if !mask.on(i, t) {
				running = 0
			}
		}
	}
	return out
}

// toGo is the sum of the rewards that count from each token to the end.
func toGo(rewards [][]float64, mask Mask) [][]float64 {
	out := like(rewards)
	for i, row := range rewards {
		sum := 0.0
		for t := len(row) - 1; t >= 0; t-- {
			if mask.on(i, t) {
				sum += row[t]
				out[i][t] = sum
			}
		}
	}
	return out
}

// generalised is GAE (arXiv 1506.02438) with tokens that do not count skipped:
// they carry the later value and advantage on, 0 after the last token. Upstream
// decides that for a whole column at once, which is wrong for ragged rows.
func generalised(rewards, values [][]float64, mask Mask, gamma, lambda float64) (adv, returns [][]float64) {
	sameShape("gae", rewards, mask, values)
	adv, returns = like(rewards), like(rewards)
	for i, row := range rewards {
		nextValue, carried := 0.0, 0.0
		for t := len(row) - 1; t >= 0; t-- {
			if mask.on(i, t) {
				delta := row[t] + gamma*nextValue - values[i][t]
				carried = delta + gamma*lambda*carried
				nextValue = values[i][t]
			}
			adv[i][t] = carried
			returns[i][t] = carried + values[i][t]
		}
	}
	return adv, returns
}
