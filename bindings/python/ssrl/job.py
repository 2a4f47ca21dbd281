"""Long calls: waited for so that Ctrl-C ends them, or left to go on by themselves."""

from __future__ import annotations

import asyncio
import ctypes
import queue
import threading
import weakref
from typing import Any, Callable, Generator, Generic, Iterator, TypeVar

from . import _lib

__all__ = ["Job"]

T = TypeVar("T")

_TICK = 50  # milliseconds after which a waiting thread looks for signals
_kept: list[Any] = []  # what C may still call, of jobs that were dropped in a callback


def _close(handle: ctypes.c_void_p, callbacks: _lib.Callbacks) -> None:
    lib = _lib.lib()
    callbacks.end()
    lib.ssrl_interrupt(handle)
    if lib.ssrl_job_wait(handle, -1, None) == _lib.InvalidError.code:  # in a callback, perhaps its own
        _kept.append(callbacks)
    lib.ssrl_job_close(handle)


class Job(Generic[T]):
    """A call that goes on by itself: poll it, wait for it, await it.

        job = grpo.step_job(batch)
        while job.running:
            print(job.done, "of", job.total)
        print(job.result().loss)

    Closing it, leaving `with`, or dropping it, ends the call.
    """

    def __init__(self, name: str, arguments: Callable[[_lib.Callbacks], tuple[Any, ...]], made: Callable[[], T], callbacks: _lib.Callbacks | None = None):
        self._callbacks = (callbacks or _lib.Callbacks()).begin()
        self._made = made
        self._failed: BaseException | None = None
        self._ended = False
        handle = ctypes.c_void_p()
        _lib.call(name, *arguments(self._callbacks), handle)
        self._handle = handle
        self._finish = weakref.finalize(self, _close, handle, self._callbacks)

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for the end, at most so long; says whether it has come."""
        left = None if seconds is None else int(1000 * seconds)
        while not self._ended:
            if not self._finish.alive:
                raise _lib.InvalidError("the job is closed")
            tick = _TICK if left is None else min(_TICK, left)
            err = _lib.ssrl_error()
            code = _lib.lib().ssrl_job_wait(self._handle, tick, ctypes.byref(err))
            if code <= 0:
                self._ended = True
                if code < 0:
                    self._failed = self._callbacks.cause(_lib.failure(code, err))
            elif left is not None:
                left -= tick
                if left <= 0:
                    return False
        return True

    @property
    def running(self) -> bool:
        return not self.wait(0)

    def _poll(self) -> tuple[int, int]:
        done, total = ctypes.c_int64(), ctypes.c_int64()
        if self._finish.alive:
            _lib.lib().ssrl_job_poll(self._handle, ctypes.byref(done), ctypes.byref(total), None)
        return done.value, total.value

    @property
    def done(self) -> int:
        """Frames, weights, tokens, steps or samples that are done."""
        return self._poll()[0]

    @property
    def total(self) -> int:
        """How many there are to do; 0 if that is not known."""
        return self._poll()[1]

    def result(self) -> T:
        """Waits for the end and returns what came of it, or raises what went wrong. Ctrl-C ends the job."""
        try:
            self.wait()
        except BaseException:
            self.close()
            raise
        if self._failed is not None:
            raise self._failed
        return self._made()

    def interrupt(self) -> None:
        """Ends the job, which then raises StoppedError."""
        if self._finish.alive:
            _lib.lib().ssrl_interrupt(self._handle)

    def close(self) -> None:
        """Ends the job and waits for that."""
        self._finish()

    def __enter__(self) -> Job[T]:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __await__(self) -> Generator[Any, None, T]:
        return self._wait_async().__await__()

    async def _wait_async(self) -> T:
        try:
            while self.running:
                await asyncio.sleep(0.005)
        except BaseException:
            self.interrupt()
            raise
        return self.result()


def stream(start: Callable[[Callable[[Any], int], _lib.Callbacks], Job[Any]], callbacks: _lib.Callbacks | None = None, lockstep: bool = False) -> Iterator[Any]:
    """Yields what the job that start(emit) begins emits. Leaving the loop ends it.

    With lockstep, the job waits in emit until the reader asks for more.
    """
    items: queue.SimpleQueue[Any] = queue.SimpleQueue()
    more = threading.Semaphore(0)
    callbacks = callbacks or _lib.Callbacks()

    def emit(item: Any) -> int:
        items.put(item)
        while lockstep and not more.acquire(timeout=_TICK / 1000):
            if callbacks.stop:
                return 1
        return 0

    job = start(emit, callbacks)
    try:
        while True:
            try:
                item = items.get(timeout=0.002 if job._ended else _TICK / 1000)
            except queue.Empty:
                if not job._ended:
                    job.wait(0)
                    continue
                job.result()
                return
            yield item
            more.release()
    finally:
        job.close()
