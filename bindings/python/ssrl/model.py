"""Models: Hugging Face directories that answer questions about pictures."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Callable, Iterator, Sequence

from . import _lib
from .data import Handle, pictures

__all__ = ["Model", "create_model"]


def create_model(directory: str | os.PathLike[str], preset: str = "nano", seed: int = 0) -> None:
    """Writes a small model of random weights."""
    _lib.call("model_create", _lib.path(directory), _lib.text(preset, "preset"), seed)


class Model(Handle):
    """A model and its tokenizer. It serves one call at a time; a second is a BusyError."""

    _kind = "model"

    def __init__(self, directory: str | os.PathLike[str], **options: Any):
        """Options: device, threads."""
        handle = ctypes.c_void_p()
        _lib.call("model_open", handle, _lib.path(directory), _lib.options(options))
        super().__init__(handle)

    def generate(self, prompt: str, images: Sequence[Any] = (), **options: Any) -> Iterator[str]:
        """Yields an answer as it is made, in whole characters. Leaving the loop ends it.

        Each <image> in prompt stands for one of images; without any they come first. Options:
        max_tokens, temperature, top_k, top_p, repetition_penalty, seed, format.
        """
        return _lib.stream(lambda emit: self._generate(prompt, images, options, emit, self._call), self.interrupt)

    def answer(self, prompt: str, images: Sequence[Any] = (), **options: Any) -> str:
        """The whole answer, as generate makes it."""
        pieces: list[str] = []
        self._generate(prompt, images, options, pieces.append, self._wait)
        return "".join(pieces)

    def _call(self, name: str, *arguments: Any) -> None:
        _lib.call(name, *arguments)

    def _wait(self, name: str, *arguments: Any) -> None:
        _lib.waiting(name, *arguments, interrupt=self.interrupt)

    def _generate(self, prompt: str, images: Sequence[Any], options: dict[str, Any], emit: Callable[[str], None], call: Callable[..., None]) -> None:
        kept: list[Any] = []
        list_ = pictures(images, kept)
        with _lib.Callbacks() as callbacks:
            hear = callbacks.wrap(_lib.TEXT_FN, lambda utf8, n: emit(ctypes.string_at(utf8, n).decode("utf-8", "replace")))
            call("model_generate", self.handle, _lib.text(prompt, "prompt"), list_, len(images), _lib.options(options), hear, None)

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Writes a Hugging Face directory, whole or not at all."""
        _lib.call("model_save", self.handle, _lib.path(directory))
