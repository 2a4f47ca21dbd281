package ssrl

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxAssociations bounds a file of associations, in bytes: a million lines.
	maxAssociations = 64 << 20

	// maxDifference is the default of TUM's associate.py, in seconds.
	maxDifference = 0.02

	// maxNeighbours bounds the depth maps that are looked at for an image.
	maxNeighbours = 32
)

// stamped is a file and when it was taken, in seconds.
type stamped struct {
	time float64
	name string // with slashes
}

// pair is an image and a depth map that may belong to it.
type pair struct {
	image, depth int
	apart        float64 // seconds
}

// associate fills names and depth from the file of associations.
func (l *listing) associate() error {
	path, most := l.Associations, l.MaxDifference
	if most == 0 {
		most = maxDifference
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "rgb.txt")
	}
	images, depths, err := readStamped(path)
	if err != nil {
		return err
	}
	var pairs []pair
	given := depths != nil
	if given {
		for i := range images {
			pairs = append(pairs, pair{i, i, math.Abs(images[i].time - depths[i].time)})
		}
	} else {
		var more []stamped
		list := filepath.Join(filepath.Dir(path), "depth.txt")
		if depths, more, err = readStamped(list); err != nil {
			return err
		}
		if more != nil {
			return fmt.Errorf("associations %s: four fields a line (want two, as %s has)", list, path)
		}
		pairs = candidates(images, depths)
	}
	l.depth, err = match(pairs, images, depths, most, given)
	if err != nil {
		return fmt.Errorf("associations %s: %w", path, err)
	}
	for name := range l.depth {
		l.names = append(l.names, name)
	}
	slices.Sort(l.names)
	if n := len(images) - len(l.names); n > 0 {
		l.notice = fmt.Sprintf("%d of %d images left out: no depth within %v s", n, len(images), most)
	}
	return nil
}

// candidates pairs each image with the depth maps next to it in time. The lists
// are brought into the order of time.
func candidates(images, depths []stamped) []pair {
	byTime := func(a, b stamped) int { return cmp.Compare(a.time, b.time) }
	slices.SortStableFunc(images, byTime)
	slices.SortStableFunc(depths, byTime)
	var pairs []pair
	for i, im := range images {
		after, _ := slices.BinarySearchFunc(depths, im.time, func(d stamped, t float64) int { return cmp.Compare(d.time, t) })
		for j := max(after-maxNeighbours/2, 0); j < min(after+maxNeighbours/2, len(depths)); j++ {
			pairs = append(pairs, pair{i, j, math.Abs(im.time - depths[j].time)})
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(a.apart, b.apart) })
	return pairs
}

// match takes pairs in their order, each image once, and unless the pairs are
// given each depth map.
func match(pairs []pair, images, depths []stamped, most float64, given bool) (map[string]string, error) {
	depth, taken, nearest := map[string]string{}, map[int]bool{}, math.Inf(1)
	for _, p := range pairs {
		nearest = min(nearest, p.apart)
		image := images[p.image].name
		if _, ok := depth[image]; ok || taken[p.depth] && !given || p.apart > most {
			continue
		}
		depth[image], taken[p.depth] = depths[p.depth].name, true
	}
	if len(depth) == 0 {
		return nil, formatError{fmt.Errorf("no image has depth within %v s (the nearest is %.3g s off)", most, nearest)}
	}
	return depth, nil
}

// readStamped reads a list of "time file" lines, or of pairs of them; fields are
// parted by spaces, tabs or commas. The second list is nil in the first case.
func readStamped(path string) (first, second []stamped, err error) {
	data, err := readFile("associations", path)
	if err != nil {
		return nil, nil, err
	}
	if len(data) > maxAssociations {
		return nil, nil, formatError{fmt.Errorf("associations %s: %d bytes (want at most %d)", path, len(data), maxAssociations)}
	}
	seen, fields := map[string]bool{}, 0
	for n, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == '\r' })
		if len(words) == 0 {
			continue
		}
		entry, err := stampedFields(words)
		switch {
		case err != nil:
		case fields != 0 && fields != len(words):
			err = fmt.Errorf("%d fields after lines of %d", len(words), fields)
		case seen[entry[0].name]:
			err = fmt.Errorf("%s a second time", entry[0].name)
		}
		if err != nil {
			return nil, nil, formatError{fmt.Errorf("associations %s:%d: %w", path, n+1, err)}
		}
		fields, seen[entry[0].name] = len(words), true
		first = append(first, entry[0])
		if len(entry) == 2 {
			second = append(second, entry[1])
		}
	}
	if len(first) == 0 {
		return nil, nil, formatError{fmt.Errorf("associations %s: no line (want time, image, time and depth)", path)}
	}
	return first, second, nil
}

// stampedFields reads the two or four fields of a line.
func stampedFields(words []string) (out []stamped, err error) {
	if len(words) != 2 && len(words) != 4 {
		return nil, fmt.Errorf("%d fields (want time, image, time and depth, or time and file)", len(words))
	}
	for ; len(words) > 0; words = words[2:] {
		t, err := strconv.ParseFloat(words[0], 64)
		if err != nil || math.IsNaN(t) || math.IsInf(t, 0) {
			return nil, fmt.Errorf("time %.40q (want seconds)", words[0])
		}
		name := filepath.ToSlash(filepath.Clean(filepath.FromSlash(words[1])))
		if !filepath.IsLocal(filepath.FromSlash(words[1])) || name == "." {
			return nil, fmt.Errorf("file %.80q (want one below the folder)", words[1])
		}
		out = append(out, stamped{t, name})
	}
	return out, nil
}
