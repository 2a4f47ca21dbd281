package formats

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"ssrl/internal/chat"
	"ssrl/internal/patch"
	"ssrl/internal/rgbd"
)

// placeholder stands in a text where a picture belongs.
const placeholder = "<image>"

// cell is a picture as a file holds it.
type cell struct {
	Image
	data []byte // nil: read Path
}

// check looks at everything but the pixels.
func (c cell) check(imageDir string) error {
	if c.data != nil {
		return checkHeader(c.data)
	}
	file, err := c.file(imageDir)
	if err != nil {
		return err
	}
	if info, err := os.Stat(file); err != nil {
		return fmt.Errorf("%s: %w", file, bare(err))
	} else if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", file)
	}
	return nil
}

// checkHeader refuses what is no picture, and pictures too large to decode.
func checkHeader(data []byte) error {
	_, _, err := rgbd.ImageSize(data, "header")
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "image header: "))
	}
	return nil
}

// file returns where the picture lies. Paths that lead out of imageDir are
// refused; links in it are followed, as Hugging Face's cache is made of them.
func (c cell) file(imageDir string) (string, error) {
	path := filepath.FromSlash(c.Path)
	if c.Path == "" {
		return "", errors.New("neither bytes nor a path")
	}
	if filepath.IsAbs(path) {
		below, err := filepath.Rel(imageDir, path)
		if err != nil {
			return "", fmt.Errorf("%s leads out of %s", c.Path, imageDir)
		}
		path = below
	}
	if !filepath.IsLocal(path) {
		return "", fmt.Errorf("%s leads out of %s (want a file inside)", c.Path, imageDir)
	}
	return filepath.Join(imageDir, path), nil
}

// load returns the encoded picture.
func (c cell) load(imageDir string) ([]byte, error) {
	if c.data != nil {
		return c.data, nil
	}
	file, err := c.file(imageDir)
	if err != nil {
		return nil, err
	}
	f, size, err := openRegular(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > maxImage {
		return nil, fmt.Errorf("%s: %d bytes (want at most %d)", file, size, maxImage)
	}
	return io.ReadAll(io.LimitReader(f, maxImage))
}

// dataURI decodes data:image/TYPE;base64,DATA.
func dataURI(s string) ([]byte, error) {
	head, body, ok := strings.Cut(s, ",")
	kind, isBase64 := strings.CutSuffix(strings.TrimPrefix(head, "data:"), ";base64")
	if !ok || !isBase64 {
		return nil, fmt.Errorf("data URI begins with %.40q (want data:image/png;base64,)", head)
	}
	if !strings.HasPrefix(kind, "image/") {
		return nil, fmt.Errorf("data URI of %.40q (want a picture)", kind)
	}
	data, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		data, err = base64.RawStdEncoding.DecodeString(body)
	}
	if err != nil {
		return nil, fmt.Errorf("data URI: %w", err)
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// Picture decodes picture n of row i, turned or not as Image.Upright says.
func (d *Dataset) Picture(i, n int) (*patch.Picture, error) {
	row, err := d.At(i)
	if err != nil {
		return nil, err
	}
	data, err := d.Image(i, n)
	if err != nil {
		return nil, err
	}
	p, err := decode(data, row.Images[n].Upright)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", row, imageError(n, err))
	}
	return p, nil
}

// imageError names a picture of a row, from 0.
func imageError(n int, err error) error { return fmt.Errorf("image %d: %w", n, err) }

// decode decodes a picture.
func decode(data []byte, upright bool) (*patch.Picture, error) {
	const name = "of a row"
	isPNG := bytes.HasPrefix(data, []byte("\x89PNG"))
	var p *patch.Picture
	var err error
	switch {
	case upright && isPNG && bytes.Contains(data, []byte("eXIf")):
		// The turned picture has lost its mode, which matters to resizing only
		// where there is alpha or a palette.
		var m *rgbd.RGB
		if m, err = rgbd.DecodeImage(data, name); err == nil {
			p = patch.FromRGB(m)
		}
	case !upright && !isPNG:
		p, err = patch.Decode(withoutEXIF(data), name)
	default:
		p, err = patch.Decode(data, name)
	}
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "image "+name+": "))
	}
	return p, nil
}

// withoutEXIF returns a JPEG whose EXIF segments name themselves otherwise, so
// that no decoder turns it. Anything else comes back as it is.
func withoutEXIF(data []byte) []byte {
	exif := []byte("Exif\x00\x00")
	if !bytes.HasPrefix(data, []byte("\xff\xd8")) || !bytes.Contains(data, exif) {
		return data
	}
	data = bytes.Clone(data)
	for at := 0; ; at += len(exif) {
		next := bytes.Index(data[at:], exif)
		if next < 0 {
			return data
		}
		at += next
		// Marker APP1 and two bytes of length before the name: pixels cannot look so.
		if at >= 4 && data[at-4] == 0xff && data[at-3] == 0xe1 {
			copy(data[at:], "none")
		}
	}
}

// numbered is a placeholder with a number, as the paper prints them.
var numbered = regexp.MustCompile(`<image\d+>`)

// question returns the problem with one <image> for each of n pictures. Where it
// numbers them, <image1> to <imageN> in order, the numbers are dropped.
func question(problem string, n int) (string, error) {
	if strings.Count(problem, placeholder) == n && n > 0 {
		return problem, nil
	}
	m, err := chat.User(problem, n)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, p := range m.Parts {
		if p.Kind == chat.Image {
			b.WriteString(placeholder)
		} else {
			b.WriteString(p.Text)
		}
	}
	if extra := numbered.FindString(b.String()); extra != "" && n > 0 {
		return "", fmt.Errorf("problem: %s for %d images", extra, n)
	}
	return b.String(), nil
}

// bare drops the operation and path that the caller names itself.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
