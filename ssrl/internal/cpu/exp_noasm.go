//go:build !amd64 || noasm

package cpu

func (s isa) expLanes(_, _ []float32, _, _, _ float32) int { return 0 }

func (s isa) sumLanes(_ *[lanes]float32, _ []float32) int { return 0 }

func (s isa) maxLanes(_ *[lanes]float32, _ []float32) int { return 0 }
