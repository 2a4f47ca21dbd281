package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errStopped = errors.New("stopped")

// loss says what a stop takes with it.
type loss int

const (
	killed    loss = iota // the process ends; the disk keeps what it was told
	powerLoss             // and files lose what was not synced
	unordered             // and directories the renames that were not synced
)

// hasty is a real disk without its syncs, which cost time and change nothing here.
type hasty struct{ disk }

func (hasty) syncFile(string) error { return nil }
func (hasty) syncDir(string) error  { return nil }

func (h hasty) create(name string) (sink, error) {
	f, err := h.disk.create(name)
	if err != nil {
		return nil, err
	}
	return hastyFile{f}, nil
}

type hastyFile struct{ sink }

func (hastyFile) Sync() error { return nil }

// put saves without syncing.
func put(dir string, step int) error { return save(hasty{}, dir, step, fill(step)) }

// mortal is a disk that dies at its n-th operation, in the middle of it,
// after which nothing succeeds any more.
type mortal struct {
	hasty
	left  int
	how   loss
	attic string // a directory for what renames replace
	log   []string

	dead    bool
	root    string
	synced  map[string]bool // files whose data is safe
	renames []renamed       // not synced
}

// renamed is a rename that may yet be lost; lost holds what it replaced.
type renamed struct{ from, to, lost string }

// newMortal takes what lies below root for safe.
func newMortal(left int, how loss, root, attic string) *mortal {
	m := &mortal{left: left, how: how, attic: attic, root: root, synced: map[string]bool{}}
	for _, name := range filesBelow(root) {
		m.synced[name] = true
	}
	return m
}

func filesBelow(root string) (names []string) {
	filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	return names
}

// next counts an operation and tells whether it is the fatal one.
func (m *mortal) next(format string, args ...any) (fatal bool, err error) {
	if m.dead {
		return false, errStopped
	}
	m.log = append(m.log, fmt.Sprintf(format, args...))
	if m.left--; m.left != 0 {
		return false, nil
	}
	return true, nil
}

// die takes back what the disk had not been made to keep.
func (m *mortal) die() error {
	if m.dead {
		return errStopped
	}
	m.dead = true
	if m.how >= powerLoss {
		for _, name := range filesBelow(m.root) {
			if st, err := os.Stat(name); err == nil && !m.synced[name] {
				os.Truncate(name, st.Size()/2)
			}
		}
	}
	if m.how >= unordered {
		for _, r := range slices.Backward(m.renames) {
			os.Rename(r.to, r.from)
			if r.lost != "" {
				os.Rename(r.lost, r.to)
			}
		}
	}
	return errStopped
}

func (m *mortal) mkdirAll(dir string) error {
	if fatal, err := m.next("mkdir %s", filepath.Base(dir)); fatal || err != nil {
		return errors.Join(err, m.die())
	}
	return m.hasty.mkdirAll(dir)
}

func (m *mortal) create(name string) (sink, error) {
	if fatal, err := m.next("create %s", filepath.Base(name)); fatal || err != nil {
		return nil, errors.Join(err, m.die())
	}
	f, err := m.hasty.create(name)
	if err != nil {
		return nil, err
	}
	delete(m.synced, name)
	return &mortalFile{m, f, name}, nil
}

func (m *mortal) syncFile(name string) error {
	if fatal, err := m.next("fsync %s", filepath.Base(name)); fatal || err != nil {
		return errors.Join(err, m.die())
	}
	m.synced[name] = true
	return m.hasty.syncFile(name)
}

func (m *mortal) syncDir(dir string) error {
	if fatal, err := m.next("fsync dir"); fatal || err != nil {
		return errors.Join(err, m.die())
	}
	m.renames = slices.DeleteFunc(m.renames, func(r renamed) bool { return filepath.Dir(r.to) == filepath.Clean(dir) })
	return m.hasty.syncDir(dir)
}

func (m *mortal) rename(from, to string) error {
	if fatal, err := m.next("rename %s %s", filepath.Base(from), filepath.Base(to)); fatal || err != nil {
		return errors.Join(err, m.die())
	}
	r := renamed{from: from, to: to}
	if exists(to) {
		r.lost = filepath.Join(m.attic, fmt.Sprint(len(m.log)))
		if err := os.Link(to, r.lost); err != nil {
			return err
		}
	}
	m.renames = append(m.renames, r)
	for name := range m.synced { // data stays with its file
		if rest, ok := strings.CutPrefix(name, from); ok && (rest == "" || rest[0] == '/') {
			delete(m.synced, name)
			m.synced[to+rest] = true
		}
	}
	return m.hasty.rename(from, to)
}

// removeAll that dies has taken every other file, the manifest among them or not.
func (m *mortal) removeAll(dir string) error {
	fatal, err := m.next("remove %s", filepath.Base(dir))
	if err != nil {
		return err
	}
	if fatal {
		entries, _ := os.ReadDir(dir)
		for i, e := range entries {
			if i%2 == m.left&1 {
				os.RemoveAll(filepath.Join(dir, e.Name()))
			}
		}
		return m.die()
	}
	return m.hasty.removeAll(dir)
}

