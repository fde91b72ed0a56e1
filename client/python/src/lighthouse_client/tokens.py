"""The token of every request: a fixed one, or one that a function makes and that is kept while it is valid."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import math
import time
from collections.abc import Awaitable, Callable

from .errors import LighthouseError

TokenFunction = Callable[[], "str | Awaitable[str]"]
"""Answers a token that is valid now. Called when none is held, before one expires, and after a refusal."""

_MARGIN = 30.0
"""A token is replaced so many seconds before it expires, or after four fifths of its life if that is later."""


class Tokens:
    """Holds a token; callers that come at the same time share one call of the function."""

    def __init__(self, source: str | TokenFunction) -> None:
        if not isinstance(source, str) and not callable(source):
            raise ValueError("token must be a text or a function that answers one")
        self._source = source
        self._asking: asyncio.Task[str] | None = None
        self._held: str | None = None
        self._until = math.inf

    @property
    def renewable(self) -> bool:
        """Whether a refused token can be replaced; a fixed one cannot."""
        return not isinstance(self._source, str)

    async def current(self) -> str:
        """The token to send now."""
        if isinstance(self._source, str):
            return self._source
        if self._held is not None and time.time() < self._until:
            return self._held
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask(self._source))
            self._asking.add_done_callback(self._asked)
        # One caller that is cancelled must not take the call away from the others.
        return await asyncio.shield(self._asking)

    def refused(self, token: str) -> None:
        """Drops a refused token, unless another request has replaced it meanwhile."""
        if self._held == token:
            self._held = None

    def _asked(self, task: asyncio.Task[str]) -> None:
        self._asking = None
        if not task.cancelled():
            # Who waited has the failure; when nobody waits any more, nobody is to be told of it.
            task.exception()

    async def _ask(self, source: TokenFunction) -> str:
        try:
            made = source()
            token = await made if inspect.isawaitable(made) else made
        except Exception as cause:
            raise LighthouseError("UNAUTHENTICATED", "The token function failed.", retryable=True) from cause
        self._held, self._until = token, good_until(token, time.time())
        return token


def good_until(token: str, now: float) -> float:
    """When this JWT should be replaced. What is no JWT, or seems expired on arrival, only the server can judge."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        ends = float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return math.inf
    return ends - min(_MARGIN, (ends - now) / 5) if ends > now else math.inf
