package ssrl

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	sheetWide  = 80 // columns of a terminal
	labelWide  = 13
	mostShapes = 16 // lines of tensors
	joined     = "\u00a0"
	// uneven is the p below which a balance is pointed out: one in a hundred even
	// ones is, too.
	uneven = 0.01
)

// sheet is text in two columns.
type sheet struct{ strings.Builder }

// say writes a label and a text, which is wrapped. Control characters, which
// names may hold, are shown as Go writes them.
func (s *sheet) say(indent int, label, format string, args ...any) {
	at := labelWide + indent
	head := strings.Repeat(" ", indent) + printable(label)
	head += strings.Repeat(" ", max(1, at-utf8.RuneCountInString(head)))
	col := utf8.RuneCountInString(head)
	s.WriteString(head)
	for i, word := range strings.FieldsFunc(printable(fmt.Sprintf(format, args...)), func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }) {
		word = strings.ReplaceAll(word, joined, " ")
		n := utf8.RuneCountInString(word)
		switch {
		case i > 0 && col+1+n > sheetWide:
			s.WriteString("\n" + strings.Repeat(" ", at))
			col = at
		case i > 0:
			s.WriteString(" ")
			col++
		}
		s.WriteString(word)
		col += n
	}
	s.WriteString("\n")
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// String writes what was found for a terminal of 80 columns.
func (in *Inspection) String() string {
	var s sheet
	s.WriteString(printable(in.Kind+" "+in.Path) + "\n")
	in.Checkpoint.print(&s)
	in.Model.print(&s)
	in.Dataset.print(&s)
	in.Frames.print(&s)
	in.Frame.print(&s)
	return s.String()
}

func (c *CheckpointFacts) print(s *sheet) {
	if c == nil {
		return
	}
	if c.Trainer != "" {
		s.say(2, "step", "%d", c.Step)
		s.say(2, "trainer", "%s, %s", c.Trainer, plural(c.Done, "step"))
	}
	if c.Optimiser != "" {
		s.say(2, "optimiser", "%s, %s, moments of %s", c.Optimiser, plural(c.Updates, "update"), plural(c.Moments, "weight"))
	}
	if c.Reference {
		s.say(2, "reference", "weights that KL is measured from")
	}
	s.say(2, "checksums", "%s of %s as the manifest says", plural(c.Files, "file"), bytesOf(c.Bytes))
}

func (m *ModelFacts) print(s *sheet) {
	if m == nil {
		return
	}
	if m.Adapter != "" {
		s.say(2, "adapter", "%s for %s", m.Adapter, cmp.Or(m.Base, "a model that it does not name"))
	}
	if m.Architecture+m.Type != "" {
		s.say(2, "architecture", "%s (%s)", cmp.Or(m.Architecture, "not named"), cmp.Or(m.Type, "no model_type"))
	}
	if m.Unusable != "" {
		s.say(2, "not usable", "%s", m.Unusable)
	}
	if len(m.Tensors) > 0 {
		n := 0
		for _, t := range m.Tensors {
			n += t.Count
		}
		s.say(2, "parameters", "%s in %s, %s, %s", grouped(m.Parameters), plural(n, "tensor"), shares(m.DTypes, m.Parameters), bytesOf(m.Bytes))
	} else {
		s.say(2, "parameters", "no weights here")
	}
	if t := m.Text; t != nil {
		s.say(2, "text", "%s of %d, %d heads, %d for keys, %d inside, %d tokens, context %d", plural(t.Layers, "layer"), t.Hidden, t.Heads, t.KVHeads, t.Intermediate, t.Vocabulary, t.Context)
	}
	if v := m.Vision; v != nil {
		s.say(2, "vision", "%s of %d, %d heads, %d inside, patches of %d pixels", plural(v.Layers, "layer"), v.Hidden, v.Heads, v.Intermediate, v.Patch)
	}
	if v := m.Vocabulary; v != nil {
		s.say(2, "vocabulary", "%d tokens, %d of them added", v.Tokens, len(v.Added))
	}
	if t := m.Template; t != nil {
		s.say(2, "template", "%s, %d bytes, SHA-256 %.16s", t.File, t.Bytes, t.SHA256)
	}
	for i, t := range m.Tensors {
		if i == mostShapes {
			s.say(2, "", "and %d more shapes (all with --json)", len(m.Tensors)-i)
			break
		}
		label := ""
		if i == 0 {
			label = "tensors"
		}
		count := ""
		if t.Count > 1 {
			count = fmt.Sprintf(" × %d", t.Count)
		}
		s.say(2, label, "%s %s %s%s", t.Name, strings.ReplaceAll(fmt.Sprint(t.Shape), " ", "×"), t.DType, count)
	}
}

