"""What holds for every request: an id, a line in the log, a known host, a bounded body, and headers that protect."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from spacegov.service.problems import Problem, problem_response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_REQUEST_ID = re.compile(rb"[0-9A-Za-z_.\-]{1,64}")


class Envelope:
    """Wraps the application.

    Parameters
    ----------
    app : ASGI application
    log : logger
        Told each request with its id, status and time.
    hosts : tuple of str
        Names the service answers to, with any port.
    body_bytes, upload_bytes : int
        Size of a body; the second one for uploads.
    """

    def __init__(self, app: App, *, log: Any, hosts: tuple[str, ...], body_bytes: int, upload_bytes: int) -> None:
        self.app = app
        self.log = log
        self.hosts = hosts
        self.body_bytes = body_bytes
        self.upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        name = given.decode() if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope["spacegov.request"] = name
        started = time.perf_counter()
        seen = {"status": 0, "bytes": 0}

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                known = {key.lower() for key, _ in message["headers"]}
                added = [(key, value) for key, value in HEADERS if key not in known]
                message["headers"] = [*message["headers"], *added, (b"x-request-id", name.encode())]
            else:
                seen["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            refusal = self._refusal(scope, headers, name)
            if refusal is not None:
                await refusal(scope, receive, tell)
            else:
                await self.app(scope, self._bounded(scope, receive), tell)
        finally:
            self.log.info(
                "request",
                request=name,
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1")[:500],
                status=seen["status"],
                bytes=seen["bytes"],
                ms=round((time.perf_counter() - started) * 1000, 1),
            )

    def _limit(self, scope: Scope) -> int:
        return self.upload_bytes if scope["path"] == "/uploads" else self.body_bytes

    def _too_large(self, scope: Scope) -> str:
        return f"the body is larger than {self._limit(scope)} bytes; send less, or upload a file to /uploads"

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes], name: str) -> Any:
        host = headers.get(b"host", b"").decode("latin-1")
        bare = host if host.endswith("]") else host.rsplit(":", 1)[0]
        if bare not in self.hosts:
            return problem_response(
                400, "the request names another host than this service's; use its own address", name
            )
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            return problem_response(400, "the content-length is no number", name)
        if int(length) > self._limit(scope):
            return problem_response(413, self._too_large(scope), name, {"connection": "close"})
        return None

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        limit, read = self._limit(scope), [0]

        async def bounded() -> Message:
            message = await receive()
            read[0] += len(message.get("body", b""))
            if read[0] > limit:
                raise Problem(413, self._too_large(scope))
            return message

        return bounded
