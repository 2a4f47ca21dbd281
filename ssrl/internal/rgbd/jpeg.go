package rgbd

import (
	"ssrl/internal/rgbd/jpeg"
)

// parseJPEG reads the size before anything is allocated, and how the picture is
// to be turned.
func parseJPEG(data []byte) (h jpeg.Header, orientation int, err error) {
	h, err = jpeg.ReadHeader(data)
	orientation = 1
	if err == nil && h.EXIF != nil {
		orientation = exifOrientation(h.EXIF)
	}
	return h, orientation, err
}

func decodeJPEG(data []byte) (*RGB, error) {
	h, orientation, err := parseJPEG(data)
	if err != nil {
		return nil, err
	}
	var d jpeg.Decoder
	pix, _, err := d.Decode(nil, data)
	if err != nil {
		return nil, err
	}
	return orient(&RGB{h.Width, h.Height, pix}, orientation), nil
}
