package exif

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
)

// entry is a tag as a directory holds it.
type entry struct {
	tag, kind uint16
	count     uint32
	value     any // uint16, uint32, string or [2]uint32
}

// tiff writes one directory, and one that its tagExif points to.
func tiff(order binary.ByteOrder, first, second []entry) []byte {
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, order, v) }
	if order == binary.ByteOrder(binary.BigEndian) {
		b.WriteString("MM\x00*")
	} else {
		b.WriteString("II*\x00")
	}
	put(uint32(8))
	size := func(list []entry) int { return 2 + 12*len(list) + 4 }
	if second != nil {
		first = append(first, entry{tagExif, 4, 1, uint32(8 + size(first) + 12)})
	}
	lists := [][]entry{first}
	if second != nil {
		lists = append(lists, second)
	}
	end := 8
	for _, l := range lists {
		end += size(l)
	}
	var beyond bytes.Buffer
	for _, list := range lists {
		put(uint16(len(list)))
		for _, e := range list {
			put(e.tag)
			put(e.kind)
			put(e.count)
			switch v := e.value.(type) {
			case uint16:
				put(v)
				put(uint16(0))
			case uint32:
				put(v)
			case string:
				if len(v) <= 4 {
					b.WriteString((v + "\x00\x00\x00\x00")[:4])
					continue
				}
				put(uint32(end + beyond.Len()))
				beyond.WriteString(v)
			case [2]uint32:
				put(uint32(end + beyond.Len()))
				_ = binary.Write(&beyond, order, v)
			}
		}
		put(uint32(0))
	}
	return append(b.Bytes(), beyond.Bytes()...)
}

// camera is what a telephone writes.
func camera(order binary.ByteOrder) []byte {
	return tiff(order, []entry{
		{tagMake, typeASCII, 7, "Camera\x00"}, {tagModel, typeASCII, 3, "X1\x00"}, {tagOrientation, typeShort, 1, uint16(6)}, {tagGPS, 4, 1, uint32(500)},
	}, []entry{
		{tagTime, typeASCII, 20, "2024:05:31 17:02:11\x00"}, {tagFocal, typeRational, 1, [2]uint32{425, 100}}, {tagFocal35, typeShort, 1, uint16(26)},
	})
}

var wanted = Tags{Orientation: 6, Make: "Camera", Model: "X1", Time: "2024:05:31 17:02:11", FocalLength: 4.25, Focal35: 26, GPS: true}

func jpeg(tiff []byte) []byte {
	segment := append([]byte("Exif\x00\x00"), tiff...)
	out := []byte("\xff\xd8\xff\xe0\x00\x04JF\xff\xff\xe1")
	out = binary.BigEndian.AppendUint16(out, uint16(len(segment)+2))
	return append(append(out, segment...), "\xff\xda\x00\x02"...)
}

func chunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	return append(append(append(out, kind...), body...), 0, 0, 0, 0)
}

func TestRead(t *testing.T) {
	png := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", make([]byte, 13))...)
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		block := camera(order)
		for name, file := range map[string][]byte{"TIFF": block, "JPEG": jpeg(block), "PNG": append(bytes.Clone(png), chunk("eXIf", block)...)} {
			t.Run(order.String()+" "+name, func(t *testing.T) { assert.Equal(t, wanted, Read(file)) })
		}
	}
	for _, tc := range []struct {
		name string
		file []byte
		want Tags
	}{
		{"nothing", nil, Tags{}},
		{"a text", []byte("hello"), Tags{}},
		{"JPEG without tags", []byte("\xff\xd8\xff\xda\x00\x02"), Tags{}},
		{"PNG without tags", png, Tags{}},
		{"eXIf that is none", append(bytes.Clone(png), chunk("eXIf", []byte("hello"))...), Tags{}},
		{"a directory outside", []byte("II*\x00\xff\xff\xff\xff"), Tags{}},
		{"a directory that claims more than there is", []byte("II*\x00\x08\x00\x00\x00\xff\xff\x12\x01"), Tags{}},
		{"a text outside", tiff(binary.LittleEndian, []entry{{tagMake, typeASCII, 9999, uint32(20)}}, nil), Tags{}},
		{"a ratio with nothing below", tiff(binary.LittleEndian, []entry{{tagFocal, typeRational, 1, [2]uint32{1, 0}}}, nil), Tags{}},
		{"an orientation of none", tiff(binary.LittleEndian, []entry{{tagOrientation, typeShort, 1, uint16(9)}}, nil), Tags{}},
		{"a directory of itself", tiff(binary.LittleEndian, []entry{{tagExif, 4, 1, uint32(8)}}, nil), Tags{}},
	} {
		t.Run(tc.name, func(t *testing.T) { assert.Equal(t, tc.want, Read(tc.file)) })
	}
}

func FuzzRead(f *testing.F) {
	f.Add(jpeg(camera(binary.LittleEndian)))
	f.Add(camera(binary.BigEndian))
	f.Fuzz(func(t *testing.T, file []byte) {
		if tags := Read(file); len(tags.Make) > 3*maxText || tags.Orientation > 8 {
			t.Errorf("%+v", tags)
		}
	})
}
