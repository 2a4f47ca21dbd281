"""Pictures, depth, samples and datasets."""

from __future__ import annotations

import array
import ctypes
import dataclasses
import json
import os
import weakref
from typing import Any, Callable, Iterator, Sequence, TypeVar, Union

from . import _lib
from .array import Array, see
from .job import Job, stream

__all__ = [
    "Dataset", "DatasetWriter", "Depth", "Frame", "Image", "Sample", "Score", "frames", "generate", "generate_dataset", "generate_dataset_job",
    "reward", "scene", "set_limits", "set_log", "version",
]  # fmt: skip

_BYTES = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1, "16UC1": 2, "32FC1": 4}
_COLOUR, _DEPTH = ("rgb8", "bgr8", "rgba8", "bgra8", "mono8"), ("16UC1", "32FC1")


class _Pixels:
    """Pixels row by row from the top, in memory that _owner keeps."""

    __slots__ = ("width", "height", "encoding", "stride", "big_endian", "_address", "_owner")
    _what = "image"
    _encodings: tuple[str, ...] = _COLOUR

    def __init__(self, width: int, height: int, data: Any, encoding: str, stride: int = 0, big_endian: bool = False):
        if encoding not in self._encodings:
            raise _lib.InvalidError(f"{self._what}: encoding {encoding!r} (want {', '.join(self._encodings)})")
        row = _BYTES[encoding] * width
        self.width, self.height, self.encoding, self.stride, self.big_endian = width, height, encoding, stride or row, big_endian
        bytes_ = see(memoryview(data).cast("B"), self._what)
        want = self.stride * (height - 1) + row
        if width < 1 or height < 1 or self.stride < row or len(bytes_.owner) < want:
            raise _lib.InvalidError(f"{self._what} of {width}x{height} pixels of {encoding} with {len(bytes_.owner)} bytes (want {want})")
        self._address, self._owner = bytes_.address, bytes_

    def _borrow(self, a: Array, encoding: str) -> None:
        self.height, self.width, self.encoding = a.shape[0], a.shape[1], encoding
        self.stride, self.big_endian = (a.strides[0] if a.shape[0] > 1 else a.shape[1] * _BYTES[encoding]), a.kind[0] == ">"
        self._address, self._owner = a.address, a

    @property
    def view(self) -> _lib.ssrl_image:
        """What C sees; this must outlive it."""
        return _lib.ssrl_image(self._address, self.width, self.height, self.stride, self.encoding.encode(), int(self.big_endian))

    def tobytes(self) -> bytes:
        """The pixels without padding, in their encoding."""
        row = _BYTES[self.encoding] * self.width
        if self.stride == row:
            return ctypes.string_at(self._address, row * self.height)
        return b"".join(ctypes.string_at(self._address + y * self.stride, row) for y in range(self.height))

    def _key(self) -> tuple[Any, ...]:
        return self.width, self.height, self.encoding, self.big_endian, self.tobytes()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, _Pixels) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.width}x{self.height}, {self.encoding})"

    @property
    def __array_interface__(self) -> dict[str, Any]:
        channels = _BYTES[self.encoding] if self.encoding in _COLOUR else 0
        size = 1 if channels else _BYTES[self.encoding]
        kind = ("|u" if size == 1 else ">" if self.big_endian else "<") + ("" if size == 1 else "u" if size == 2 else "f") + str(size)
        shape, strides = (self.height, self.width), (self.stride, size * max(channels, 1))
        if channels > 1:
            shape, strides = (*shape, channels), (*strides, 1)  # type: ignore[assignment]
        return {"shape": shape, "typestr": kind, "data": (self._address, True), "strides": strides, "version": 3}


