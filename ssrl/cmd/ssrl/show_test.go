package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestShow(t *testing.T) {
	workspace(t, nil)
	all := strconv.Itoa(len(strings.Split(strings.TrimSpace(readText(t, "ds/samples.jsonl")), "\n")))
	assert.Equal(t, result{0, "", all + " samples in page.html\n"}, capture(words("show ds --out page.html")))
	assert.Equal(t, result{0, "", "6 of " + all + " samples in page.html\n"}, capture(words("show ds --out page.html --limit 6 --title rooms")))
	assert.Equal(t, result{0, `{"out":"page.html","samples":` + all + `,"shown":6}` + "\n", ""}, capture(words("show ds --out page.html --limit 6 --json")))
	assert.Equal(t, 6, strings.Count(readText(t, "page.html"), "<article"))
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func TestShowRefuses(t *testing.T) {
	workspace(t, map[string]string{"notes.txt": "my notes"})
	const see = " (see ssrl --help)"
	checkRefusals(t, []refusal{
		{"show --out page.html", `expected "<dataset>"` + see, 2},
		{"show ds", "missing flags: --out=STRING" + see, 2},
		{"show ds more --out page.html", "unexpected argument more" + see, 2},
		{"show ds --out page.html --limit 0", "--limit 0 (want at least 1)", 2},
		{"show ds --out page.html --limit -3", "--limit -3 (want at least 1)", 2},
		{"show ds --out page.html --limit many", `--limit: expected a valid 64 bit int but got "many"` + see, 2},
		{"show ds --out page.html --limit 999999999", "show: 999999999 samples (want 1 to 20000, or 0 for 200)", 1},
		{"show none --out page.html", "dataset none: no such file or directory", 1},
		{"show '' --out page.html", "no dataset", 1},
		{"show ds --out ''", "show: no output file", 1},
		{"show ds --out notes.txt", "page notes.txt: holds something else (want a new file or a page to replace)", 1},
		{"show ds --out .", "page .: a directory (want a file name)", 1},
		{"show ds --out none/page.html", "page none/page.html: no such directory", 1},
		{"show notes.txt --out page.html", "notes.txt: no dataset by its name (want .parquet, .json, .jsonl or .tar)", 1},
	})
}
