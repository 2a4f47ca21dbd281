package rgbd

import "encoding/binary"

// exifOrientation returns tag 0x0112 of the first directory of a TIFF structure
// (EXIF 2.3 §4.6.4): 1 to 8, and 1 for anything that cannot be read.
func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if len(tiff) < 8 {
		return 1
	}
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	dir := tiff[at+2:]
	for n := order.Uint16(tiff[at:]); n > 0 && len(dir) >= 12; n-- {
		const short = 3
		if order.Uint16(dir) == 0x0112 && order.Uint16(dir[2:]) == short {
			if v := int(order.Uint16(dir[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		dir = dir[12:]
	}
	return 1
}

// back returns the orientation that undoes another.
func back(orientation int) int {
	switch orientation {
	case 6:
		return 8
	case 8:
		return 6
	}
	return orientation
}

// orient turns m as stored into m as shown.
func orient(m *RGB, orientation int) *RGB {
	switch orientation {
	case 2:
		return m.FlipLeftRight()
	case 3:
		return m.FlipUpDown().FlipLeftRight()
	case 4:
		return m.FlipUpDown()
	case 5: // rows become columns
		return m.Rotate90(true).FlipLeftRight()
	case 6:
		return m.Rotate90(true)
	case 7:
		return m.Rotate90(false).FlipLeftRight()
	case 8:
		return m.Rotate90(false)
	}
	return m
}