class Image(_Pixels):
    """A picture: data holds rows of encoding rgb8, bgr8, rgba8, bgra8 or mono8, stride bytes apart.

    np.asarray(image) shows the same memory."""

    __slots__ = ()

    def __init__(self, width: int, height: int, data: Any, encoding: str = "rgb8", stride: int = 0):
        super().__init__(width, height, data, encoding, stride)

    @staticmethod
    def of(picture: Any, encoding: str | None = None) -> Image:
        """Sees an Image, or unsigned bytes of height x width, or x 3 or 4, by the buffer protocol, numpy's
        array interface or DLPack: a numpy array, a PIL picture, a torch tensor in main memory, without a
        copy if its pixels touch. encoding says what they are: mono8, rgb8 or rgba8 if it does not."""
        if isinstance(picture, Image):
            return picture
        a = see(picture, "image")
        channels = a.shape[2] if len(a.shape) == 3 else 1 if len(a.shape) == 2 else 0
        name = encoding or {1: "mono8", 3: "rgb8", 4: "rgba8"}.get(channels, "")
        if a.kind != "u1" or 0 in a.shape or _BYTES.get(name) != channels or name not in _COLOUR:
            raise _lib.InvalidError(f"image of shape {a.shape} and type {a.kind} (want height x width x 3 of u1)")
        if not a.contiguous(1) or a.strides[0] < 0:
            return Image(a.shape[1], a.shape[0], _packed(picture, a, "image"), name)
        m = Image.__new__(Image)
        m._borrow(a, name)
        return m

    @property
    def rgb(self) -> bytes:
        """The bytes of an rgb8 picture, 3 a pixel."""
        if self.encoding != "rgb8":
            raise _lib.InvalidError(f"image of {self.encoding} (want rgb8)")
        return self.tobytes()


class Depth(_Pixels):
    """A depth map: rows of 32FC1 (metres) or 16UC1 (millimetres), or in unit: "mm", "m", "tum",
    "sunrgbd", "relative" or the metres of one count. NaN, infinity and 0 are no reading."""

    __slots__ = ("unit",)
    _what = "depth"
    _encodings = _DEPTH

    def __init__(self, width: int, height: int, data: Any, encoding: str = "32FC1", stride: int = 0, big_endian: bool = False, unit: str | float = ""):
        super().__init__(width, height, data, encoding, stride, big_endian)
        self.unit = str(unit)

    @staticmethod
    def of(depth: Any, unit: str | float = "") -> Depth:
        """Sees a Depth, or an array of height x width of f4 or u2, without a copy if its rows are whole."""
        if isinstance(depth, Depth):
            return depth
        a = see(depth, "depth")
        name = {"f4": "32FC1", "u2": "16UC1", "f8": "32FC1"}.get(a.kind.lstrip("<>"), "")
        if len(a.shape) != 2 or not name or 0 in a.shape:
            raise _lib.InvalidError(f"depth of shape {a.shape} and type {a.kind} (want height x width of f4 or u2)")
        if a.kind.lstrip("<>") == "f8":
            values = array.array("d", _packed(depth, a, "depth"))
            return Depth(a.shape[1], a.shape[0], array.array("f", values), unit=unit)
        if not a.contiguous(1) or a.strides[0] < 0:
            return Depth(a.shape[1], a.shape[0], _packed(depth, a, "depth"), name, big_endian=a.kind[0] == ">", unit=unit)
        d = Depth.__new__(Depth)
        d._borrow(a, name)
        d.unit = str(unit)
        return d

    @property
    def metres(self) -> array.array[float]:
        """The values of a native 32FC1 map."""
        if self.encoding != "32FC1" or self.big_endian:
            raise _lib.InvalidError(f"depth of {self.encoding} (want native 32FC1)")
        return array.array("f", self.tobytes())


def _packed(source: Any, a: Array, what: str) -> bytes:
    """A copy of scattered pixels, by who knows how they lie."""
    if hasattr(source, "tobytes"):
        return bytes(source.tobytes())
    if hasattr(source, "contiguous"):
        a = see(source.contiguous(), what)
    if not a.contiguous(0):
        raise _lib.InvalidError(f"{what}: pixels with strides {a.strides} (want a contiguous array)")
    n = int(a.kind[-1])
    for side in a.shape:
        n *= side
    return ctypes.string_at(a.address, n)


