"""Writes ../testdata/{png,jpeg,resize,h5,npy}: small files made by Pillow, libjpeg-turbo, h5py and numpy.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install h5py numpy pillow simplejpeg
    /tmp/venv/bin/python make.py

Beside each picture NAME.png or NAME.jpg lies NAME.want.png, what Pillow shows:
turned by EXIF, converted to RGB. Depth files hold depth(x, y) of this file, in
which every seventh pixel has no reading; the Go test has the same formula.
"""
import io, pathlib, struct, zlib

import h5py, numpy as np, simplejpeg
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


def want(path, exact=None):
    im = Image.fromarray(exact) if exact is not None else ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    im.save(path.with_suffix(".want.png"))


# --- PNG -------------------------------------------------------------------


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, bits, kind, interlace=False, extra=b""):
    """samples: (H, W, channels) of unsigned integers below 2**bits."""
    h, w, _ = samples.shape
    raw = b""
    for x0, y0, dx, dy in ADAM7 if interlace else [(0, 0, 1, 1)]:
        part = samples[y0::dy, x0::dx]
        if part.size == 0:
            continue
        before = b""
        for j, row in enumerate(part):
            flat = row.reshape(-1)
            if bits == 16:
                line = flat.astype(">u2").tobytes()
            else:
                b = np.unpackbits(flat.astype(np.uint8)[:, None], axis=1)[:, 8 - bits:]
                line = np.packbits(b.reshape(-1)).tobytes()
            if j % 2 and before:  # filter "up" on every second row
                raw += b"\2" + bytes((a - b) & 255 for a, b in zip(line, before))
            else:
                raw += b"\0" + line
            before = line
    ihdr = struct.pack(">IIBBBBB", w, h, bits, kind, 0, 0, int(interlace))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + extra + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def pngs():
    d = folder("png")
    rgb = colours()
    grey = rgb[:, :, 2:]
    alpha = (np.arange(W * H).reshape(H, W, 1) * 5 % 256).astype(np.uint8)

    def write(name, data, exact):
        (d / f"{name}.png").write_bytes(data)
        want(d / f"{name}.png", exact)

    for bits in (1, 2, 4, 8):
        v = grey >> (8 - bits)
        write(f"grey{bits}", png(v, bits, 0), np.repeat(v * (255 // (2**bits - 1)), 3, -1))
        palette = (np.arange(3 * 2**bits) * 37 % 256).astype(np.uint8).reshape(-1, 3)
        extra = chunk(b"PLTE", palette.tobytes()) + chunk(b"tRNS", b"\0\x80")
        write(f"palette{bits}", png(v, bits, 3, bits == 4, extra), palette[v[:, :, 0]])
    low = (np.arange(W * H).reshape(H, W, 1) * 7 % 256).astype(np.uint16)
    deep = lambda a: a.astype(np.uint16) << 8 | low
    write("grey16", png(deep(grey), 16, 0), np.repeat(grey, 3, -1))
    write("rgb8", png(rgb, 8, 2, True), rgb)
    write("rgb8-key", png(rgb, 8, 2, False, chunk(b"tRNS", struct.pack(">HHH", 220, 30, 40))), rgb)
    write("rgb16", png(deep(rgb), 16, 2), rgb)
    write("greya8", png(np.concatenate([grey, alpha], -1), 8, 4), np.repeat(grey, 3, -1))
    write("greya16", png(np.concatenate([deep(grey), deep(alpha)], -1), 16, 4), np.repeat(grey, 3, -1))
    write("rgba8", png(np.concatenate([rgb, alpha], -1), 8, 6), rgb)
    write("rgba16", png(np.concatenate([deep(rgb), deep(alpha)], -1), 16, 6, True), rgb)
    tiff = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    write("turned", png(rgb, 8, 2, False, chunk(b"eXIf", tiff)), np.rot90(rgb, -1).copy())


# --- JPEG ------------------------------------------------------------------


def jpegs():
    d = folder("jpeg")
    im = Image.fromarray(colours())

    def write(name, picture, **options):
        picture.save(d / f"{name}.jpg", quality=92, **options)
        want(d / f"{name}.jpg")

    for name in ("444", "422", "420", "440", "411"):
        (d / f"{name}.jpg").write_bytes(simplejpeg.encode_jpeg(colours(), 92, colorsubsampling=name, fastdct=False))
        want(d / f"{name}.jpg")
    write("progressive", im, subsampling="4:2:0", progressive=True)
    write("grey", im.convert("L"))
    write("cmyk", im.convert("CMYK"))
    write("rgb", im, keep_rgb=True)
    for w, h in ((1, 1), (2, 2), (3, 5), (4, 1), (5, 2), (16, 16), (33, 17)):
        write(f"size{w}x{h}", Image.fromarray(colours(w, h)), subsampling="4:2:0")
        write(f"size{w}x{h}-422", Image.fromarray(colours(w, h)), subsampling="4:2:2")
    for o in range(1, 9):
        e = Image.Exif()
        e[0x0112] = o
        write(f"turn{o}", im, subsampling="4:4:4", exif=e)


# --- resampling ------------------------------------------------------------


def resizes():
    d = folder("resize")
    y, x = np.mgrid[0:H, 0:W]
    im = Image.fromarray(np.stack([255 * x // W, 255 * y // H, (3 * x + 5 * y) % 256], -1).astype(np.uint8))
    for box in ((0, 0, W, H), (5, 1, 26, 22), (3, 4, 4, 5)):
        for w, h in ((7, 7), (21, 21), (60, 33), (1, 1)):
            im.crop(box).resize((w, h), Image.BILINEAR).save(d / f"{box[0]}-{box[1]}-{box[2]}-{box[3]}-to-{w}x{h}.png")


# --- depth -----------------------------------------------------------------


def depth():
    y, x = np.mgrid[0:H, 0:W]
    d = 1 + x / 8 + y * 4.0
    return np.where((x + y * W) % 7 == 0, 0, d)


def h5s():
    d = folder("h5")

    def write(name, libver="earliest", before=0, **options):
        with h5py.File(d / f"{name}.h5", "w", libver=(libver, "v110" if libver == "earliest" else libver)) as f:
            options.setdefault("data", depth().astype("<f4"))
            f.create_dataset("zz", **options)
            for i in range(before):
                f[f"{'a' if i % 2 else 'z'}{i:03d}"] = f["zz"]
            f["depth"] = f["zz"]
            del f["zz"]

    write("gzip", chunks=(8, 8), compression="gzip")
    write("gzip-shuffle", chunks=(5, 16), compression="gzip", shuffle=True)
    write("shuffle", chunks=(8, 8), shuffle=True)
    write("chunks", chunks=(10, 37))
    write("many-chunks", chunks=(1, 2), compression="gzip")
    write("contiguous")
    write("f2", data=depth().astype("<f2"), chunks=(8, 8))
    write("f8-big", data=depth().astype(">f8"), chunks=(8, 8), compression="gzip", shuffle=True)
    write("f4-big", data=depth().astype(">f4"))
    write("axis-last", data=depth().astype("<f4")[:, :, None], chunks=(8, 8, 1), compression="gzip")
    write("axis-first", data=depth().astype("<f4")[None], chunks=(1, 8, 8))
    write("growable", chunks=(64, 64), maxshape=(None, None), compression="gzip")
    write("many-names", before=300, chunks=(8, 8))
    write("superblock2", "v108", chunks=(8, 8), compression="gzip", shuffle=True)
    write("superblock2-names", "v108", before=6, data=depth().astype("<f8"))
    write("superblock3-contiguous", "v110")
    write("refused-superblock3-chunks", "v110", chunks=(8, 8))
    write("refused-dense", "v108", before=20)
    write("refused-lzf", chunks=(8, 8), compression="lzf")
    write("refused-string", data=np.array([[b"ab"] * W] * H))
    write("refused-shape", data=np.zeros((3, 4, 5), "<f4"))
    with h5py.File(d / "compact.h5", "w", libver=("earliest", "v110")) as f:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5py.h5d.COMPACT)
        plist.set_obj_track_times(False)
        a = depth().astype("<f4")
        s = h5py.h5d.create(f.id, b"depth", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple(a.shape), plist)
        s.write(h5py.h5s.ALL, h5py.h5s.ALL, a)
    with h5py.File(d / "attributes.h5", "w", libver=("earliest", "v110")) as f:
        s = f.create_dataset("depth", data=depth().astype("<f4"), chunks=(8, 8), compression="gzip")
        for i in range(40):  # more than the first block of the header holds
            s.attrs[f"note{i}"] = "x" * 50
    with h5py.File(d / "refused-missing.h5", "w") as f:
        f["disparity"] = depth()
    with h5py.File(d / "refused-group.h5", "w") as f:
        f.create_group("depth")["depth"] = depth()


def npys():
    d = folder("npy")
    v = depth()
    mm = (v * 1000).round()

    def write(name, a, version=(1, 0)):
        with open(d / f"{name}.npy", "wb") as f:
            np.lib.format.write_array(f, a, version=version)

    for t in ("<f2", "<f4", "<f8", ">f4", ">f8"):
        write(f"m-{t[1:]}{'-big' if t[0] == '>' else ''}", v.astype(t))
    for t in ("<u2", ">u2", "<i4", "<u4", "<i8", ">u8"):
        write(f"mm-{t[1:]}{'-big' if t[0] == '>' else ''}", mm.clip(0, 65535).astype(t))
    write("m-fortran", np.asfortranarray(v.astype("<f4")))
    write("m-fortran3", np.asfortranarray(v.astype("<f4")[:, :, None]))
    write("m-last", v.astype("<f4")[:, :, None])
    write("m-first", v.astype("<f4")[None])
    write("m-version2", v.astype("<f4"), (2, 0))
    write("m-version3", v.astype("<f4"), (3, 0))


pngs()
jpegs()
resizes()
h5s()
npys()
