"""Writes ../testdata: files of Pillow and libjpeg-turbo with the hash of what Pillow shows of them, and the
hash of what Pillow writes of scenery(), which bench_test.go has too.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pillow numpy simplejpeg
    cc -o /tmp/odd odd.c -ljpeg && /tmp/venv/bin/python make.py /tmp/odd
"""
import hashlib, io, json, pathlib, subprocess, sys

import numpy as np, simplejpeg
from PIL import Image

ROOT = pathlib.Path(__file__).parent.parent / "testdata"
ROOT.mkdir(exist_ok=True)
decoded, encoded = [], []


def scenery(w, h):
    pix, noise = bytearray(3 * w * h), 1
    for i in range(len(pix)):
        x, y, k = i // 3 % w, i // 3 // w, i % 3
        noise = (noise * 1664525 + 1013904223) & 0xFFFFFFFF
        v = (x * (k + 1) // 3 + y * (3 - k) // 2 + 90 * (x // 37 + y // 23)) % 256
        pix[i] = max(0, min(255, v + (noise >> 29) - 4))
    return np.frombuffer(bytes(pix), np.uint8).reshape(h, w, 3)


def sha(b):
    return hashlib.sha256(b).hexdigest()


def add(name, data):
    (ROOT / f"{name}.jpg").write_bytes(data)
    im = Image.open(io.BytesIO(data))
    decoded.append(dict(file=f"{name}.jpg", width=im.width, height=im.height, sha256=sha(im.convert("RGB").tobytes())))


def save(im, **options):
    b = io.BytesIO()
    im.save(b, "JPEG", **options)
    return b.getvalue()


def odd(name, w, h, kind):
    subprocess.run([sys.argv[1], ROOT / f"{name}.jpg", str(w), str(h), kind], check=True)
    return (ROOT / f"{name}.jpg").read_bytes()


a = scenery(75, 46)
im = Image.fromarray(a)
for name in ("444", "422", "420", "440", "411"):
    add(name, simplejpeg.encode_jpeg(a, 92, colorsubsampling=name, fastdct=False))
add("grey", save(im.convert("L"), quality=85))
add("rgb", save(im, keep_rgb=True))
add("progressive-420", save(im, progressive=True, quality=90))
add("progressive-444", save(im, progressive=True, quality=60, subsampling=0))
add("progressive-restart", save(im, progressive=True, quality=60, restart_marker_blocks=3))
add("restart", save(im, quality=90, restart_marker_blocks=2))
add("restart-rows", save(im, quality=90, restart_marker_rows=1, subsampling=1))
add("narrow", save(im.crop((0, 0, 2, 40)), quality=90))
add("exif", save(im.crop((0, 0, 20, 10)), exif=(lambda e: (e.__setitem__(0x0112, 6), e)[1])(Image.Exif())))
ink = save(im.convert("CMYK"), quality=90)
add("cmyk", ink)
at = ink.index(b"Adobe") + 11
add("ycck", ink[:at] + b"\2" + ink[at + 1:])
plain = save(im, quality=80)
no_tables = b""
at = 2
while plain[at + 1] != 0xDA:
    size = 2 + int.from_bytes(plain[at + 2:at + 4], "big")
    if plain[at + 1] != 0xC4:
        no_tables += plain[at:at + size]
    at += size
add("no-huffman-tables", plain[:2] + no_tables + plain[at:])
add("scans", odd("scans", 75, 46, "scans"))
for kind in ("311111", "221221", "112222", "421111", "122111", "141211", "211221"):
    add(f"factors-{kind}", odd(f"factors-{kind}", 61, 45, kind))
odd("refused-arithmetic", 20, 20, "arithmetic")
for w, h in ((1, 1), (2, 3), (7, 9), (8, 8), (15, 17), (16, 16), (17, 15), (31, 33), (33, 8), (64, 40), (75, 46), (130, 21)):
    for q in (1, 30, 75, 95, 100):
        for full in (False, True):
            data = save(Image.fromarray(scenery(w, h)), quality=q, subsampling=0 if full else 2)
            encoded.append(dict(width=w, height=h, quality=q, full=full, sha256=sha(data)))
(ROOT / "pillow.json").write_text(json.dumps(dict(decoded=decoded, encoded=encoded), indent=0) + "\n")