// shares says how parameters are divided over types.
func shares(counts map[string]int64, all int64) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		if len(counts) == 1 {
			return k
		}
		out = append(out, fmt.Sprintf("%s %.1f %%", k, 100*float64(counts[k])/float64(max(all, 1))))
	}
	return strings.Join(out, ", ")
}

func (d *DatasetFacts) print(s *sheet) {
	if d == nil {
		return
	}
	seed := ""
	if d.Seed != nil {
		seed = fmt.Sprintf(", seed %d", *d.Seed)
	}
	s.say(2, "format", "%s%s", d.Format, seed)
	if words := optionWords(d.Options); words != "" {
		s.say(2, "options", "%s", words)
	}
	of := ""
	if d.Sources > 0 {
		of = " of " + plural(d.Sources, "frame")
	}
	s.say(2, "samples", "%s%s", grouped(int64(d.Samples)), of)
	d.printSplits(s)
	switch {
	case d.Duplicates > 0:
		s.say(2, "duplicates", "%d; %s is %s again", d.Duplicates, d.Repeated[0][0], d.Repeated[0][1])
	default:
		s.say(2, "duplicates", "none")
	}
	if d.LeftOut > 0 {
		s.say(2, "left out", "%s that cannot be used", plural(d.LeftOut, "row"))
	}
	d.Pictures.print(s)
	for _, t := range d.Tasks {
		s.WriteString("\n")
		s.say(2, cmp.Or(t.Task, "no task"), "%s", plural(t.Samples, "sample"))
		for _, b := range t.Balance {
			s.say(4, b.Of, "%s", b.words())
		}
	}
	printReasons(s, d.Unsuitable)
}

func (d *DatasetFacts) printSplits(s *sheet) {
	if len(d.Splits) == 0 {
		return
	}
	var parts []string
	for _, p := range d.Splits {
		text := p.Name + joined + grouped(int64(p.Samples))
		if p.Sources > 0 {
			text += " of " + plural(p.Sources, "frame")
		}
		parts = append(parts, text)
	}
	apart := ""
	switch {
	case d.Shared > 0:
		apart = fmt.Sprintf("; %s in more than one", plural(d.Shared, "frame"))
	case d.Sources > 0:
		apart = "; no frame in two of them"
	}
	s.say(2, "splits", "%s%s", strings.Join(parts, ", "), apart)
}

// optionWords writes a run's options as words, sorted by name.
func optionWords(raw json.RawMessage) string {
	var o map[string]any
	if json.Unmarshal(raw, &o) != nil {
		return ""
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(o)) {
		switch v := o[k].(type) {
		case nil, map[string]any:
		case string:
			if v != "" {
				out = append(out, k+" "+v)
			}
		case []any:
			words := make([]string, len(v))
			for i := range v {
				words[i] = fmt.Sprint(v[i])
			}
			out = append(out, k+" "+strings.Join(words, " "))
		default:
			out = append(out, fmt.Sprintf("%s %v", k, v))
		}
	}
	return strings.Join(out, "; ")
}

func (p PictureFacts) print(s *sheet) {
	if p.Count == 0 {
		s.say(2, "pictures", "none")
		return
	}
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(p.Formats)) {
		kinds = append(kinds, fmt.Sprintf("%d %s", p.Formats[k], k))
	}
	s.say(2, "pictures", "%s, %s", strings.Join(kinds, ", "), bytesOf(p.Bytes))
	s.say(2, "sizes", "width %s, height %s pixels", p.Width, p.Height)
}

// String writes the least, the middle in brackets, and the greatest.
func (s Spread) String() string {
	if s.Min == s.Max {
		return fmt.Sprint(s.Min)
	}
	return fmt.Sprintf("%d to %d (median %d)", s.Min, s.Max, s.Median)
}

