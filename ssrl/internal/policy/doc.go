// Package policy is the arithmetic of policy-gradient training: rewards to
// advantages, log-probabilities to a loss and its gradient, KL penalties,
// response masks and batch layout, as EasyR1 b44b311 computes them.
//
// One step of GRPO reads
//
//	adv, err := policy.GroupAdvantages(scores, groups, policy.AdvantageOptions{Estimator: policy.GRPO})
//	res := objective.Eval(policy.Batch{LogProbs: lp, Old: old, Ref: ref, Advantages: policy.Spread(adv, lp)})
//	// res.Grad[i][t] is d loss / d log-probability, where backward starts.
//
// Arrays are ragged: row i is one response, token by token, without padding,
// and everything is float64. A Mask switches single tokens off.
//
// **Limits.** Everything is on the host and pure; nothing here knows the model
// or a device. Rows and masks of unequal lengths are the caller's bug and
// panic. Values that are not finite are passed on, never hidden.
package policy
