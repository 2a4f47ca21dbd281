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

// ticks is the length of a second in /proc's times, the same on every Linux.
const ticks = 100

// processAge is how many seconds ago the process began, 0 where /proc does not tell.
func processAge() float64 {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	// The name, field 2, is in parentheses and may hold anything; field 22 is when it began.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	uptime, err := os.ReadFile("/proc/uptime")
	if err != nil || len(fields) < 20 {
		return 0
	}
	began, _ := strconv.ParseFloat(string(fields[19]), 64)
	now, _, _ := bytes.Cut(uptime, []byte(" "))
	up, _ := strconv.ParseFloat(string(now), 64)
	return max(0, up-began/ticks)
}
