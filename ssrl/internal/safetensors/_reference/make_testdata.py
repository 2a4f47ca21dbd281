"""Writes testdata/python.safetensors with safetensors 0.6.2 (0.8 takes other arguments).

usage: make_testdata.py OUT.safetensors
       make_testdata.py --check FILE.safetensors    read a file that Write made; prints names, types, shapes, sums

The tensors are what TestBytesEqualThePythonPackage builds in Go. Needs numpy and safetensors.
"""
import sys

import numpy as np
from safetensors import safe_open, serialize_file


def bits(values):
    """bfloat16 by rounding halves to even, as little-endian bytes."""
    b = np.asarray(values, np.float32).view(np.uint32)
    return ((b + 0x7FFF + (b >> 16 & 1)) >> 16).astype("<u2").tobytes()


def main(out):
    ramp = np.arange(12, dtype=np.float32) / 7 - 0.75
    tensors = {
        "z.bias": dict(dtype="float32", shape=[3], data=ramp[:3].tobytes()),
        "a.weight": dict(dtype="bfloat16", shape=[3, 4], data=bits(ramp)),
        "half": dict(dtype="float16", shape=[2, 2], data=ramp[:4].astype(np.float16).tobytes()),
        "b <&> \u00e9 \"q\"": dict(dtype="float32", shape=[2, 1, 2], data=ramp[4:8].tobytes()),
        "scalar": dict(dtype="float32", shape=[], data=ramp[5:6].tobytes()),
        "empty": dict(dtype="float32", shape=[0, 5], data=b""),
        "ids": dict(dtype="int64", shape=[2], data=np.array([-1, 1 << 40], "<i8").tobytes()),
        "flags": dict(dtype="uint8", shape=[5], data=bytes(range(5))),
    }
    serialize_file(tensors, out, {"format": "pt"})


def check(path):
    with safe_open(path, "np") as f:
        print("metadata", f.metadata())
        for name in f.keys():
            s = f.get_slice(name)
            print(name, s.get_dtype(), s.get_shape())


if __name__ == "__main__":
    check(sys.argv[2]) if sys.argv[1] == "--check" else main(sys.argv[1])
