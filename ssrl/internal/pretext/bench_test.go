package pretext_test

import (
	"fmt"
	"testing"

	"ssrl/internal/pretext"
	"ssrl/internal/seed"
)

// BenchmarkMake measures one question from a decoded frame.
func BenchmarkMake(b *testing.B) {
	for _, size := range [][2]int{{56, 56}, {640, 480}, {1024, 768}, {1920, 1080}} {
		for _, task := range []pretext.Task{pretext.Shuffle{}, pretext.Flip{}, pretext.Crop{}, pretext.DepthOrder{}, pretext.Position{}} {
			f := suitable(b, task, size[0], size[1])
			b.Run(fmt.Sprintf("%s/%dx%d", task.Name(), size[0], size[1]), func(b *testing.B) {
				k, made := 0, 0
				for b.Loop() {
					k++
					if _, err := task.Make(seed.Rand(uint64(k), f.Name), f); err == nil {
						made++
					}
				}
				b.ReportMetric(float64(made)/float64(b.N), "samples/op")
			})
		}
	}
}