@dataclasses.dataclass
class Frame:
    """A picture with or without depth; name identifies it in ids and random numbers."""

    image: Any
    depth: Any = None
    name: str = "frame"

    def _view(self, kept: list[Any]) -> tuple[_lib.ssrl_frame, str]:
        image = Image.of(self.image)
        c = _lib.ssrl_frame(_lib.text(self.name, "name"), image.view)
        kept += [image, c]
        if self.depth is None:
            return c, ""
        depth = Depth.of(self.depth)
        c.depth = depth.view
        kept.append(depth)
        return c, depth.unit

    @staticmethod
    def _read(c: Any) -> Frame:
        f = c.contents
        depth = None
        if f.depth.data:
            depth = Depth(f.depth.width, f.depth.height, ctypes.string_at(f.depth.data, f.depth.stride * f.depth.height))
        return Frame(_image(f.colour), depth, f.name.decode("utf-8", "replace"))


def _image(m: Any) -> Image:
    return Image(m.width, m.height, ctypes.string_at(m.data, m.stride * m.height), m.encoding.decode(), m.stride)


@dataclasses.dataclass
class Sample:
    """A question with its answer. problem holds one <image> for each of images; response is what
    SFT teaches, made of answer if empty."""

    problem: str
    answer: str
    images: list[Any] = dataclasses.field(default_factory=list)
    id: str = ""
    task: str = ""
    source: str = ""
    meta: dict[str, Any] = dataclasses.field(default_factory=dict)
    response: str = ""

    @staticmethod
    def _read(c: Any) -> Sample:
        s = c.contents
        words = [w.decode("utf-8", "replace") for w in (s.problem, s.answer, s.id, s.task, s.source, s.response)]
        problem, answer, id, task, source, response = words
        images = [_image(m) for m in s.images[: s.n_images]]
        return Sample(problem, answer, images, id, task, source, json.loads(s.meta) if s.meta else {}, response)


class Samples:
    """Samples and pictures as C reads them; the memory lives as long as this."""

    def __init__(self, samples: Sequence[Sample]):
        self._kept: list[Any] = []
        self.array = (_lib.ssrl_sample * len(samples))(*[self._sample(s) for s in samples])

    def _sample(self, s: Sample) -> Any:
        images = pictures(s.images, self._kept)
        words = [_lib.text(w, f"sample {s.id}") for w in (s.id, s.task, s.problem, s.answer, s.response)]
        meta = json.dumps(s.meta).encode() if s.meta else None
        return _lib.ssrl_sample(*words, images, len(s.images), _lib.text(s.source, "source"), meta)


def pictures(images: Sequence[Any], kept: list[Any]) -> Any:
    """An array of ssrl_image; kept holds what it points to."""
    seen = [Image.of(m) for m in images]
    list_ = (_lib.ssrl_image * len(images))(*[m.view for m in seen])
    kept += [seen, list_]
    return list_


@dataclasses.dataclass
class Score:
    """What an answer is worth, each part from 0 to 1."""

    overall: float
    accuracy: float = 0.0
    format: float = 0.0


Task = Union[str, Callable[[Frame, int], Sample]]


def split_tasks(tasks: Sequence[Task] | None, options: dict[str, Any], callbacks: _lib.Callbacks) -> tuple[Any, int]:
    """Tasks by name go into options; functions become an array for C."""
    if tasks is None:
        return None, 0
    if isinstance(tasks, str):
        raise _lib.InvalidError(f"tasks {tasks!r} (want a list)")
    names, own = [t for t in tasks if isinstance(t, str)], [t for t in tasks if not isinstance(t, str)]
    if names or not own:
        options["tasks"] = names
    list_ = (_lib.ssrl_task * len(own))(*[_task(t, callbacks) for t in own])
    callbacks.keep(list_)
    return list_, len(own)


