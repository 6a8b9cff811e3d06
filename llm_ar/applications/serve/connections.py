"""Connections whose requests must come to the end of their headers before a deadline.

A body has the request's own deadline. The server waits for headers as long as a client likes, so
that a few clients which send a byte now and then would hold all connections.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class DeadlineProtocol(H11Protocol):
    """HTTP/1.1 of uvicorn, with a deadline for the headers of each request."""

    deadline: ClassVar[float] = 30.0
    """Seconds from the connection, or a request's first byte, to the end of its headers."""

    _headers_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes; the wait ends with the headers."""
        if self._idle():
            self._wait()
        super().data_received(data)
        if not self._idle():
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the wait."""
        self._stop()
        super().connection_lost(exc)

    def _idle(self) -> bool:
        """Whether no request is being read or answered."""
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        if self._headers_due is None:
            self._headers_due = self.loop.call_later(self.deadline, self._late)

    def _stop(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _late(self) -> None:
        self._headers_due = None
        # A WebSocket has taken the connection over where the protocol is another one.
        if self._idle() and self.transport.get_protocol() is self:
            self.transport.close()


def with_deadline(seconds: float) -> type[H11Protocol]:
    """The protocol with a deadline for headers, for uvicorn's option ``http``."""
    return type("Protocol", (DeadlineProtocol,), {"deadline": seconds})
