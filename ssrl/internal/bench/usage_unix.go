//go:build unix

package bench

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// cpuSeconds is the processor time that the process has used.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// resetPeak makes peakMB count from here, where the system can do that.
func resetPeak() { os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peakMB is the most memory that the process had resident, in 10^6 bytes.
func peakMB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if _, rest, ok := bytes.Cut(status, []byte("VmHWM:")); err == nil && ok {
		if fields := bytes.Fields(rest); len(fields) > 0 {
			kib, _ := strconv.ParseFloat(string(fields[0]), 64)
			return kib * 1024 / 1e6
		}
	}
	return 0
}
