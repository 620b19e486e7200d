"""The few words of concurrency the sandbox needs."""

import anyio
import anyio.to_thread

__all__ = ["in_thread", "sleep"]

sleep = anyio.sleep
in_thread = anyio.to_thread.run_sync
