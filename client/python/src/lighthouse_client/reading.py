"""Reads events as lines and resumes behind the last one after a break, so each comes once, in order, to the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any

import httpx

from .errors import LighthouseError, NetworkError, error_of_problem
from .events import DamagedRange, RecordedEvent
from .filters import read_query
from .transport import Request, Transport, get, segment

_MOST_AT_ONCE = 10_000
_PAGE = 1_000


async def read_events(
    transport: Transport, given: Mapping[str, Any], limit: int | None
) -> AsyncGenerator[RecordedEvent, None]:
    """All events that match. The read ends at the head that its last request saw."""
    bounds = dict(given)
    left = limit_of(limit)
    bound = "before" if bounds.get("order") == "desc" else "after"
    failures = 0
    while left is None or left > 0:
        wanted = None if left is None else min(left, _MOST_AT_ONCE)
        count = 0
        try:
            # Closed here and not by the collector of garbage, so that a read that is left leaves its connection.
            async with aclosing(_read_once(transport, bounds, wanted)) as events:
                async for event in events:
                    count += 1
                    bounds[bound] = event.position
                    if left is not None:
                        left -= 1
                    yield event
            if wanted is None or count < wanted:
                return
            failures = 0
        except LighthouseError as error:
            failures = 1 if count > 0 else failures + 1
            delay = transport.retry.after(failures, error)
            if delay is None:
                raise
            await asyncio.sleep(delay)


async def _read_once(
    transport: Transport, bounds: Mapping[str, Any], limit: int | None
) -> AsyncGenerator[RecordedEvent, None]:
    query = read_query(bounds)
    if limit is not None:
        query.append(("limit", str(limit)))
    request = Request("GET", "v1/events", query, headers=(("accept", "application/x-ndjson"),))
    count = 0
    async with transport.open(request) as response:
        async for frame in frames_of(response):
            kind = frame["type"]
            if kind == "event":
                count += 1
                yield RecordedEvent.of(frame["event"])
            elif kind == "damaged" and bounds.get("on_damaged") is not None:
                bounds["on_damaged"](DamagedRange.of(frame))
            elif kind == "error":
                raise error_of_problem(frame.get("problem"))
            elif kind == "end":
                if frame["count"] != count:
                    raise LighthouseError("BAD_ANSWER", f"{count} events came, and the answer says {frame['count']}.")
                return
    raise NetworkError("The answer was cut off before its last frame.")


async def frames_of(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The frames of a body of lines. Texts may hold other line separators raw, so only the newline byte separates."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield _frame_of(line)


def _frame_of(line: bytes) -> dict[str, Any]:
    try:
        frame = json.loads(line)
    except ValueError as error:
        raise LighthouseError("BAD_ANSWER", "A line of the answer is not JSON.") from error
    if not isinstance(frame, dict) or "type" not in frame:
        raise LighthouseError("BAD_ANSWER", "A line of the answer is not a frame.")
    return frame


async def read_stream(
    transport: Transport,
    stream: str,
    start: int | None,
    order: str | None,
    limit: int | None,
    on_damaged: Callable[[DamagedRange], None] | None,
) -> AsyncIterator[RecordedEvent]:
    """The events of a stream by revision. One without events ends at once, for a stream is nothing but its events."""
    left = limit_of(limit)
    while left is None or left > 0:
        query = [("limit", str(_PAGE if left is None else min(left, _PAGE)))]
        if start is not None:
            query.append(("from", str(start)))
        if order is not None:
            query.append(("order", order))
        if on_damaged is not None:
            query.append(("onDamaged", "skip"))
        answer = await transport.found(get(f"v1/streams/{segment(stream)}/events", query))
        if answer is None:
            return
        if on_damaged is not None:
            for one in answer.body.get("damaged", ()):
                on_damaged(DamagedRange.of(one))
        for event in answer.body["events"]:
            yield RecordedEvent.of(event)
        if left is not None:
            left -= len(answer.body["events"])
        start = answer.body["next"]
        if start is None:
            return


def limit_of(limit: int | None) -> int | None:
    """The limit, ``None`` where there is none; a negative one is a ``ValueError``."""
    if limit is not None and limit < 0:
        raise ValueError("limit must be a whole number from 0")
    return limit
