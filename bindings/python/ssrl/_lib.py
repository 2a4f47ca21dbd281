"""libssrl.so behind ctypes: loading, layouts, signatures, errors, threads.

The library is loaded by the first call, not by the import, so that a program
may import ssrl and then fork. A child that forks later gets ForkedError.
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
from ctypes import POINTER, byref, c_char, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t, c_uint8, c_uint64, c_void_p
from typing import Any, Callable

ABI = 1


class Error(Exception):
    """What libssrl returned: code is one of ssrl.h's, text says what is wrong."""

    code = -1


class InvalidError(Error, ValueError):
    """An argument or option that cannot be, or a closed model."""

    code = -2


class FileError(Error, OSError):
    """A file that cannot be read or written."""

    code = -3


class FormatError(Error, ValueError):
    """A file or picture that is not what it should be."""

    code = -4


class DeviceError(Error):
    """A device that does not exist or has failed."""

    code = -5


class OutOfMemoryError(Error, MemoryError):
    """The device's memory is too small for the call."""

    code = -6


class StoppedError(Error):
    """The call was interrupted."""

    code = -7


class InternalError(Error):
    """A bug in libssrl."""

    code = -8


class UnsuitableError(Error, ValueError):
    """The frame cannot carry any of the tasks; another may."""

    code = -9


class BusyError(Error):
    """The model serves another call."""

    code = -10


class ForkedError(Error):
    """The process forked after the library was loaded (want spawn or forkserver)."""

    code = -11


_kinds: list[type[Error]] = [Error, *Error.__subclasses__()]
_errors = {e.code: e for e in _kinds}


class ssrl_error(ctypes.Structure):
    _fields_ = [("code", c_int32), ("message", c_char * 508)]


class ssrl_image(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("width", c_int32), ("height", c_int32), ("stride", c_size_t), ("encoding", c_char_p), ("big_endian", c_int32)]


class ssrl_frame(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("colour", ssrl_image), ("depth", ssrl_image)]


class ssrl_sample(ctypes.Structure):
    _fields_ = [
        ("id", c_char_p),
        ("task", c_char_p),
        ("problem", c_char_p),
        ("answer", c_char_p),
        ("response", c_char_p),
        ("images", POINTER(ssrl_image)),
        ("n_images", c_int32),
        ("source", c_char_p),
        ("meta", c_char_p),
    ]


class ssrl_score(ctypes.Structure):
    _fields_ = [("overall", c_double), ("accuracy", c_double), ("format", c_double)]


class ssrl_step(ctypes.Structure):
    _fields_ = [("n", c_int64), ("loss", c_double), ("reward", c_double), ("kl", c_double), ("grad_norm", c_double), ("tokens", c_int64)]


FRAME_FN = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(ssrl_frame))
SAMPLE_FN = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(ssrl_sample))
TEXT_FN = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_size_t)
STEP_FN = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(ssrl_step))
PROGRESS_FN = ctypes.CFUNCTYPE(c_int, c_void_p, c_int64, c_int64)
SKIPPED_FN = ctypes.CFUNCTYPE(c_int, c_void_p, c_char_p, c_char_p, c_char_p)
REWARD_FN = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(ssrl_sample), c_char_p, POINTER(ssrl_score))
LOG_FN = ctypes.CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
TASK_FN = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(ssrl_frame), c_uint64, SAMPLE_FN, c_void_p, POINTER(ssrl_error))


class ssrl_task(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("make", TASK_FN), ("user", c_void_p)]


STRUCTS: list[type[ctypes.Structure]] = [ssrl_error, ssrl_image, ssrl_frame, ssrl_sample, ssrl_score, ssrl_step, ssrl_task]

_handle, _out, _err = c_void_p, POINTER(c_void_p), POINTER(ssrl_error)
_images, _samples, _tasks = [POINTER(ssrl_image), c_int32], [POINTER(ssrl_sample), c_int32], [POINTER(ssrl_task), c_int32]

