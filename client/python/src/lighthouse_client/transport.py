"""Sends requests with a token and a time limit, turns failures into one kind of error, and repeats failed tries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ssl import SSLContext
from typing import Any
from urllib.parse import quote

import httpx

from .errors import LighthouseError, NetworkError, error_of_answer
from .filters import Query
from .retry import Retry
from .tokens import Tokens

_LEAST_SILENCE = 60.0
"""A stream of lines may be silent for so many seconds, however short the time limit of a call is."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. The body is made once, because every try under one key must send the same bytes."""

    method: str
    path: str
    """Below the server's address, without a leading slash and with its parts already encoded."""
    query: Query | None = None
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    extra: float = 0.0
    """Seconds added to the time limit of a try, because the server itself may wait so long before it answers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer; the body is ``None`` where there was none."""

    status: int
    headers: httpx.Headers
    body: Any


class Transport:
    """The HTTP side of a client."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base: httpx.URL,
        tokens: Tokens,
        retry: Retry,
        timeout: float,
        ssl: SSLContext | None,
    ) -> None:
        self._base = base
        self.ssl = ssl
        """Of sockets; requests have that of their client."""
        self.tokens = tokens
        self.retry = retry
        self.timeout = timeout
        self._client = client

    async def call(
        self, request: Request, on_failure: Callable[[LighthouseError], None] = lambda error: None
    ) -> Answer:
        """Repeats the request until it is answered or the error allows no further try; every failure is told."""
        failures = 0
        while True:
            try:
                return await self._attempt(request)
            except LighthouseError as error:
                failures += 1
                on_failure(error)
                delay = self.retry.after(failures, error)
                if delay is None:
                    raise
            await asyncio.sleep(delay)

    async def found(self, request: Request) -> Answer | None:
        """``None`` for NOT_FOUND, which the server also answers for what the token may not see."""
        try:
            return await self.call(request)
        except LighthouseError as error:
            if error.code == "NOT_FOUND":
                return None
            raise

    async def remove(self, request: Request) -> Answer | None:
        """Deletes. That nothing is there any more is the answer, ``None``, to one whose first answer was lost."""
        tries = 0

        def failed(error: LighthouseError) -> None:
            nonlocal tries
            tries += 1

        try:
            return await self.call(request, failed)
        except LighthouseError as error:
            if error.code == "NOT_FOUND" and tries > 1:
                return None
            raise

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[httpx.Response]:
        """Makes one try and gives the answer as soon as its headers are there."""
        silence = httpx.Timeout(self.timeout, read=max(_LEAST_SILENCE, self.timeout))
        try:
            response = await self._send(request, stream=True, timeout=silence)
            try:
                if not response.is_success:
                    raise error_of_answer(response.status_code, response.headers, await response.aread())
                yield response
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise _unanswered(request, error) from error

    async def _attempt(self, request: Request) -> Answer:
        limit = self.timeout + request.extra
        try:
            async with asyncio.timeout(limit):
                response = await self._send(request)
        except TimeoutError as error:
            raise NetworkError(f"No answer for {limit:g} s.") from error
        except httpx.HTTPError as error:
            raise _unanswered(request, error) from error
        if not response.is_success:
            raise error_of_answer(response.status_code, response.headers, response.content)
        return Answer(response.status_code, response.headers, _parsed(response))

    async def _send(
        self, request: Request, *, stream: bool = False, timeout: httpx.Timeout | None = None
    ) -> httpx.Response:
        """A refused token is replaced once and the request sent again; a second refusal is the answer of the try.

        Without a ``timeout`` the caller limits the whole try, where httpx would limit each read.
        """
        token = await self.tokens.current()
        response = await self._send_with(token, request, stream, timeout)
        if response.status_code != 401 or not self.tokens.renewable:
            return response
        self.tokens.refused(token)
        renewed = await self.tokens.current()
        if renewed == token:
            return response
        await response.aclose()
        return await self._send_with(renewed, request, stream, timeout)

    async def _send_with(
        self, token: str, request: Request, stream: bool, timeout: httpx.Timeout | None
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        if request.body is not None:
            headers["content-type"] = "application/json"
        headers.update(request.headers)
        url = self._base.join(request.path)
        # httpx takes a list of wider pairs, and to the type checker a list of narrower ones is another thing.
        params: Any = request.query
        made = self._client.build_request(
            request.method, url, params=params, content=request.body, headers=headers, timeout=timeout
        )
        return await self._client.send(made, stream=stream)


def get(path: str, query: Query | None = None, extra: float = 0.0) -> Request:
    """A request that reads."""
    return Request("GET", path, query, extra=extra)


def post(path: str, body: Any = None) -> Request:
    """A request with a JSON body."""
    return Request("POST", path, body=None if body is None else encoded(body))


def with_headers(request: Request, headers: Sequence[tuple[str, str | None]]) -> Request:
    """The request with those of the headers that are given."""
    given = tuple((name, value) for name, value in headers if value is not None)
    return replace(request, headers=request.headers + given)


def encoded(body: Any) -> bytes:
    """JSON in UTF-8; a number that JSON does not have is a ``ValueError``."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def segment(name: str | int) -> str:
    """A name as one part of a path, its slashes encoded."""
    return quote(str(name), safe="")


def _unanswered(request: Request, error: httpx.HTTPError) -> NetworkError:
    # These come before a byte of the request has left, so an append was surely not stored.
    never_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    what = str(error) or type(error).__name__
    return NetworkError(
        f"No answer to {request.method} {request.path}: {what}", outcome="rejected" if never_sent else None
    )


def _parsed(response: httpx.Response) -> Any:
    if not response.content:
        return None
    try:
        return json.loads(response.content)
    except ValueError as error:
        status = response.status_code
        raise LighthouseError("BAD_ANSWER", f"The answer {status} is not JSON.", status=status) from error
