"""Pictures, depth, samples and datasets."""

from __future__ import annotations

import array
import ctypes
import dataclasses
import json
import math
import os
import weakref
from typing import Any, Callable, Iterator, Sequence

from . import _lib

__all__ = ["Dataset", "Depth", "Image", "Sample", "Score", "generate", "generate_dataset", "reward", "scene", "version"]


class Image:
    """A picture of 8-bit RGB: rgb is 3 bytes a pixel, row by row from the top."""

    __slots__ = ("width", "height", "rgb")

    def __init__(self, width: int, height: int, rgb: bytes):
        if width < 1 or height < 1 or len(rgb) != 3 * width * height:
            raise _lib.InvalidError(f"image of {width}x{height} pixels with {len(rgb)} bytes (want 3 a pixel)")
        self.width, self.height, self.rgb = width, height, bytes(rgb)

    @staticmethod
    def of(picture: Any) -> Image:
        """Takes an Image, or what has the buffer protocol, __array_interface__ or __array__ as
        unsigned bytes of height x width x 3 or 4: a numpy array, a PIL picture, a torch tensor
        in main memory. Alpha is dropped."""
        if isinstance(picture, Image):
            return picture
        shape, kind, data = _array(picture, "image")
        if kind != "u1" or len(shape) != 3 or shape[2] not in (3, 4):
            raise _lib.InvalidError(f"image of shape {shape} and type {kind} (want height x width x 3 of u1)")
        if shape[2] == 4:
            rgb = bytearray(3 * shape[0] * shape[1])
            for channel in range(3):
                rgb[channel::3] = data[channel::4]
            data = bytes(rgb)
        return Image(shape[1], shape[0], data)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {"shape": (self.height, self.width, 3), "typestr": "|u1", "data": self.rgb, "version": 3}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Image) and (self.width, self.height, self.rgb) == (other.width, other.height, other.rgb)

    def __hash__(self) -> int:
        return hash((self.width, self.height, self.rgb))

    def __repr__(self) -> str:
        return f"Image({self.width}x{self.height})"


class Depth:
    """A depth map in metres, row by row from the top; NaN is no reading."""

    __slots__ = ("width", "height", "metres")

    def __init__(self, width: int, height: int, metres: Sequence[float]):
        if width < 1 or height < 1 or len(metres) != width * height:
            raise _lib.InvalidError(f"depth of {width}x{height} with {len(metres)} values (want width times height)")
        self.width, self.height, self.metres = width, height, array.array("f", metres)

    @staticmethod
    def of(depth: Any, unit: float = 1.0) -> Depth:
        """Takes a Depth, or an array of height x width with values of unit metres. Integers
        need their unit, as 0.001; their 0 is no reading."""
        if isinstance(depth, Depth):
            return depth
        shape, kind, data = _array(depth, "depth")
        codes = {"f4": "f", "f8": "d", "u2": "H", "i2": "h", "u4": "I", "i4": "i"}
        if len(shape) != 2 or kind not in codes:
            raise _lib.InvalidError(f"depth of shape {shape} and type {kind} (want height x width of f4 or u2)")
        if kind[0] != "f" and unit == 1.0:
            raise _lib.InvalidError(f"depth of type {kind} without a unit (want metres a count, as 0.001)")
        values: Any = array.array(codes[kind], data)
        if kind[0] != "f":
            values = array.array("f", [v * unit if v else math.nan for v in values])
        elif unit != 1.0:
            values = array.array("f", [v * unit for v in values])
        return Depth(shape[1], shape[0], values)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {"shape": (self.height, self.width), "typestr": "<f4", "data": self.metres.tobytes(), "version": 3}

    def __repr__(self) -> str:
        return f"Depth({self.width}x{self.height})"


def _array(source: Any, what: str) -> tuple[tuple[int, ...], str, bytes]:
    """Shape, type as "f4" and contiguous bytes of an array of any owner."""
    try:
        view = memoryview(source)
    except TypeError:
        return _interface(source, what)
    kinds = {"B": "u1", "f": "f4", "d": "f8", "H": "u2", "h": "i2", "I": "u4", "i": "i4"}
    return tuple(view.shape or ()), kinds.get(view.format.lstrip("@=<"), view.format), view.tobytes()


