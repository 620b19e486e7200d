"""The TLS context of this process: building one costs 30 to 190 ms, so there is one."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable

from stackverify._process.fork import reset_in_child

__all__ = ["shared_context"]


class _Context:
    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None
        self.after_fork()
        reset_in_child(self)

    def after_fork(self) -> None:
        self._lock = threading.Lock()

    def get(self, build: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = build()
            return self._context


_shared = _Context()


def shared_context(build: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Give the context of this process, built by the first who asks."""
    return _shared.get(build)
