package cpu

func bestISA() isa { return portable }

func (s isa) kernel(strip, panels, k int, a strided, b []float32, next int, c []float32, ldc int) {
	kernelPortable(strip, k, a, b, c, ldc)
}
