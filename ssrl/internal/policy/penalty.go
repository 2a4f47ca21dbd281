package policy

import "fmt"

// KLController holds the coefficient of the KL term in the reward, and changes
// it when it has a horizon. Its Coef is state: save and restore it with the
// trainer (upstream forgets it on resume).
type KLController struct {
	Coef    float64
	Target  float64 // divergence aimed at
	Horizon float64 // rows over which the coefficient adapts; 0 keeps it fixed
}

// Check refuses settings that have no meaning.
func (c KLController) Check() error {
	switch {
	case !(c.Coef >= 0):
		return fmt.Errorf("kl coefficient %g (want >= 0)", c.Coef)
	case !(c.Horizon >= 0):
		return fmt.Errorf("kl horizon %g (want >= 0)", c.Horizon)
	case c.Horizon > 0 && !(c.Target > 0):
		return fmt.Errorf("kl target %g (want > 0)", c.Target)
	}
	return nil
}

// Update moves the coefficient after a batch of rows whose mean divergence was
// kl (Ziegler et al., arXiv 1909.08593, section 2.2). A fixed one stays.
func (c *KLController) Update(kl float64, rows int) {
	if c.Horizon > 0 {
		c.Coef *= 1 + clamp(kl/c.Target-1, -0.2, 0.2)*float64(rows)/c.Horizon
	}
}

// Penalise returns scores - Coef * KL(old, ref) per token that counts, and the
// divergence (the mean over rows of their means, actor/kl_penalty), and then
// updates the controller. Tokens that do not count keep their score.
func (c *KLController) Penalise(scores, old, ref [][]float64, mask Mask, kind KLKind) (rewards [][]float64, kl float64) {
	sameShape("kl in reward", scores, mask, old, ref)
	values, _ := KL(kind, old, ref, mask)
	rewards = like(scores)
	for i, row := range scores {
		for t, s := range row {
			rewards[i][t] = s - c.Coef*values[i][t]
		}
	}
	for _, mean := range RowMeans(values, mask) {
		kl += mean / float64(len(scores))
	}
	c.Update(kl, len(scores))
	return rewards, kl
}
