"""Writes a folder of JPEG files and what Pillow shows of them, for TestPeerFolder.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pillow numpy simplejpeg
    /tmp/venv/bin/python peer.py FOLDER [PHOTOGRAPH ...]
    SSRL_JPEG_PEER=FOLDER go test -run TestPeerFolder .

index.json is a list of {"file", "width", "height", "sha256" of the RGB pixels};
for files that our encoder must write too, "pixels" is the file of raw RGB,
"quality" and "full" (4:4:4 and not 4:2:0).
"""
import hashlib, io, json, pathlib, sys

import numpy as np, simplejpeg
from PIL import Image

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
index = []


def picture(w, h, seed=1):
    """Gradients, an edge and noise."""
    r = np.random.default_rng(seed * 7919 + w * 101 + h)
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    p = np.stack([255 * x / max(w - 1, 1), 255 * y / max(h - 1, 1), 127 + 120 * np.sin(x / 3 + y / 5)], -1)
    p[(x > w / 2) & (y > h / 2)] = [220, 30, 40]
    return np.clip(p + r.normal(0, [0, 6, 60][seed % 3], p.shape), 0, 255).round().astype(np.uint8)


def add(name, data, **more):
    (out / f"{name}.jpg").write_bytes(data)
    im = Image.open(io.BytesIO(data))
    im.load()
    pix = np.asarray(im.convert("RGB"))
    index.append(dict(file=f"{name}.jpg", width=im.width, height=im.height,
                      sha256=hashlib.sha256(pix.tobytes()).hexdigest(), **more))


def save(im, **options):
    b = io.BytesIO()
    im.save(b, "JPEG", **options)
    return b.getvalue()


def ours(name, a, quality, full):
    (out / f"{name}.rgb").write_bytes(a.tobytes())
    add(name, save(Image.fromarray(a), quality=quality, subsampling=0 if full else 2),
        pixels=f"{name}.rgb", quality=quality, full=full)


for w in range(1, 41):
    for h in (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 40) if w % 3 else range(1, 41):
        a = picture(w, h, w + h)
        ours(f"s{w}x{h}-420", a, 95, False)
        im = Image.fromarray(a)
        n = w * 41 + h
        kind = n % 7
        if kind == 0:
            ours(f"s{w}x{h}-444", a, 5 + n % 95, True)
        elif kind == 1:
            add(f"s{w}x{h}-422", save(im, quality=90, subsampling="4:2:2"))
        elif kind == 2:
            add(f"s{w}x{h}-440", simplejpeg.encode_jpeg(a, 85, colorsubsampling="440", fastdct=False))
        elif kind == 3:
            add(f"s{w}x{h}-grey", save(im.convert("L"), quality=80))
        elif kind == 4:
            add(f"s{w}x{h}-progressive", save(im, quality=88, progressive=True, subsampling=n // 7 % 3))
        elif kind == 5:
            add(f"s{w}x{h}-411", simplejpeg.encode_jpeg(a, 92, colorsubsampling="411", fastdct=False))
        else:
            add(f"s{w}x{h}-cmyk", save(im.convert("CMYK"), quality=90))
a = picture(123, 77)
for q in range(1, 101):
    ours(f"q{q}-420", a, q, False)
    ours(f"q{q}-444", a, q, True)
    add(f"q{q}-progressive", save(Image.fromarray(picture(99, 50, q)), quality=q, progressive=True))
    add(f"q{q}-optimised", save(Image.fromarray(picture(60, 70, q)), quality=q, optimize=True, subsampling=q % 3))
for n in (1, 2, 3, 7, 100):
    for progressive in (False, True):
        add(f"restart{n}-{progressive}", save(Image.fromarray(a), quality=90, progressive=progressive, restart_marker_blocks=n))
        add(f"restart-rows{n}-{progressive}", save(Image.fromarray(a), quality=90, progressive=progressive, restart_marker_rows=n, subsampling=0))
add("rgb", save(Image.fromarray(a), quality=90, keep_rgb=True))
add("cmyk-420", save(Image.fromarray(a).convert("CMYK"), quality=90, subsampling=2))
for i in range(3):
    noise = np.random.default_rng(i).integers(0, 256, (64, 80, 3), np.uint8)
    for q in (1, 50, 100):
        ours(f"noise{i}-{q}", noise, q, i == 1)
        add(f"noise{i}-{q}-progressive", save(Image.fromarray(noise), quality=q, progressive=True))
for path in map(pathlib.Path, sys.argv[2:]):
    name = f"{path.parent.name}-{path.stem}"
    im = Image.open(path).convert("RGB")
    if path.suffix in (".jpg", ".jpeg"):
        add(name, path.read_bytes())
    ours(f"{name}-95", np.asarray(im), 95, False)
    ours(f"{name}-100-444", np.asarray(im), 100, True)
    add(f"{name}-progressive", save(im, quality=75, progressive=True))
(out / "index.json").write_text(json.dumps(index, indent=0))
