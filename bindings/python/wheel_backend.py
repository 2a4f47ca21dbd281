"""Makes a wheel that holds the package and libssrl.so: one for every Python 3.

A build backend by PEP 517 in the standard library alone, so that `pip wheel`
fetches nothing. The library is the one SSRL_LIBRARY names, or `make build`'s.

Limits: wheels only, for Linux; the platform in the name is the processor that
builds and the newest glibc symbol that the library asks for.
"""

from __future__ import annotations

import base64
import ctypes
import hashlib
import os
import pathlib
import platform
import re
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files make the same wheel


def library() -> pathlib.Path:
    path = pathlib.Path(os.environ.get("SSRL_LIBRARY") or HERE / "../../build/libssrl.so")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not found (want libssrl.so: run make build, or set SSRL_LIBRARY)")
    return path


def version(path: pathlib.Path) -> str:
    lib = ctypes.CDLL(str(path))
    lib.ssrl_version.restype = ctypes.c_char_p
    text: bytes = lib.ssrl_version()
    return text.decode()


def tag(path: pathlib.Path) -> str:
    """py3-none-manylinux_2_34_x86_64 for a library that needs glibc 2.34."""
    needs = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", path.read_bytes())]
    libc = f"manylinux_2_{max(needs)}" if needs else "linux"
    return f"py3-none-{libc}_{platform.machine()}"


def contents(path: pathlib.Path) -> dict[str, bytes]:
    """Files of the wheel, without its RECORD."""
    v = version(path)
    files = {f"ssrl/{f.name}": f.read_bytes() for f in sorted((HERE / "ssrl").iterdir()) if f.suffix in (".py", ".typed")}
    files["ssrl/libssrl.so"] = path.read_bytes()
    info = f"ssrl-{v}.dist-info"
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: ssrl\nVersion: {v}\nRequires-Python: >=3.9\nLicense: Apache-2.0\n"
        "Summary: Spatial questions from RGB-D images, Qwen-VL inference, SFT and GRPO training\n"
    ).encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: ssrl\nRoot-Is-Purelib: false\nTag: {tag(path)}\n".encode()
    return files


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    path = library()
    files = contents(path)
    v = version(path)
    name = f"ssrl-{v}-{tag(path)}.whl"
    record = "".join(
        f"{f},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n" for f, data in files.items()
    )
    files[f"ssrl-{v}.dist-info/RECORD"] = (record + f"ssrl-{v}.dist-info/RECORD,,\n").encode()
    target = pathlib.Path(wheel_directory) / name
    unfinished = target.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as z:
        for f, data in files.items():
            entry = zipfile.ZipInfo(f, EPOCH)
            entry.external_attr = (0o755 if f.endswith(".so") else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(entry, data)
    unfinished.replace(target)
    return name
