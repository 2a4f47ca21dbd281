"""Writes ../testdata/{webp,bmp,tiff,pnm}: small files of every kind that is read, and what they show.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy pillow opencv-python-headless tifffile imagecodecs
    /tmp/venv/bin/python formats.py

Beside each file lies NAME.want.png. Lossy WebP: what Pillow (libwebp) shows; of the
others the colours are known, and Pillow or OpenCV has to show the same.
"""
import pathlib, struct

import cv2, numpy as np, tifffile
from PIL import Image, ImageOps

ROOT = pathlib.Path(__file__).parent.parent / "testdata"
W, H = 37, 23


def folder(name):
    (ROOT / name).mkdir(parents=True, exist_ok=True)
    return ROOT / name


def colours(w=W, h=H):
    """A smooth picture with an edge, so that chroma interpolation shows."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    r = 255 * x / max(w - 1, 1)
    g = 255 * y / max(h - 1, 1)
    b = 127 + 120 * np.sin(x / 3 + y / 5)
    out = np.stack([r, g, b], -1)
    out[(x > w / 2) & (y > h / 2)] = [220, 30, 40]
    return out.round().astype(np.uint8)


def pillow(path):
    with Image.open(path) as im:
        return np.asarray(ImageOps.exif_transpose(im).convert("RGB"))


def opencv(path):
    return cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1]


def want(path, exact, *judges):
    for judge in judges:
        assert np.array_equal(judge(path), exact), (path.name, judge.__name__)
    Image.fromarray(np.ascontiguousarray(exact)).save(path.with_name(path.stem + ".want.png"), optimize=True)


# --- WebP ------------------------------------------------------------------

out = folder("webp")
rgb = colours()
alpha = (np.mgrid[0:H, 0:W][1] * 6 + 1).astype(np.uint8)
rgba = np.dstack([rgb, alpha])


def webp(name, im, **options):
    path = out / (name + ".webp")
    im.save(path, "WEBP", **options)
    want(path, pillow(path))
    return path


for quality in (5, 75, 100):
    webp(f"lossy{quality}", Image.fromarray(rgb), quality=quality)
for w, h in ((1, 1), (2, 2), (3, 5), (16, 16), (33, 17), (1, 40), (40, 1)):
    webp(f"lossy{w}x{h}", Image.fromarray(colours(w, h)), quality=90)
webp("lossy-alpha", Image.fromarray(rgba), quality=80)
webp("lossy-alpha-exact", Image.fromarray(rgba), quality=80, exact=True, alpha_quality=20)
webp("lossless", Image.fromarray(rgb), lossless=True)
webp("lossless-alpha", Image.fromarray(rgba), lossless=True, exact=True)
webp("lossless-palette", Image.fromarray(rgb // 128 * 128), lossless=True)
webp("lossless-flat", Image.new("RGB", (300, 200), (9, 200, 30)), lossless=True)
for turn in (1, 3, 6, 8):
    exif = Image.Exif()
    exif[0x0112] = turn
    webp(f"turn{turn}", Image.fromarray(rgb), quality=80, exif=exif)

# --- BMP -------------------------------------------------------------------

out = folder("bmp")


def bmp(name, header, body, palette=b"", exact=None, judges=(pillow, opencv)):
    start = 14 + len(header) + len(palette)
    path = out / (name + ".bmp")
    path.write_bytes(b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + header + palette + body)
    want(path, exact, *judges)


def info(bits, size=40, how=0, colours=0, masks=b"", h=H, w=W):
    body = struct.pack("<IiiHHIIiiII", size, w, h, 1, bits, how, 0, 2835, 2835, colours, 0) + masks
    return body.ljust(size, b"\0") if size >= 40 and len(body) <= size else body


def rows(lines, down=False):
    """lines: (H, bytes) padded to four; from the bottom up."""
    pad = -lines.shape[1] % 4
    lines = np.pad(lines, ((0, 0), (0, pad)))
    return (lines if down else lines[::-1]).astype(np.uint8).tobytes()


bgr = rgb[..., ::-1].reshape(H, -1)
bgrx = np.dstack([rgb[..., ::-1], alpha]).reshape(H, -1)
bmp("rgb24", info(24), rows(bgr), exact=rgb)
bmp("down", info(24, h=-H), rows(bgr, True), exact=rgb)
bmp("core24", struct.pack("<IHHHH", 12, W, H, 1, 24), rows(bgr), exact=rgb)
bmp("rgb32", info(32), rows(bgrx), exact=rgb)
masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
for size in (52, 56, 108, 124):
    bmp(f"header{size}", info(32, size, 3, masks=masks[: 12 if size == 52 else 16]), rows(bgrx), exact=rgb, judges=(pillow,))
rgbx = np.dstack([alpha, rgb[..., ::-1]]).reshape(H, -1)  # red in the high byte
bmp("masks32", info(32, 40, 3) + struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00), rows(rgbx), exact=rgb, judges=(pillow,))
r, g, b = (rgb[..., k].astype(int) for k in range(3))
p555 = (r >> 3 << 10 | g >> 3 << 5 | b >> 3).astype("<u2").view(np.uint8).reshape(H, -1)
p565 = (r >> 3 << 11 | g >> 2 << 5 | b >> 3).astype("<u2").view(np.uint8).reshape(H, -1)
wide = lambda v, bits: (v >> 8 - bits) * 255 // ((1 << bits) - 1)
as8 = lambda *planes: np.stack(planes, -1).astype(np.uint8)
bmp("rgb555", info(16), rows(p555), exact=as8(wide(r, 5), wide(g, 5), wide(b, 5)), judges=(pillow,))
bmp("rgb565", info(16, 40, 3) + struct.pack("<III", 0xF800, 0x7E0, 0x1F), rows(p565), exact=as8(wide(r, 5), wide(g, 6), wide(b, 5)), judges=(pillow,))

index = np.mgrid[0:H, 0:W][0] // 3 * 5 + np.mgrid[0:H, 0:W][1] // 4
table = np.stack([np.arange(256) * 7 % 256, 255 - np.arange(256), np.arange(256) * 31 % 256], -1).astype(np.uint8)


def palette(n, entry=4):
    return b"".join(bytes(c[::-1]) + b"\0" * (entry - 3) for c in table[:n])


def packed(i, bits):
    each = 8 // bits
    i = np.pad(i, ((0, 0), (0, -i.shape[1] % each)))
    return sum(i[:, k::each].astype(int) << 8 - bits * (k + 1) for k in range(each))


for bits in (1, 4, 8):
    i = index % (1 << bits)
    bmp(f"palette{bits}", info(bits), rows(packed(i, bits)), palette(1 << bits), exact=table[i])
    bmp(f"core{bits}", struct.pack("<IHHHH", 12, W, H, 1, bits), rows(packed(i, bits)), palette(1 << bits, 3), exact=table[i])
bmp("palette-short", info(8, colours=200), rows(index % 200), palette(200), exact=table[index % 200])
bmp("os2-64", info(8, 64), rows(index), palette(256), exact=table[index], judges=(pillow,))
bmp("os2-16", struct.pack("<IiiHH", 16, W, H, 1, 8), rows(index), palette(256), exact=table[index], judges=())


def rle8(i):
    body = b""
    for row in i[::-1]:
        x = 0
        while x < len(row):
            n = 1
            while x + n < len(row) and row[x + n] == row[x] and n < 255:
                n += 1
            if n == 1 and x + 5 <= len(row):  # five as they are, padded to six
                body += bytes([0, 5]) + bytes(row[x : x + 5]) + b"\0"
                x += 5
            else:
                body += bytes([n, row[x]])
                x += n
        body += b"\0\0"
    return body + b"\0\1"


def rle4(i):
    body = b""
    for row in i[::-1]:
        for x in range(0, len(row) - 2, 3):  # two that alternate, then three as they are
            if x % 2:
                body += bytes([0, 3, row[x] << 4 | row[x + 1], row[x + 2] << 4])
            else:
                body += bytes([2, row[x] << 4 | row[x + 1], 1, row[x + 2] << 4])
        for v in row[len(row) // 3 * 3 :]:
            body += bytes([1, v << 4])
        body += b"\0\0"
    return body + b"\0\1"


bmp("rle8", info(8, how=1), rle8(index), palette(256), exact=table[index])
bmp("rle4", info(4, how=2), rle4(index % 16), palette(16), exact=table[index % 16])
moved = np.zeros((H, W), np.uint8)
moved[H - 1 - 2, 5:9] = 7
moved[H - 1 - 4, 0:2] = 9
bmp("rle8-moves", info(8, how=1), b"\0\2\5\2\4\7" + b"\0\0" + b"\0\2\0\1" + b"\2\x09" + b"\0\1", palette(256), exact=table[moved], judges=(opencv,))  # Pillow wants runs for every row

# --- TIFF ------------------------------------------------------------------

out = folder("tiff")
rgb16 = rgb.astype(np.uint16) << 8 | (np.arange(W * H).reshape(H, W, 1) * 7 % 256).astype(np.uint16)
grey = rgb[..., 0]
grey3 = lambda v: np.repeat(v[..., None], 3, -1)


def by_tifffile(path):
    return tifffile.imread(path)


def tiff(name, data, exact, judges=(pillow,), **options):
    path = out / (name + ".tiff")
    tifffile.imwrite(path, data, metadata=None, software=None, **options)
    want(path, exact, *judges)


for how in (None, "lzw", "zlib", "packbits"):
    for order in "<>":
        name = f"{how or 'plain'}-{'little' if order == '<' else 'big'}"
        tiff("rgb-" + name, rgb, rgb, (pillow, opencv), compression=how, photometric="rgb", byteorder=order, rowsperstrip=5)
        tiff("rgb16-" + name, rgb16, rgb, (), compression=how, photometric="rgb", byteorder=order, rowsperstrip=23)
for how in ("lzw", "zlib"):
    tiff(f"predictor-{how}", rgb, rgb, (pillow, opencv), compression=how, predictor=2, photometric="rgb")
    tiff(f"predictor16-{how}", rgb16, rgb, (), compression=how, predictor=2, photometric="rgb", byteorder=">")
    tiff(f"tiles-{how}", rgb, rgb, (pillow, opencv), compression=how, predictor=2, photometric="rgb", tile=(16, 16))
tiff("tiles", rgb, rgb, (pillow, opencv), photometric="rgb", tile=(16, 32))
tiff("apart", rgb.transpose(2, 0, 1), rgb, (pillow,), photometric="rgb", planarconfig="separate", rowsperstrip=7)
tiff("apart-tiles", rgb.transpose(2, 0, 1), rgb, (pillow,), photometric="rgb", planarconfig="separate", tile=(16, 16), compression="zlib")
tiff("alpha", rgba, rgb, (pillow,), photometric="rgb", extrasamples=["unassalpha"], compression="lzw")
tiff("extra", rgba, rgb, (), photometric="rgb", extrasamples=["unspecified"])
full = (rgba.astype(int)[..., :3] * alpha[..., None].astype(int) + 127) // 255
tiff("alpha-multiplied", np.dstack([full, alpha]).astype(np.uint8), np.minimum(255, full * 255 // np.maximum(alpha, 1)[..., None].astype(int)).astype(np.uint8), (pillow,), photometric="rgb", extrasamples=["assocalpha"])
tiff("grey", grey, grey3(grey), (pillow, opencv), photometric="minisblack", compression="packbits")
tiff("grey-inverse", grey, grey3(255 - grey), (pillow,), photometric="miniswhite")
tiff("grey16", rgb16[..., 0], grey3(grey), (opencv,), photometric="minisblack", compression="zlib")
tiff("grey-alpha", np.dstack([grey, alpha]), grey3(grey), (pillow,), photometric="minisblack", extrasamples=["unassalpha"])
tiff("bits1", grey > 99, grey3(np.where(grey > 99, 255, 0).astype(np.uint8)), (pillow, opencv), photometric="minisblack")
cmap = table.astype(np.uint16).T * 257
tiff("palette", index.astype(np.uint8), table[index], (pillow, opencv), photometric="palette", colormap=cmap)
cmyk = np.dstack([rgb, alpha // 2])
tiff("cmyk", cmyk, np.asarray(Image.fromarray(cmyk, "CMYK").convert("RGB")), (pillow,), photometric="separated")
tiff("cmyk-lzw", cmyk, np.asarray(Image.fromarray(cmyk, "CMYK").convert("RGB")), (pillow,), photometric="separated", compression="lzw")
for turn in range(1, 9):
    im = Image.fromarray(rgb)
    path = out / f"turn{turn}.tiff"
    im.save(path, tiffinfo={0x0112: turn}, compression="tiff_lzw")
    want(path, pillow(path))
for bits in (2, 4):
    i = index % (1 << bits)
    shades = (i.astype(int) * 255 // ((1 << bits) - 1)).astype(np.uint8)
    path = out / f"bits{bits}.tiff"
    body = packed(i, bits).astype(np.uint8).tobytes()
    tags = [(256, 3, W), (257, 3, H), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8 + 2 + 9 * 12 + 4), (277, 3, 1), (278, 3, H), (279, 4, len(body))]
    path.write_bytes(b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in tags) + b"\0\0\0\0" + body)
    want(path, grey3(shades), pillow)

# --- PNM -------------------------------------------------------------------

out = folder("pnm")
bits = grey > 99


def pnm(name, data, exact, judges=(pillow, opencv)):
    path = out / name
    path.write_bytes(data)
    want(path, exact, *judges)


text = lambda v: "\n".join(" ".join(str(n) for n in line) for line in v.reshape(H, -1)).encode() + b"\n"
black = grey3(np.where(bits, 255, 0).astype(np.uint8))
pnm("pbm-text.pbm", f"P1\n# a bitmap\n{W} {H}\n".encode() + text((~bits).astype(int)), black)
pnm("pbm-dense.pbm", f"P1\n{W} {H}\n".encode() + text((~bits).astype(int)).replace(b" ", b""), black)
pnm("pbm-bytes.pbm", f"P4 {W} {H}\n".encode() + np.packbits(~bits, axis=1).tobytes(), black)
pnm("pgm-text.pgm", f"P2\n{W} {H} 255\n".encode() + text(grey), grey3(grey))
pnm("pgm-bytes.pgm", f"P5\n{W} {H}\n255\n".encode() + grey.tobytes(), grey3(grey))
pnm("ppm-text.ppm", f"P3 {W} {H}\n255\n".encode() + text(rgb), rgb)
pnm("ppm-bytes.ppm", f"P6\n{W} {H}\n# white\n255\n".encode() + rgb.tobytes(), rgb)
pnm("white63.ppm", f"P6 {W} {H} 63\n".encode() + (rgb >> 2).tobytes(), np.floor((rgb >> 2).astype(int) * 255 / 63 + 0.5).astype(np.uint8), (pillow,))
