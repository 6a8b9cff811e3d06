"""What stands before every route: who may ask, how often, how much; and what answers carry.

Hosts are checked so that a page elsewhere cannot reach a service on this machine by a name of its
own (DNS rebinding), origins so that it cannot send forms or open sockets. Keys are compared in
constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import time
import traceback
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_ar.applications.serve.limits import Problem
from llm_ar.applications.serve.metrics import Metrics

CLIENT_GONE = 499
OPEN_PATHS = ("/v1/health/live", "/v1/health/ready")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
    "style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


class Keys:
    """The API keys, kept as digests.

    Args:
        keys: one or several; none leaves the service open.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._digests = [_digest(key) for key in keys]

    def __bool__(self) -> bool:
        """Whether a key is needed."""
        return bool(self._digests)

    def check(self, given: str | None) -> str:
        """A name for the key's owner that does not tell the key.

        Raises:
            Problem: a key is needed, and this is none.
        """
        if not self._digests:
            return ""
        digest = _digest(given or "")
        # All are compared, so that the time does not tell which one was nearly right.
        if not sum([hmac.compare_digest(digest, known) for known in self._digests]):
            raise Problem(
                401, "no_key", "an API key is needed: send the header Authorization: Bearer KEY"
            )
        return digest.hex()[:16]


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def key_of(headers: Headers) -> str | None:
    """The key that a request carries."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key")


class Rate:
    """A bucket of requests for each key (or address): it refills evenly.

    Args:
        per_minute: requests a minute, and the most at once; 0 for no limit.
        clock: seconds.
    """

    MOST = 10_000
    """Buckets that are kept."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = float(per_minute), clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, owner: str) -> None:
        """Take one request out of the owner's bucket.

        Raises:
            Problem: it is empty.
        """
        if not self._most:
            return
        now = self._clock()
        left, then = self._buckets.pop(owner, (self._most, now))
        left = min(self._most, left + (now - then) * self._most / 60)
        self._buckets[owner] = (max(0.0, left - 1) if left >= 1 else left, now)
        if len(self._buckets) > self.MOST:
            self._buckets.popitem(last=False)
        if left < 1:
            wait = (1 - left) * 60 / self._most
            raise Problem(
                429, "too_often", f"more than {self._most:g} requests a minute; slow down", wait
            )


@dataclass(frozen=True)
class Policy:
    """Who may ask.

    Args:
        keys: the API keys.
        hosts: names under which the service is called; empty for any.
        rate: requests of each owner.
        largest: bytes of any body.
        log: whether each request is logged.
    """

    keys: Keys
    hosts: frozenset[str]
    rate: Rate
    largest: int
    log: bool = True


class Shield:
    """The middleware that applies a policy; it also counts and logs.

    Args:
        app: what it protects.
        policy: who may ask.
        metrics: the figures.
    """

    def __init__(self, app: ASGIApp, policy: Policy, metrics: Metrics) -> None:
        self._app, self._policy, self._metrics = app, policy, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection as ASGI wants it."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        headers = Headers(scope=scope)
        unread = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        exchange = _Exchange(uuid.uuid4().hex[:16], receive, send, self._policy.largest, unread)
        scope.setdefault("state", {})["request_id"] = exchange.request_id
        failure = None
        try:
            self._check_source(scope, headers)
            self._check_owner(scope, headers)
            if _length(headers) > self._policy.largest:
                raise _too_large(self._policy.largest)
            await self._app(scope, exchange.receive, exchange.send)
        except Problem as problem:
            await exchange.answer(problem)
        except Exception as error:
            failure = _where(error)
            await exchange.answer(
                Problem(500, "internal", "something went wrong here; the log says what")
            )
        seconds = time.monotonic() - started
        route = getattr(scope.get("route"), "path", None) or "other"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.request(route, method, exchange.status, seconds)
        if self._policy.log:
            log(exchange, route, method, seconds, failure)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            self._check_source(scope, headers, socket=True)
            self._policy.rate.take(_owner(scope, ""))
        except Problem:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)

    def _check_source(self, scope: Scope, headers: Headers, socket: bool = False) -> None:
        """Refuse other hosts, and what a page from elsewhere sends."""
        host = headers.get("host", "")
        if self._policy.hosts and _host_name(host) not in self._policy.hosts:
            raise Problem(421, "unknown_host", "the service is not known under this host name")
        origin = headers.get("origin")
        asks = socket or scope["method"] not in ("GET", "HEAD")
        if asks and origin is not None and urlsplit(origin).netloc != host:
            raise Problem(403, "other_origin", "requests of other sites are refused")

    def _check_owner(self, scope: Scope, headers: Headers) -> None:
        path = scope["path"]
        if path in OPEN_PATHS or not path.startswith(("/v1/", "/metrics", "/openapi")):
            return
        owner = self._policy.keys.check(key_of(headers))
        if path.startswith("/v1/"):
            self._policy.rate.take(_owner(scope, owner))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Exchange:
    """One request and its answer: counts the body, adds headers, notes the status."""

    def __init__(
        self, request_id: str, receive: Receive, send: Send, largest: int, unread: bool
    ) -> None:
        self.request_id, self.status, self.bytes_in = request_id, CLIENT_GONE, 0
        self._receive, self._send, self._largest = receive, send, largest
        self._begun = False
        # Whether some of the body has not been read.
        self._unread = unread

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._unread = False
        self.bytes_in += len(message.get("body", b""))
        if self.bytes_in > self._largest:
            raise _too_large(self._largest)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun, self.status = True, message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
            headers["X-Request-Id"] = self.request_id
            # A client that sends slowly must not hold the connection once it has its answer.
            if self._unread:
                headers["Connection"] = "close"
        await self._send(message)

    async def answer(self, problem: Problem) -> None:
        """Answer with a problem, unless an answer has begun."""
        if self._begun:
            return
        body = json.dumps(problem.body(self.request_id)).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        if problem.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        headers |= problem.headers()
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": problem.status, "headers": raw})
        await self.send({"type": "http.response.body", "body": body})


def _too_large(most: int) -> Problem:
    return Problem(413, "too_large", f"the request is larger than {most / 2**20:g} MiB")


def _length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        raise Problem(400, "bad_request", "the header Content-Length is no number")
    return int(length)


def _host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _owner(scope: Scope, key: str) -> str:
    return key or (scope.get("client") or ("unknown",))[0]


def _where(error: BaseException) -> str:
    """An error's kind and the line that raised it; its message may hold the request's data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    return f"{type(error).__name__} at {place}"


def log(exchange: _Exchange, route: str, method: str, seconds: float, failure: str | None) -> None:
    """One line of JSON on standard error; nothing of what was sent or answered."""
    line: MutableMapping[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "id": exchange.request_id,
        "method": method,
        "route": route,
        "status": exchange.status,
        "ms": round(1000 * seconds, 1),
        "bytes": exchange.bytes_in,
    }
    if failure is not None:
        line["failure"] = failure
    print(json.dumps(line), file=sys.stderr, flush=True)