def _task(make: Callable[[Frame, int], Sample], callbacks: _lib.Callbacks) -> Any:
    name = getattr(make, "name", None) or getattr(make, "__name__", type(make).__name__)

    def draw(frame: Any, seed: int, give: Any, to: Any, why: Any) -> int:
        try:
            sample = make(Frame._read(frame), seed)
        except _lib.UnsuitableError as e:
            why.contents.message = str(e).encode()[:507]
            return _lib.UnsuitableError.code
        return int(give(to, Samples([sample]).array))

    return _lib.ssrl_task(_lib.text(str(name), "name"), callbacks.wrap(_lib.TASK_FN, draw), None)


def version() -> str:
    """The library's version."""
    return str(_lib.lib().ssrl_version().decode())


def set_limits(threads: int = 0, memory: int = 0) -> None:
    """Processors used at a time, and bytes beyond which models are an OutOfMemoryError; 0 leaves a limit as it is."""
    _lib.call("set_limits", threads, memory)


_log: Any = _lib.LOG_FN()  # what the library calls


def set_log(fn: Callable[[int, str], None] | None) -> None:
    """fn(level, text) hears what calls notice, from any thread: 0 is a note, 1 a warning, 2 a bug in libssrl.

    As logging: ssrl.set_log(lambda level, text: logger.log((10, 30, 40)[level], text))
    """
    global _log
    hear = _lib.LOG_FN() if fn is None else _lib.LOG_FN(lambda _user, level, text: fn(level, text.decode("utf-8", "replace")))
    _lib.call("set_log", hear, None)
    _log = hear


def scene(seed: int, index: int = 0, width: int = 320, height: int = 240) -> tuple[Image, Depth]:
    """A synthetic room with its exact depth, the same for the same arguments."""
    rgb = (ctypes.c_uint8 * max(3 * width * height, 0))()
    metres = (ctypes.c_float * max(width * height, 0))()
    _lib.call("scene", seed, index, width, height, rgb, metres)
    return Image(width, height, rgb), Depth(width, height, metres)


def frames(images: str | os.PathLike[str], skipped: Callable[[str, str], None] | None = None, **options: Any) -> Iterator[Frame]:
    """Yields the images below a folder with their depth, in name order. skipped(name, why) hears of broken
    ones; without it they are an error. Options: depth, unit, associations, max_difference, mismatch,
    ignore_orientation."""

    def start(emit: Callable[[Frame], int], callbacks: _lib.Callbacks) -> Job[None]:
        def arguments(callbacks: _lib.Callbacks) -> tuple[Any, ...]:
            hear = callbacks.wrap(_lib.FRAME_FN, lambda f: emit(Frame._read(f)))
            left = _lib.SKIPPED_FN()
            if skipped is not None:
                left = callbacks.wrap(_lib.SKIPPED_FN, lambda name, _task, why: skipped(_word(name), _word(why)) and None)
            return _lib.path(images), _lib.options(options), hear, left, None

        return Job("frames", arguments, lambda: None, callbacks)

    return stream(start, lockstep=True)


def _word(utf8: bytes) -> str:
    return utf8.decode("utf-8", "replace")


def generate(image: Any, depth: Any = None, name: str = "frame", tasks: Sequence[Task] | None = None, **options: Any) -> list[Sample]:
    """Questions about a Frame, or a picture and its depth. tasks are names, and functions of your own: they take
    a Frame and a seed and return a Sample, or raise UnsuitableError.

    Options: seed, per_frame, workers, unit, mismatch. A frame that can carry none of the tasks is an
    UnsuitableError.
    """
    frame = image if isinstance(image, Frame) else Frame(image, depth, name)
    samples: list[Sample] = []
    kept: list[Any] = []
    with _lib.Callbacks() as callbacks:
        keep = callbacks.wrap(_lib.SAMPLE_FN, lambda s: samples.append(Sample._read(s)))
        c, unit = frame._view(kept)
        if unit:
            options.setdefault("unit", unit)
        own = split_tasks(tasks, options, callbacks)
        _lib.call("generate_samples", c, _lib.options(options), *own, keep, None)
    return samples