type mortalFile struct {
	m    *mortal
	f    sink
	name string
}

func (f *mortalFile) Write(b []byte) (int, error) {
	fatal, err := f.m.next("write %s", filepath.Base(f.name))
	if err != nil {
		return 0, err
	}
	if fatal {
		n, _ := f.f.Write(b[:len(b)/2])
		return n, f.m.die()
	}
	return f.f.Write(b)
}

func (f *mortalFile) Sync() error {
	if fatal, err := f.m.next("fsync %s", filepath.Base(f.name)); fatal || err != nil {
		return errors.Join(err, f.m.die())
	}
	f.m.synced[f.name] = true
	return f.f.Sync()
}

func (f *mortalFile) Close() error {
	err := f.f.Close()
	if f.m.dead {
		return errStopped
	}
	return err
}

type state struct{ Step, Seen int }

// fill writes a small checkpoint of every sort of file, one of them by path.
func fill(step int) func(w *Writer) error {
	return func(w *Writer) error {
		if err := w.JSON("state.json", state{step, 10 * step}); err != nil {
			return err
		}
		values := func(dst []float32) error {
			for i := range dst {
				dst[i] = float32(i + step)
			}
			return nil
		}
		if err := w.Tensors("moments/adam.safetensors", []Tensor{{"m", []int{3, 5}, values}, {"v", []int{7}, values}}); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(w.Dir(), "notes.txt"), []byte(fmt.Sprint("step ", step)), 0o666)
	}
}

// sound opens the checkpoint at dir and checks that all of it is of one step.
func sound(t *testing.T, dir string) int {
	t.Helper()
	c, err := Open(dir)
	require.NoError(t, err)
	var s state
	require.NoError(t, c.JSON("state.json", &s))
	require.Equal(t, state{c.Step, 10 * c.Step}, s)
	f, err := c.Tensors("moments/adam.safetensors")
	require.NoError(t, err)
	defer f.Close()
	v, err := f.Float32("v")
	require.NoError(t, err)
	require.Equal(t, float32(c.Step+6), v[6])
	text, err := os.ReadFile(c.Path("notes.txt"))
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint("step ", c.Step), string(text))
	return c.Step
}

// leftovers lists hidden names below root.
func leftovers(t *testing.T, root string) (hidden []string) {
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			hidden = append(hidden, e.Name())
		}
	}
	return hidden
}

// stopEverywhere runs act with a disk that dies at the first, second, ...
// operation until it survives, and check after each.
func stopEverywhere(t *testing.T, prepare func(root string), act func(v volume, root string) error, check func(t *testing.T, root string, finished bool)) {
	for _, how := range []loss{killed, powerLoss, unordered} {
		for n := 1; ; n++ {
			root := t.TempDir()
			prepare(root)
			v := newMortal(n, how, root, t.TempDir())
			err := act(v, root)
			name := "finished"
			if err != nil {
				require.ErrorIs(t, err, errStopped)
				name = fmt.Sprintf("%d of %d: %s", how, n, v.log[len(v.log)-1])
			}
			t.Run(name, func(t *testing.T) { check(t, root, err == nil) })
			if err == nil {
				require.Greater(t, n, 10, "the disk was used")
				break
			}
		}
	}
}

// TestStopWhileReplacing: the checkpoint of one name is there, old or new,
// after a stop at any operation, and the next save works and clears up.
func TestStopWhileReplacing(t *testing.T) {
	at := func(root string) string { return filepath.Join(root, "last") }
	stopEverywhere(t,
		func(root string) { require.NoError(t, put(at(root), 1)) },
		func(v volume, root string) error { return save(v, at(root), 2, fill(2)) },
		func(t *testing.T, root string, finished bool) {
			step := sound(t, at(root))
			assert.True(t, step == 1 && !finished || step == 2, "step %d", step)
			require.NoError(t, put(at(root), 3))
			assert.Equal(t, 3, sound(t, at(root)))
			assert.Empty(t, leftovers(t, root))
		})
}

// TestStopWhileAdding: steps in directories of their own, the tracker and the
// pruning after them. The latest that can be loaded is at most one step behind,
// and no protected one is lost.
func TestStopWhileAdding(t *testing.T) {
	stopEverywhere(t,
		func(root string) {
			for step := 1; step <= 3; step++ {
				require.NoError(t, put(Dir(root, step), step))
			}
			require.NoError(t, WriteTracker(root, Tracker{LastStep: 3, LastPath: Dir(root, 3)}))
		},
		func(v volume, root string) error {
			if err := save(v, Dir(root, 4), 4, fill(4)); err != nil {
				return err
			}
			if err := writeTracker(v, root, Tracker{LastStep: 4, LastPath: Dir(root, 4)}); err != nil {
				return err
			}
			return prune(v, root, 2, []int{1})
		},
		func(t *testing.T, root string, finished bool) {
			dir, err := Latest(root)
			require.NoError(t, err)
			step := sound(t, dir)
			assert.True(t, step == 3 && !finished || step == 4, "step %d", step)
			assert.Equal(t, 1, sound(t, Dir(root, 1)), "the protected one")
			tracker, err := ReadTracker(root)
			require.NoError(t, err)
			assert.True(t, tracker.LastStep == 3 || tracker.LastStep == 4)
			steps, err := Steps(root)
			require.NoError(t, err)
			for _, s := range steps {
				assert.Equal(t, s, sound(t, Dir(root, s)), "every listed step is whole")
			}
			require.NoError(t, put(Dir(root, 4), 4))
			require.NoError(t, WriteTracker(root, Tracker{LastStep: 4}))
			require.NoError(t, Prune(root, 2, 1))
			steps, err = Steps(root)
			require.NoError(t, err)
			assert.Equal(t, []int{1, 4}, steps)
			assert.Empty(t, leftovers(t, root))
		})
}

