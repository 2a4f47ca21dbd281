//go:build !amd64 || noasm

package cpu

func (s isa) addEights(_, _, _ []float32) int { return 0 }

func (s isa) addScaledEights(_, _, _ []float32, _ float32) int { return 0 }

func (s isa) scaleEights(_, _ []float32, _ float32) int { return 0 }

func (s isa) productEights(_, _, _ []float32) int { return 0 }

func (s isa) normEights(_, _, _ []float32, _ float32) int { return 0 }

func (s isa) normBackEights(_, _, _ []float32, _, _ float32) int { return 0 }

func (s isa) normWeightEights(_, _, _ []float32, _ float32) int { return 0 }

func (s isa) ropeRow(_, _, _, _ []float32, _ bool) bool { return false }

func (s isa) totalEights(_ *[8]float64, _ []float32) int { return 0 }

func (s isa) dotEights(_ *[8]float64, _, _ []float32) int { return 0 }

func (s isa) siluEights(_, _, _, _ []float32) int { return 0 }

func (s isa) siluUpEights(_, _, _, _ []float32) int { return 0 }

func (s isa) siluGateEights(_, _, _, _, _ []float32) int { return 0 }

func (s isa) slopeEights(_, _ []float32, _, _ float32) int { return 0 }

func (s isa) adamEights(_, _, _, _ []float32, _ *adamStep) int { return 0 }

func (s isa) widenEights(_ []float32, _ []uint16) int { return 0 }
