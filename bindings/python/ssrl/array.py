"""Pixels of any owner, seen where they lie: the buffer protocol, numpy's array
interface, DLPack. Nothing is copied that the library can read as it is."""

from __future__ import annotations

import ctypes
import math
from typing import Any, NamedTuple

from . import _lib

__all__ = ["Array", "see"]


class Array(NamedTuple):
    """An array in memory that owner keeps."""

    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # bytes
    kind: str  # as "u1", "f4"; "<" or ">" before it if not native
    owner: Any

    def contiguous(self, axis: int) -> bool:
        """Whether the axes from this one on touch each other."""
        step = int(self.kind[-1])
        for n, stride in zip(reversed(self.shape[axis:]), reversed(self.strides[axis:])):
            if n > 1 and stride != step:
                return False
            step *= n
        return True


def see(source: Any, what: str) -> Array:
    """The array that source is."""
    about = getattr(source, "__array_interface__", None)
    if about is not None:
        return _interface(about, source, what)
    try:
        return _buffer(memoryview(source))
    except TypeError:
        pass
    if hasattr(source, "__dlpack__"):
        return _dlpack(source, what)
    if hasattr(source, "__array__"):
        return see(source.__array__(), what)
    raise _lib.InvalidError(f"{what}: a {type(source).__name__} (want an array, or ssrl.{what.capitalize()})")


_CODES = {"B": "u1", "f": "f4", "d": "f8", "H": "u2"}


class _Buffer(ctypes.Structure):
    """Py_buffer, which knows the address of memory that must not be written too."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.py_object),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


_PyBUF_FULL_RO = 0x11C  # strides, format, read only is fine


def _buffer(view: memoryview) -> Array:
    b = _Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(view), ctypes.byref(b), _PyBUF_FULL_RO)
    address = b.buf or 0
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(b))  # view keeps the memory
    order = view.format[:1] if view.format[:1] in "<>" else ""
    return Array(address, tuple(view.shape or ()), tuple(view.strides or ()), order + _CODES.get(view.format.lstrip("@=<>"), view.format), view)


def _interface(about: dict[str, Any], owner: Any, what: str) -> Array:
    shape, kind, data = tuple(about["shape"]), about["typestr"].lstrip("|"), about.get("data")
    size = int(kind.lstrip("<>")[1:])
    if data is None or isinstance(data, tuple):
        if data is None:  # the owner's buffer
            return see(memoryview(owner), what)
        address = data[0]
    else:
        view = _buffer(memoryview(data).cast("B"))
        if view.shape[0] < math.prod(shape) * size:
            raise _lib.InvalidError(f"{what}: {view.shape[0]} bytes (want {math.prod(shape) * size})")
        address, owner = view.address, view
    strides = about.get("strides")
    if strides is None:
        strides = tuple(size * math.prod(shape[i + 1 :]) for i in range(len(shape)))
    return Array(address, shape, tuple(strides), kind, owner)


class _DLTensor(ctypes.Structure):
    """The head of DLPack's DLManagedTensor."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


_CPU, _PINNED = 1, 3  # DLDeviceType


def _dlpack(source: Any, what: str) -> Array:
    device, _ = source.__dlpack_device__()
    if device not in (_CPU, _PINNED):
        raise _lib.InvalidError(f"{what}: a {type(source).__name__} in a device's memory (want main memory, as .cpu() has)")
    capsule = source.__dlpack__()
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    t = _DLTensor.from_address(get(capsule, b"dltensor"))
    size = t.bits // 8 * t.lanes
    shape = tuple(t.shape[: t.ndim])
    if t.strides:
        strides = tuple(size * n for n in t.strides[: t.ndim])
    else:
        strides = tuple(size * math.prod(shape[i + 1 :]) for i in range(t.ndim))
    kind = {0: "i", 1: "u", 2: "f"}.get(t.code, "x") + str(size)
    return Array((t.data or 0) + t.byte_offset, shape, strides, kind, capsule)  # the capsule keeps the tensor
