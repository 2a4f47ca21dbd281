//go:build !unix

package bench

func cpuSeconds() float64 { return 0 }
func resetPeak()          {}
func peakMB() float64     { return 0 }

func processAge() float64 { return 0 }