// words lists few answers, and of many the most frequent.
func (b BalanceFacts) words() string {
	names := slices.Collect(maps.Keys(b.Counts))
	slices.SortFunc(names, strings.Compare)
	const few = 8
	var out []string
	if len(names) <= few {
		for _, n := range names {
			out = append(out, fmt.Sprintf("%s"+joined+"%d", strings.ReplaceAll(cmp.Or(n, "(none)"), " ", joined), b.Counts[n]))
		}
	} else {
		slices.SortStableFunc(names, func(x, y string) int { return b.Counts[y] - b.Counts[x] })
		seen := fmt.Sprintf("%d different", len(names))
		if b.Cells > 0 {
			seen = fmt.Sprintf("%d of %d seen", len(names), b.Cells)
		}
		out = append(out, seen, fmt.Sprintf("%s most often (%d)", names[0], b.Counts[names[0]]))
	}
	text := strings.Join(out, ", ")
	switch {
	case b.P == nil && b.Cells > 1:
		text += "; too few to test"
	case b.P != nil && *b.P < uneven:
		text += fmt.Sprintf("; uneven, p"+joined+"%.2g", *b.P)
	case b.P != nil:
		text += fmt.Sprintf("; p"+joined+"%.2f", *b.P)
	}
	return text
}

// printReasons says which frames cannot carry which task.
func printReasons(s *sheet, list []ReasonFact) {
	if len(list) > 0 {
		s.WriteString("\n  unsuitable\n")
	}
	last := "-"
	for _, r := range list {
		label := ""
		if r.Task != last {
			label = cmp.Or(r.Task, "broken")
		}
		last = r.Task
		more := ""
		if r.Count > len(r.Frames) {
			more = ", .."
		}
		s.say(4, label, "%s: %s (%s%s)", plural(r.Count, "time"), r.Why, strings.Join(r.Frames, ", "), more)
	}
}

func (f *FramesFacts) print(s *sheet) {
	if f == nil {
		return
	}
	s.say(2, "frames", "%d, %d with depth", f.Frames, f.WithDepth)
	f.Pictures.print(s)
	if d := f.Depth; d != nil {
		text := fmt.Sprintf("%.3g to %.3g m, ", d.Min, d.Max)
		if d.Relative {
			text = ""
		}
		if f.Relative > 0 {
			text += fmt.Sprintf("%d without a unit, ", f.Relative)
		}
		s.say(2, "depth", "%s%.1f %% of the pixels without a reading", text, 100*d.Missing)
	}
	var can []string
	for _, t := range AllTasks() {
		can = append(can, fmt.Sprintf("%s"+joined+"%d", t.Name(), f.Carries[t.Name()]))
	}
	s.say(2, "can carry", "%s", strings.Join(can, ", "))
	printReasons(s, f.Unsuitable)
}

func (f *FrameFacts) print(s *sheet) {
	if f == nil {
		return
	}
	s.say(2, "file", "%s, %d x %d pixels, %s", f.Format, f.Width, f.Height, bytesOf(int64(f.Bytes)))
	if f.Camera != nil {
		s.say(2, "camera", "%s", f.Camera)
	}
	switch d := f.Depth; {
	case d != nil:
		unit := " m"
		if d.Relative {
			unit = ", relative"
		}
		s.say(2, "depth", "%.4g to %.4g%s, median %.4g; %.1f %% without a reading", d.Min, d.Max, unit, d.Median, 100*d.Missing)
	default:
		s.say(2, "depth", "none")
	}
	for _, t := range f.Tasks {
		if t.Why == "" {
			s.say(2, t.Task, "yes")
		} else {
			s.say(2, t.Task, "no: %s", strings.TrimPrefix(t.Why, t.Task+": unsuitable: "))
		}
	}
}

// String writes what there is in one line.
func (c *CameraFacts) String() string {
	var out []string
	add := func(is bool, format string, args ...any) {
		if is {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(c.Make+c.Model != "", "%s", strings.TrimSpace(c.Make+" "+c.Model))
	add(c.Time != "", "%s", c.Time)
	add(c.FocalLength > 0, "%.3g mm", c.FocalLength)
	add(c.Focal35 > 0, "as %d mm on 36 x 24", c.Focal35)
	add(c.Orientation > 1, "orientation %d, turned upright", c.Orientation)
	add(c.Orientation == 1, "upright")
	add(c.Software != "", "%s", c.Software)
	add(c.GPS, "says where it was taken")
	return strings.Join(out, ", ")
}

// plural is a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(int64(n)) + " " + noun + "s"
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// bytesOf writes a size in decimal units.
func bytesOf(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return plural(int(n), "byte")
	}
	v, i := float64(n)/1000, 0
	for ; v >= 999.5 && i < len(units)-1; i++ {
		v /= 1000
	}
	return fmt.Sprintf("%.3g %cB", v, units[i])
}