// TestStopWhileRecovering: the save after a stop may be stopped too.
func TestStopWhileRecovering(t *testing.T) {
	at := func(root string) string { return filepath.Join(root, "last") }
	for _, newIsWhole := range []bool{true, false} {
		stopEverywhere(t,
			func(root string) {
				require.NoError(t, put(at(root), 1))
				require.NoError(t, os.Rename(at(root), beside(at(root), ".old")))
				require.NoError(t, put(at(root)+"x", 2))
				require.NoError(t, os.Rename(at(root)+"x", beside(at(root), ".new")))
				if !newIsWhole {
					require.NoError(t, os.Truncate(filepath.Join(beside(at(root), ".new"), "state.json"), 3))
				}
				want := 1
				if newIsWhole {
					want = 2
				}
				require.Equal(t, want, sound(t, at(root)))
			},
			func(v volume, root string) error { return save(v, at(root), 3, fill(3)) },
			func(t *testing.T, root string, finished bool) {
				step := sound(t, at(root))
				assert.True(t, finished == (step == 3) || step == 3, "step %d", step)
				if newIsWhole {
					assert.NotEqual(t, 1, step, "no step back")
				}
				require.NoError(t, put(at(root), 4))
				assert.Equal(t, 4, sound(t, at(root)))
				assert.Empty(t, leftovers(t, root))
			})
	}
}

// stubborn fails one kind of operation for good, as a full or read-only disk.
type stubborn struct {
	disk
	fails string
	err   error
	after int // bytes that still fit
}

func (s *stubborn) mkdirAll(dir string) error {
	if s.fails == "mkdir" && !exists(dir) {
		return &os.PathError{Op: "mkdir", Path: dir, Err: s.err}
	}
	return s.disk.mkdirAll(dir)
}

func (s *stubborn) rename(from, to string) error {
	if s.fails == "rename" && strings.HasSuffix(from, ".new") {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: s.err}
	}
	return s.disk.rename(from, to)
}

func (s *stubborn) create(name string) (sink, error) {
	f, err := s.disk.create(name)
	return &fullFile{f, s}, err
}

type fullFile struct {
	sink
	s *stubborn
}

func (f *fullFile) Write(b []byte) (int, error) {
	if f.s.fails != "write" {
		return f.sink.Write(b)
	}
	n := min(len(b), f.s.after)
	f.s.after -= n
	n, err := f.sink.Write(b[:n])
	if err == nil && n < len(b) {
		err = f.s.err
	}
	return n, err
}

// TestRefusedSavesKeepTheOld: no space, no right to write, no rename.
func TestRefusedSavesKeepTheOld(t *testing.T) {
	for _, v := range []*stubborn{
		{fails: "mkdir", err: syscall.EROFS},
		{fails: "rename", err: syscall.EIO},
		{fails: "write", err: syscall.ENOSPC, after: 0},
		{fails: "write", err: syscall.ENOSPC, after: 30},
		{fails: "write", err: syscall.ENOSPC, after: 400},
	} {
		t.Run(fmt.Sprintf("%s/%v/%d", v.fails, v.err, v.after), func(t *testing.T) {
			root := t.TempDir()
			dir := Dir(root, 1)
			require.NoError(t, put(dir, 1))
			err := save(v, dir, 2, fill(2))
			require.ErrorIs(t, err, v.err)
			require.ErrorContains(t, err, "checkpoint "+dir)
			assert.Equal(t, 1, sound(t, dir))
			assert.Empty(t, leftovers(t, root))
		})
	}
}

func TestWriterErrorKeepsTheOld(t *testing.T) {
	root := t.TempDir()
	dir := Dir(root, 1)
	require.NoError(t, put(dir, 1))
	cancelled := errors.New("cancelled")
	for name, write := range map[string]func(w *Writer) error{
		"at once": func(*Writer) error { return cancelled },
		"in a file": func(w *Writer) error {
			return w.File("a", func(io.Writer) error { return cancelled })
		},
		"in a tensor": func(w *Writer) error {
			return w.Tensors("a", []Tensor{{"t", []int{1}, func([]float32) error { return cancelled }}})
		},
	} {
		require.ErrorIs(t, Save(dir, 2, write), cancelled, name)
		assert.Equal(t, 1, sound(t, dir))
		assert.Empty(t, leftovers(t, root))
	}
}
