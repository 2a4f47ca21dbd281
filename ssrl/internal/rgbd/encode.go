package rgbd

import (
	"io"

	"ssrl/internal/rgbd/jpeg"
	"ssrl/internal/rgbd/png"
)

// EncodePNG writes m as an 8-bit RGB PNG. The compression is the fast one:
// photographs come out 4 % larger than with image/png's default, in a sixth of
// the time.
func EncodePNG(w io.Writer, m *RGB) error {
	if err := checkSize(m.Width, m.Height); err != nil {
		return err
	}
	var e png.Encoder
	_, err := w.Write(e.Encode(nil, m.Pix, m.Width, m.Height))
	return err
}

// EncodeJPEG writes m as a baseline JPEG with 4:2:0 colour, byte for byte as
// libjpeg-turbo and Pillow do. Quality is 1 to 100.
func EncodeJPEG(w io.Writer, m *RGB, quality int) error {
	var e jpeg.Encoder
	data, err := e.Encode(nil, m.Pix, m.Width, m.Height, quality, jpeg.Quarter)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}
