"""A server that costs next to nothing: fixed answers, after a latency of choice.

The first segment of a path is the latency in milliseconds. `/opened` tells how many
connections were opened so far, its own included.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

__all__ = ["PAGE_SIZE", "main"]

PAGE_SIZE = 100
_LENGTH = b"content-length:"


def _answer(content: object) -> bytes:
    body = json.dumps(content, separators=(",", ":")).encode()
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        f"X-Request-Id: req_1\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _row(number: int) -> dict[str, object]:
    return {
        "message_id": f"msg_{number:08}",
        "to": f"+2547{number:08}",
        "message": "Dear customer, your order is on its way.",
        "sender_id": "EXAMPLE",
        "status": "delivered",
        "error_message": None,
        "created_at": "2026-10-01T08:30:00+00:00",
        "scheduled_at": None,
    }


_RECEIPT = _answer({"success": True, "message_id": "msg_1", "status": "queued"})
_PAGE = _answer(
    {
        "data": [_row(number) for number in range(PAGE_SIZE)],
        "meta": {"page": 1, "per_page": PAGE_SIZE, "last_page": 1, "total": PAGE_SIZE},
    }
)


class _Conversation(asyncio.Protocol):
    opened = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        type(self).opened += 1
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            rest = end + 4 + _content_length(head)
            if len(self._received) < rest:
                return
            self._received = self._received[rest:]
            self._reply(head.split(b" ", 2)[1].decode())

    def _reply(self, path: str) -> None:
        if path == "/opened":
            self._write(_answer(self.opened))
            return
        latency = int(path.split("/", 2)[1])
        answer = _PAGE if "/sms?" in path else _RECEIPT
        if latency:
            self._loop.call_later(latency / 1000, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _content_length(head: bytes) -> int:
    start = head.lower().find(_LENGTH)
    if start < 0:
        return 0
    return int(head[start + len(_LENGTH) :].split(b"\r\n", 1)[0])


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Conversation, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve until killed, on the core named by the only argument."""
    if len(sys.argv) > 1:
        os.sched_setaffinity(0, {int(sys.argv[1])})
    asyncio.run(_serve())


if __name__ == "__main__":
    main()
