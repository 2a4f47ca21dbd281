//go:build !amd64 || noasm

package cpu

func (s isa) addEights(_, _, _ []float32) int { return 0 }

func (s isa) dotEights(_ *[8]float64, _, _ []float32) int { return 0 }

func (s isa) siluEights(_, _, _, _ []float32) int { return 0 }

func (s isa) siluUpEights(_, _, _, _ []float32) int { return 0 }

func (s isa) siluGateEights(_, _, _, _, _ []float32) int { return 0 }

func (s isa) slopeEights(_, _ []float32, _, _ float32) int { return 0 }

func (s isa) adamEights(_, _, _, _ []float32, _ *adamStep) int { return 0 }

func (s isa) widenEights(_ []float32, _ []uint16) int { return 0 }