def _interface(source: Any, what: str) -> tuple[tuple[int, ...], str, bytes]:
    about = getattr(source, "__array_interface__", None)
    if about is None and hasattr(source, "__array__"):  # a tensor, which numpy reads
        return _array(source.__array__(), what)
    if about is None:
        raise _lib.InvalidError(f"{what}: a {type(source).__name__} (want an array, or ssrl.{what.capitalize()})")
    shape, kind, data = tuple(about["shape"]), about["typestr"], about.get("data")
    size = math.prod(shape) * int(kind[2:])
    if about.get("strides") is not None or kind[0] == ">" or data is None:
        raise _lib.InvalidError(f"{what}: an array with strides, of big-endian numbers or without data (want a contiguous one)")
    raw = ctypes.string_at(data[0], size) if isinstance(data, tuple) else bytes(data)
    if len(raw) != size:
        raise _lib.InvalidError(f"{what}: {len(raw)} bytes (want {size})")
    return shape, kind[1:], raw


@dataclasses.dataclass
class Sample:
    """A question with its answer. problem holds one <image> for each of images."""

    problem: str
    answer: str
    images: list[Image] = dataclasses.field(default_factory=list)
    id: str = ""
    task: str = ""
    source: str = ""
    meta: dict[str, Any] = dataclasses.field(default_factory=dict)

    @staticmethod
    def _read(c: Any) -> Sample:
        s = c.contents
        images = [Image(m.width, m.height, ctypes.string_at(m.rgb, 3 * m.width * m.height)) for m in s.images[: s.n_images]]
        problem, answer, id, task, source = [w.decode("utf-8", "replace") for w in (s.problem, s.answer, s.id, s.task, s.source)]
        return Sample(problem, answer, images, id, task, source, json.loads(s.meta) if s.meta else {})


class Samples:
    """Samples and pictures as C reads them; the memory lives as long as this."""

    def __init__(self, samples: Sequence[Sample]):
        self._kept: list[Any] = []
        self.array = (_lib.ssrl_sample * len(samples))(*[self._sample(s) for s in samples])

    def _sample(self, s: Sample) -> Any:
        images = pictures(s.images, self._kept)
        words = [_lib.text(w, f"sample {s.id}") for w in (s.id, s.task, s.problem, s.answer)]
        meta = json.dumps(s.meta).encode() if s.meta else None
        return _lib.ssrl_sample(*words, images, len(s.images), _lib.text(s.source, "source"), meta)


def view(m: Image) -> _lib.ssrl_image:
    """What C sees of a picture, which must outlive it."""
    return _lib.ssrl_image(ctypes.cast(ctypes.c_char_p(m.rgb), ctypes.c_void_p), m.width, m.height)


def pictures(images: Sequence[Any], kept: list[Any]) -> Any:
    """An array of ssrl_image; kept holds what it points to."""
    list_ = (_lib.ssrl_image * len(images))()
    for i, picture in enumerate(images):
        m = Image.of(picture)
        kept.append(m)
        list_[i] = view(m)
    kept.append(list_)
    return list_


@dataclasses.dataclass
class Score:
    """What an answer is worth, each part from 0 to 1."""

    overall: float
    accuracy: float
    format: float


def version() -> str:
    """The library's version."""
    return str(_lib.lib().ssrl_version().decode())


def scene(seed: int, index: int = 0, width: int = 320, height: int = 240) -> tuple[Image, Depth]:
    """A synthetic room with its exact depth, the same for the same arguments."""
    rgb = (ctypes.c_uint8 * max(3 * width * height, 0))()
    metres = (ctypes.c_float * max(width * height, 0))()
    _lib.call("scene", seed, index, width, height, rgb, metres)
    return Image(width, height, bytes(rgb)), Depth(width, height, array.array("f", bytes(metres)))


