package policy_test

import (
	"testing"

	"ssrl/internal/policy"
	"ssrl/internal/seed"
)

// BenchmarkEval is one optimiser step of the recipe: 640 responses of 400 tokens.
func BenchmarkEval(b *testing.B) {
	r := seed.Rand(1, "bench")
	draw := func() [][]float64 {
		rows := make([][]float64, 640)
		for i := range rows {
			rows[i] = make([]float64, 400)
			for t := range rows[i] {
				rows[i][t] = -r.Float64()
			}
		}
		return rows
	}
	batch := policy.Batch{LogProbs: draw(), Old: draw(), Ref: draw(), Advantages: draw()}
	o := policy.Objective{Loss: policy.RecipeLoss(), KL: policy.KLLowVar, KLCoef: 0.01}
	for b.Loop() {
		o.Eval(batch)
	}
	b.ReportMetric(640*400*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtokens/s")
}

// BenchmarkPartition balances a trainer step of the recipe over eight ranks.
func BenchmarkPartition(b *testing.B) {
	r := seed.Rand(1, "bench")
	lengths := make([]int, 1280)
	for i := range lengths {
		lengths[i] = 600 + r.IntN(2000)
	}
	for b.Loop() {
		if _, err := policy.Partition(lengths, 8, true); err != nil {
			b.Fatal(err)
		}
	}
}