# Arguments by function; every result but those of RESULTS is a status.
SIGNATURES: dict[str, list[Any]] = {
    "version": [],
    "abi": [],
    "set_log": [LOG_FN, c_void_p, _err],
    "set_limits": [c_int32, c_int64, _err],
    "interrupt": [_handle],
    "job_poll": [_handle, POINTER(c_int64), POINTER(c_int64), _err],
    "job_wait": [_handle, c_int32, _err],
    "job_close": [_handle],
    "scene": [c_uint64, c_int32, c_int32, c_int32, POINTER(c_uint8), POINTER(ctypes.c_float), _err],
    "frames": [c_char_p, c_char_p, FRAME_FN, SKIPPED_FN, c_void_p, _out, _err],
    "generate_samples": [POINTER(ssrl_frame), c_char_p, *_tasks, SAMPLE_FN, c_void_p, _err],
    "generate_dataset": [c_char_p, c_char_p, c_char_p, *_tasks, SKIPPED_FN, PROGRESS_FN, c_void_p, _out, _err],
    "dataset_open": [_out, c_char_p, c_char_p, _err],
    "dataset_len": [_handle],
    "dataset_at": [_handle, c_int64, SAMPLE_FN, c_void_p, _err],
    "dataset_close": [_handle],
    "writer_open": [_out, c_char_p, c_char_p, _err],
    "writer_add": [_handle, POINTER(ssrl_sample), _err],
    "writer_finish": [_handle, _err],
    "writer_close": [_handle],
    "reward": [c_char_p, c_char_p, POINTER(ssrl_score), _err],
    "model_create": [c_char_p, c_char_p, c_uint64, _err],
    "model_open": [_out, c_char_p, c_char_p, PROGRESS_FN, c_void_p, _out, _err],
    "model_generate": [_handle, c_char_p, *_images, c_char_p, TEXT_FN, c_void_p, _out, _err],
    "model_score": [_handle, c_char_p, *_images, c_char_p, c_char_p, TEXT_FN, c_void_p, _err],
    "model_evaluate": [_handle, _handle, REWARD_FN, c_char_p, TEXT_FN, c_void_p, _out, _err],
    "model_adapt": [_handle, c_char_p, _err],
    "model_merge": [_handle, _err],
    "model_save": [_handle, c_char_p, _err],
    "model_close": [_handle],
    "sft_new": [_out, _handle, c_char_p, _err],
    "grpo_new": [_out, _handle, REWARD_FN, c_void_p, c_char_p, _err],
    "grpo_rollouts": [_handle, *_samples, TEXT_FN, c_void_p, _out, _err],
    "grpo_update": [_handle, POINTER(c_double), c_int32, POINTER(ssrl_step), _out, _err],
    "trainer_step": [_handle, *_samples, POINTER(ssrl_step), _out, _err],
    "trainer_run": [_handle, _handle, c_int64, c_char_p, STEP_FN, c_void_p, _out, _err],
    "trainer_done": [_handle],
    "trainer_metrics": [_handle, TEXT_FN, c_void_p, _err],
    "trainer_save": [_handle, c_char_p, _err],
    "trainer_resume": [_handle, c_char_p, _err],
    "trainer_close": [_handle],
}
RESULTS = {
    "version": c_char_p,
    "abi": c_int32,
    "interrupt": None,
    "job_close": None,
    "writer_close": None,
    "dataset_len": c_int64,
    "dataset_close": None,
    "model_close": None,
    "trainer_done": c_int64,
    "trainer_close": None,
}


def library_path() -> str:
    """SSRL_LIBRARY, else the file beside this package, else a name for the loader."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libssrl.so")
    return os.environ.get("SSRL_LIBRARY") or (beside if os.path.exists(beside) else "libssrl.so.0")


@functools.lru_cache(maxsize=None)
def _load(path: str) -> ctypes.CDLL:
    try:
        lib = ctypes.CDLL(path)
    except OSError as e:
        raise ImportError(f"libssrl: {e} (want the path in SSRL_LIBRARY; `make build` leaves it in build/libssrl.so)") from None
    for name, arguments in SIGNATURES.items():
        f = getattr(lib, "ssrl_" + name)
        f.argtypes, f.restype = arguments, RESULTS.get(name, c_int32)
    if lib.ssrl_abi() != ABI:
        raise ImportError(f"{path}: ABI {lib.ssrl_abi()} (want {ABI})")
    return lib


def lib() -> ctypes.CDLL:
    """The loaded library."""
    return _load(library_path())


def failure(code: int, err: ssrl_error) -> Error:
    """The exception of a status below zero."""
    return _errors.get(code, Error)(err.message.decode("utf-8", "replace"))


def call(name: str, *arguments: Any) -> None:
    """Calls a function that returns a status; a failure is raised."""
    err = ssrl_error()
    code = getattr(lib(), "ssrl_" + name)(*arguments, byref(err))
    if code != 0:
        raise failure(code, err)


class Callbacks:
    """Python functions for C: what they raise ends the call, which raises it again.

    The objects that C calls live as long as this; keep it until the call returns.
    """

    def __init__(self, others: Callbacks | None = None) -> None:
        """others are called in the same calls, and live longer."""
        self.raised: BaseException | None = None
        self.stop = False
        self.others = others
        self._kept: list[Any] = []

    def begin(self) -> Callbacks:
        """Forgets how the last call ended."""
        self.raised, self.stop = None, False
        if self.others is not None:
            self.others.begin()
        return self

    def end(self) -> None:
        """Lets no callback go on."""
        self.stop = True
        if self.others is not None:
            self.others.end()

    def wrap(self, kind: Any, f: Callable[..., Any]) -> Any:
        """f as C calls it; it may return a status of its own."""

        def guarded(_user: Any, *arguments: Any) -> int:
            if self.stop:
                return 1
            try:
                status = f(*arguments)
                return status if type(status) is int else 0
            except BaseException as e:  # C must not see it
                self.raised = e
                return 1

        self._kept.append(kind(guarded))
        return self._kept[-1]

    def keep(self, thing: Any) -> Any:
        """Keeps what C reads."""
        self._kept.append(thing)
        return thing

    def cause(self, e: Error) -> BaseException:
        """What to raise for e: what a callback raised, if that ended the call."""
        raised = self.raised or (self.others and self.others.raised)
        return raised if isinstance(e, StoppedError) and raised else e

    def __enter__(self) -> Callbacks:
        return self.begin()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, StoppedError) and self.raised is not None:
            raise self.raised from self.raised.__cause__


def text(s: str, what: str) -> bytes:
    """s as C takes it."""
    if "\0" in s:
        raise InvalidError(f"{what}: a zero character (want text)")
    return s.encode("utf-8")


def path(p: str | os.PathLike[str]) -> bytes:
    return text(os.fspath(p), "path")


def options(given: dict[str, Any]) -> bytes | None:
    """Keyword arguments as the JSON object that the library decodes; it checks them."""
    return json.dumps(given, allow_nan=False).encode() if given else None