def generate(image: Any, depth: Any = None, name: str = "frame", **options: Any) -> list[Sample]:
    """Questions about one frame in memory. name identifies it in ids and random numbers.

    Options: tasks, seed, per_frame, workers, relative, as in ssrl.h. A frame that can carry
    none of the tasks is an UnsuitableError.
    """
    m = Image.of(image)
    samples: list[Sample] = []
    far = None
    if depth is not None:
        d = Depth.of(depth)
        far = _lib.ssrl_depth(d.metres.buffer_info()[0], d.width, d.height)
    with _lib.Callbacks() as callbacks:
        keep = callbacks.wrap(_lib.SAMPLE_FN, lambda s: samples.append(Sample._read(s)))
        _lib.call("generate_samples", view(m), far, _lib.text(name, "name"), _lib.options(options), keep, None)
    return samples


def generate_dataset(
    images: str | os.PathLike[str],
    out: str | os.PathLike[str],
    skipped: Callable[[str, str, str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> None:
    """Makes a dataset of every image below a folder, or finishes an unfinished one.

    skipped(frame, task, why) hears of what was left out, progress(done, total) counts frames.
    Options: tasks, seed, per_image, shard, shards, workers, depth, unit.
    """

    def left_out(frame: bytes, task: bytes, why: bytes) -> None:
        if skipped is not None:
            skipped(*[w.decode("utf-8", "replace") for w in (frame, task, why)])

    def done(n: int, total: int) -> None:
        if progress is not None:
            progress(n, total)

    with _lib.Callbacks() as callbacks:
        both = callbacks.wrap(_lib.SKIPPED_FN, left_out), callbacks.wrap(_lib.PROGRESS_FN, done)

        def interrupt() -> None:
            callbacks.stop = True

        _lib.waiting("generate_dataset", _lib.path(images), _lib.path(out), _lib.options(options), *both, None, interrupt=interrupt)


def reward(answer: str, truth: str) -> Score:
    """Spatial-SSRL's reward: is the last \\boxed{} exactly truth, and was thought about first?"""
    s = _lib.ssrl_score()
    _lib.call("reward", _lib.text(answer, "answer"), _lib.text(truth, "truth"), s)
    return Score(s.overall, s.accuracy, s.format)


class Handle:
    """Owns a handle of the library: closed by close, with or the garbage collector."""

    _kind = ""

    def __init__(self, handle: ctypes.c_void_p):
        self._handle: ctypes.c_void_p | None = handle
        self._finish = weakref.finalize(self, getattr(_lib.lib(), f"ssrl_{self._kind}_close"), handle)

    @property
    def handle(self) -> ctypes.c_void_p:
        if not self._finish.alive or self._handle is None:
            raise _lib.InvalidError(f"{type(self).__name__} is closed")
        return self._handle

    def close(self) -> None:
        self._handle = None
        self._finish()

    def interrupt(self) -> None:
        """Ends the call that runs, from any thread."""
        if self._handle is not None:
            _lib.lib().ssrl_interrupt(self._handle)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class Dataset(Handle):
    """A dataset directory: len, indexing and iteration give samples.

    It may be used by many threads, and pickled: a copy opens the directory itself, so torch's
    DataLoader takes it with multiprocessing_context="spawn" or "forkserver".
    """

    _kind = "dataset"

    def __init__(self, directory: str | os.PathLike[str]):
        handle = ctypes.c_void_p()
        _lib.call("dataset_open", handle, _lib.path(directory))
        self.directory = os.fspath(directory)
        super().__init__(handle)

    def __len__(self) -> int:
        return int(_lib.lib().ssrl_dataset_len(self.handle))

    def __getitem__(self, i: int) -> Sample:
        n = len(self)
        if not -n <= i < n:
            raise IndexError(f"sample {i} of {n}")
        found: list[Sample] = []
        with _lib.Callbacks() as callbacks:
            keep = callbacks.wrap(_lib.SAMPLE_FN, lambda s: found.append(Sample._read(s)))
            _lib.call("dataset_at", self.handle, i % n, keep, None)
        return found[0]

    def __iter__(self) -> Iterator[Sample]:
        return (self[i] for i in range(len(self)))

    def __reduce__(self) -> Any:
        return Dataset, (self.directory,)
