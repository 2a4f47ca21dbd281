package policy_test

import (
	"fmt"

	"ssrl/internal/policy"
)

// Two prompts of two answers each; the second prompt was answered equally well,
// so only its divergence from the reference is trained on.
func ExampleObjective_Eval() {
	groups := []int{0, 0, 1, 1}
	adv, err := policy.GroupAdvantages([]float64{1, 0.1, 0.9, 0.9}, groups, policy.AdvantageOptions{Estimator: policy.GRPO})
	if err != nil {
		panic(err)
	}
	lp := [][]float64{{-0.5, -1}, {-2}, {-0.25, -0.5}, {-1}}
	ref := [][]float64{{-0.5, -1}, {-2}, {-0.25, -1}, {-1}}
	o := policy.Objective{Loss: policy.RecipeLoss(), KL: policy.KLLowVar, KLCoef: 0.01}
	r := o.Eval(policy.Batch{LogProbs: lp, Old: lp, Ref: ref, Advantages: policy.Spread(adv, lp)})
	fmt.Printf("loss %.4f, policy %.4f, kl %.4f\n", r.Loss, r.Policy, r.KL)
	for _, g := range r.Grad {
		fmt.Printf("%.4f\n", g)
	}
	// Output:
	// loss -0.1177, policy -0.1179, kl 0.0178
	// [-0.1179 -0.1179]
	// [0.1179]
	// [0.0000 0.0007]
	// [0.0000]
}