def generate_dataset(
    images: str | os.PathLike[str],
    out: str | os.PathLike[str],
    skipped: Callable[[str, str, str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
    tasks: Sequence[Task] | None = None,
    **options: Any,
) -> None:
    """Makes a dataset of every image below a folder, or finishes an unfinished one.

    skipped(frame, task, why) hears of what was left out, progress(done, total) counts frames. tasks are as in
    generate. Options: those of frames, and seed, per_image, shard, shards, workers, validation, shuffled, format.
    """
    generate_dataset_job(images, out, skipped, progress, tasks, **options).result()


def generate_dataset_job(
    images: str | os.PathLike[str],
    out: str | os.PathLike[str],
    skipped: Callable[[str, str, str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
    tasks: Sequence[Task] | None = None,
    **options: Any,
) -> Job[None]:
    """generate_dataset as a job, which counts frames."""

    def arguments(callbacks: _lib.Callbacks) -> tuple[Any, ...]:
        left, counts = _lib.SKIPPED_FN(), _lib.PROGRESS_FN()
        if skipped is not None:
            hear = skipped
            left = callbacks.wrap(_lib.SKIPPED_FN, lambda *words: hear(*[_word(w) for w in words]) and None)
        if progress is not None:
            count = progress
            counts = callbacks.wrap(_lib.PROGRESS_FN, lambda done, total: count(done, total) and None)
        own = split_tasks(tasks, options, callbacks)
        return _lib.path(images), _lib.path(out), _lib.options(options), *own, left, counts, None

    return Job("generate_dataset", arguments, lambda: None)


def reward(answer: str, truth: str) -> Score:
    """Spatial-SSRL's reward: is the last \\boxed{} exactly truth, and was thought about first?"""
    s = _lib.ssrl_score()
    _lib.call("reward", _lib.text(answer, "answer"), _lib.text(truth, "truth"), s)
    return Score(s.overall, s.accuracy, s.format)


_Handle = TypeVar("_Handle", bound="Handle")


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

    def __enter__(self: _Handle) -> _Handle:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class Dataset(Handle):
    """A dataset of any format: len, indexing and iteration give samples.

    It may be used by many threads, and pickled: a copy opens the files itself, so torch's
    DataLoader takes it with multiprocessing_context="spawn" or "forkserver".
    """

    _kind = "dataset"

    def __init__(self, path: str | os.PathLike[str], **options: Any):
        """Options: prompt_key, answer_key, image_key, image_dir, dataset."""
        handle = ctypes.c_void_p()
        _lib.call("dataset_open", handle, _lib.path(path), _lib.options(options))
        self.path, self._options = os.fspath(path), options
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
        return _reopen, (self.path, self._options)


def _reopen(path: str, options: dict[str, Any]) -> Dataset:
    return Dataset(path, **options)


class DatasetWriter(Handle):
    """Writes samples to a new or empty directory.

        with ssrl.DatasetWriter("questions", format="parquet") as w:
            w.add(sample)

    Leaving `with` finishes the dataset, unless by an exception: then nothing is left of it.
    """

    _kind = "writer"

    def __init__(self, directory: str | os.PathLike[str], **options: Any):
        """Options: format, seed, options (kept in the manifest)."""
        handle = ctypes.c_void_p()
        _lib.call("writer_open", handle, _lib.path(directory), _lib.options(options))
        super().__init__(handle)

    def add(self, sample: Sample) -> None:
        _lib.call("writer_add", self.handle, Samples([sample]).array)

    def finish(self) -> None:
        """Brings the dataset to the disk; without it there is none."""
        _lib.call("writer_finish", self.handle)

    def __exit__(self, kind: Any, *_: Any) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self.close()
