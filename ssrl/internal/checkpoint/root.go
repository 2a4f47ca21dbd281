package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// stepPrefix and trackerName are EasyR1's.
const (
	stepPrefix  = "global_step_"
	trackerName = "checkpoint_tracker.json"
	maxTracker  = 1 << 20 // bytes
)

// Dir is the directory of a step below root.
func Dir(root string, step int) string { return filepath.Join(root, stepPrefix+strconv.Itoa(step)) }

// Steps lists the steps below root that have a checkpoint, ascending. It reads
// names and looks for manifests; Open says whether one is sound. A root that is
// not there has none.
func Steps(root string) ([]int, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var steps []int
	for _, e := range entries {
		name := e.Name()
		if hidden, ok := strings.CutPrefix(name, "."); ok {
			if name, ok = strings.CutSuffix(hidden, ".old"); !ok {
				continue
			}
		}
		step, ok := stepOf(name)
		if ok && exists(filepath.Join(locate(Dir(root, step)), manifestName)) {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	return slices.Compact(steps), nil
}

// stepOf takes exactly the names that Dir gives, so not global_step_12abc.
func stepOf(name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, stepPrefix)
	if !ok {
		return 0, false
	}
	step, err := strconv.Atoi(digits)
	return step, err == nil && step >= 0 && strconv.Itoa(step) == digits
}

// Latest is the directory of the highest step below root; the error is
// fs.ErrNotExist where there is none.
func Latest(root string) (string, error) {
	steps, err := Steps(root)
	if err != nil {
		return "", err
	}
	if len(steps) == 0 {
		return "", fmt.Errorf("%s: no %s*: %w", root, stepPrefix, fs.ErrNotExist)
	}
	return Dir(root, steps[len(steps)-1]), nil
}

// Prune deletes the oldest checkpoints below root until keep are left. The
// latest and the protected steps (the best one, the one resumed from) count but
// are never deleted. A keep of 0 or less deletes nothing. Call it after a save,
// never before.
func Prune(root string, keep int, protect ...int) error { return prune(disk{}, root, keep, protect) }

func prune(v volume, root string, keep int, protect []int) error {
	if keep <= 0 {
		return nil
	}
	steps, err := Steps(root)
	if err != nil {
		return err
	}
	surplus := len(steps) - keep
	for i, step := range steps {
		if surplus <= 0 {
			break
		}
		if i == len(steps)-1 || slices.Contains(protect, step) {
			continue
		}
		if err := remove(v, Dir(root, step)); err != nil {
			return fmt.Errorf("checkpoint %s: %w", Dir(root, step), err)
		}
		surplus--
	}
	return sweep(v, root)
}

// remove takes a checkpoint out of sight in one move before it deletes files.
func remove(v volume, dir string) error {
	if err := settle(v, dir); err != nil {
		return err
	}
	gone := beside(dir, ".gone")
	if exists(gone) {
		if err := v.removeAll(gone); err != nil {
			return err
		}
	}
	if err := v.rename(dir, gone); err != nil {
		return err
	}
	return v.removeAll(gone)
}

// sweep deletes what a stopped remove left.
func sweep(v volume, root string) error {
	left, err := filepath.Glob(filepath.Join(escape(root), "."+stepPrefix+"*.gone"))
	if err != nil {
		return err
	}
	for _, name := range left {
		if err := v.removeAll(name); err != nil {
			return err
		}
	}
	return nil
}

// escape quotes what Glob would take for a pattern.
func escape(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(path)
}

// Tracker is checkpoint_tracker.json, with EasyR1's keys. Resuming needs Latest
// only; the tracker remembers which step was best.
type Tracker struct {
	BestStep  *int     `json:"best_global_step"`      // nil before the first validation
	BestScore *float64 `json:"best_val_reward_score"` // nil likewise
	LastStep  int      `json:"last_global_step"`
	LastPath  string   `json:"last_actor_path"`
}

// Better records a validated step and tells whether it is the best so far.
func (t *Tracker) Better(step int, score float64) bool {
	if t.BestScore != nil && cmp.Compare(score, *t.BestScore) <= 0 { // NaN is below every number
		return false
	}
	if score != score {
		return false
	}
	t.BestStep, t.BestScore = &step, &score
	return true
}

// ReadTracker reads the tracker below root; a missing one is empty.
func ReadTracker(root string) (Tracker, error) {
	var t Tracker
	name := filepath.Join(root, trackerName)
	text, err := readSmall(name, maxTracker)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&t); err != nil {
		return t, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// WriteTracker replaces the tracker below root in one move. Call it after Save.
func WriteTracker(root string, t Tracker) error { return writeTracker(disk{}, root, t) }

func writeTracker(v volume, root string, t Tracker) error {
	text, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", trackerName, err)
	}
	name := filepath.Join(root, trackerName)
	fresh := beside(name, ".new")
	if exists(fresh) {
		if err := v.removeAll(fresh); err != nil {
			return err
		}
	}
	f, err := v.create(fresh)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = v.rename(fresh, name)
	}
	if err != nil {
		return errors.Join(err, v.removeAll(fresh))
	}
	return v.syncDir(root)
}
