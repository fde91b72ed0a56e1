"""The client of a Lighthouse server: append, read, query, wait and follow events, and share them in consumer groups."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any, Literal, TypeVar, Unpack

import httpx

from .appending import send_append
from .documents import Graph, ProjectionSummary, QueryPlan, StreamHead, StreamInfo, Ticket, WhoAmI
from .errors import LighthouseError
from .events import (
    Appended,
    AppendedBatch,
    Condition,
    DamagedRange,
    EventsPage,
    Expectation,
    ExpectedRevision,
    NewEvent,
    RecordedEvent,
    Waited,
)
from .filters import EventFilter, Moment, OneOrMany, ReadFilter, filter_query, read_query
from .following import Following
from .groups import Group, GroupStatus, group_statuses
from .reading import limit_of, read_events, read_stream
from .retry import Retry
from .states import Initial, Projection, Reducer, Snapshots, State, replay, stream_state
from .tokens import TokenFunction, Tokens
from .transport import Transport, get, post, segment

T = TypeVar("T")
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Context:
    """What the appends of a call are part of."""

    correlation_id: str | None = None
    """Events that name none of their own take it."""
    traceparent: str | None = None
    """The W3C trace context; it is stored with the events."""


class Lighthouse:
    """A client for one server and one token. Use it in ``async with``, or close it with ``aclose``.

    ``url`` is the server's address; a path prefix in it is kept. ``token`` is a JWT, or a function (plain or async)
    that answers one: it is called when none is held, shortly before one expires, and after a refusal. ``timeout`` is
    the seconds that one try may take. ``ssl`` is for certificates of your own, of requests and follows alike. ``http``
    replaces the ``httpx.AsyncClient`` of requests; its ``base_url`` is not used, and it is not closed.
    """

    def __init__(
        self,
        url: str,
        token: str | TokenFunction,
        *,
        retry: Retry | None = None,
        timeout: float = 30.0,
        ssl: SSLContext | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        address = httpx.URL(url)
        if address.scheme not in ("http", "https"):
            raise ValueError(f"url must begin with http:// or https://, not {url!r}")
        base = address.copy_with(path=address.path.rstrip("/") + "/", query=None, fragment=None)
        # Long polls must not keep appends from a connection, so there is no limit on them here.
        client = http or httpx.AsyncClient(limits=httpx.Limits(max_connections=None), verify=ssl or True)
        self._own = client if http is None else None
        self._transport = Transport(client, base, Tokens(token), retry or Retry(), timeout, ssl)
        scheme = "wss" if base.scheme == "https" else "ws"
        self._socket_url = str(base.copy_with(scheme=scheme).join("v1/stream"))

    async def __aenter__(self) -> Lighthouse:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections of requests. Follows have their own and are closed by themselves."""
        if self._own is not None:
            await self._own.aclose()

    async def append(
        self,
        event: NewEvent,
        *,
        expected_revision: ExpectedRevision | None = None,
        condition: Condition | None = None,
        key: str | None = None,
        context: Context | None = None,
    ) -> Appended:
        """Stores one event and returns once it is durable. Retries store nothing twice.

        ``key`` is the idempotency key: an agent's append under one key is stored once within 24 hours. One is made
        when none is given; an error of the append has it.
        """
        body = event.to_json() | {"expectedRevision": expected_revision, "condition": _condition(condition)}
        return Appended.of(await send_append(self._transport, "v1/events", body, key, _headers(context)))

    async def append_batch(
        self,
        events: Sequence[NewEvent],
        *,
        expectations: Sequence[Expectation] | None = None,
        condition: Condition | None = None,
        key: str | None = None,
        context: Context | None = None,
    ) -> AppendedBatch:
        """Stores all events or none, at consecutive positions in their order, and returns once they are durable."""
        body = {
            "events": [event.to_json() for event in events],
            "expectations": None if expectations is None else list(expectations),
            "condition": _condition(condition),
        }
        return AppendedBatch.of(await send_append(self._transport, "v1/events/batch", body, key, _headers(context)))

    def read(
        self, *, limit: int | None = None, **bounds: Unpack[ReadFilter]
    ) -> AsyncGenerator[RecordedEvent, None]:
        """All events that match, oldest or newest first, at the caller's pace.

        When the connection breaks, the read goes on behind the last event, so the caller does not notice it. Who
        leaves it early closes it: ``async with contextlib.aclosing(lighthouse.read(…)) as events``.
        """
        read_query(bounds)
        limit_of(limit)
        return read_events(self._transport, bounds, limit)

    async def read_page(
        self, *, limit: int | None = None, cursor: str | None = None, **bounds: Unpack[ReadFilter]
    ) -> EventsPage:
        """One page, for callers that keep no connection open: at most ``limit`` events (100) and the next cursor."""
        query = read_query(bounds)
        if limit is not None:
            query.append(("limit", str(limit)))
        if cursor is not None:
            query.append(("cursor", cursor))
        page = (await self._transport.call(get("v1/events", query))).body
        damaged = tuple(DamagedRange.of(one) for one in page.get("damaged", ()))
        tell = bounds.get("on_damaged")
        if tell is not None:
            for one in damaged:
                tell(one)
        return EventsPage(tuple(map(RecordedEvent.of, page["events"])), page["next"], page["head"], damaged)

    async def event(self, id: str | int) -> RecordedEvent | None:
        """One event by its id or position; ``None`` when there is none that the token may read."""
        answer = await self._transport.found(get(f"v1/events/{segment(id)}"))
        return None if answer is None else RecordedEvent.of(answer.body)

    async def head(self) -> int:
        """The last durable position; 0 when nothing has been stored yet."""
        return (await self.read_page(order="desc", limit=1)).head

    async def stream(self, name: str) -> StreamInfo | None:
        """Revision and range of a stream, as in the HTTP API; ``None`` when it has no events that the token may read."""
        answer = await self._transport.found(get(f"v1/streams/{segment(name)}"))
        return None if answer is None else answer.body

    async def streams(
        self, match: OneOrMany | None = None, *, after: str | None = None, limit: int | None = None
    ) -> AsyncIterator[StreamHead]:
        """Streams by name; without one, all but the service's own."""
        globs = [match] if isinstance(match, str) else list(match or ())
        left = limit_of(limit)
        while left is None or left > 0:
            query = [("limit", str(_PAGE if left is None else min(left, _PAGE)))]
            query += [("match", glob) for glob in globs]
            if after is not None:
                query.append(("after", after))
            page = (await self._transport.call(get("v1/streams", query))).body
            for head in page["streams"]:
                yield head
            if left is not None:
                left -= len(page["streams"])
            after = page["next"]
            if after is None:
                return

    def read_stream(
        self,
        name: str,
        *,
        start: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        limit: int | None = None,
        on_damaged: Callable[[DamagedRange], None] | None = None,
    ) -> AsyncIterator[RecordedEvent]:
        """The events of one stream by revision, from ``start`` on; a stream that does not exist has none."""
        limit_of(limit)
        return read_stream(self._transport, name, start, order, limit, on_damaged)

    async def query(
        self,
        where: Mapping[str, Any],
        *,
        order_by: Mapping[str, str] | None = None,
        limit: int | None = None,
        page_size: int = _PAGE,
        on_plan: Callable[[QueryPlan], None] | None = None,
    ) -> AsyncIterator[RecordedEvent]:
        """Finds events by their content; ``on_plan`` is told how each page was found."""
        async for row in self._rows({"where": where, "orderBy": order_by}, limit, page_size, on_plan):
            yield RecordedEvent.of(row)

    async def select(
        self,
        fields: Sequence[str],
        where: Mapping[str, Any],
        *,
        order_by: Mapping[str, str] | None = None,
        limit: int | None = None,
        page_size: int = _PAGE,
        on_plan: Callable[[QueryPlan], None] | None = None,
    ) -> AsyncIterator[dict[str, Any]]:
        """Does the same for single fields: each row has them under their paths as written, and ``id``, ``position``."""
        body = {"where": where, "orderBy": order_by, "select": list(fields)}
        async for row in self._rows(body, limit, page_size, on_plan):
            yield row

    async def wait(
        self,
        *,
        after: int | None = None,
        timeout_seconds: float = 30,
        limit: int | None = None,
        **filter: Unpack[EventFilter],
    ) -> Waited:
        """Returns as soon as an event matches, or with none when the time (up to 50 s) is over."""
        query = filter_query(filter) + [("timeout", f"{timeout_seconds:g}")]
        query += [(name, str(value)) for name, value in (("after", after), ("limit", limit)) if value is not None]
        answer = await self._transport.call(get("v1/events/wait", query, timeout_seconds))
        if answer.status == 204:
            return Waited((), int(answer.headers["lighthouse-position"]))
        return Waited(tuple(map(RecordedEvent.of, answer.body["events"])), answer.body["position"])

    def follow(
        self,
        *,
        after: Moment = "head",
        on_caught_up: Callable[[int], None] | None = None,
        on_fell_behind: Callable[[int], None] | None = None,
        on_damaged: Callable[[DamagedRange], None] | None = None,
        on_interrupted: Callable[[LighthouseError], None] | None = None,
        **filter: Unpack[EventFilter],
    ) -> Following:
        """Events that match, then every new one as it is stored: each once and in order, also when connections break.

        It starts beyond a position, an event's id or a time, at the ``"start"``, or at the ``"head"``. ``on_caught_up``
        is told when all that was stored before has been returned, ``on_fell_behind`` when events come faster than they
        are taken, ``on_interrupted`` when the connection broke; it is tried again for as long as the follow lasts.
        Without ``on_damaged``, which is told what is passed over, a follow that comes to damage fails.
        """
        return Following(
            self._socket_url,
            self._transport,
            filter,
            after,
            on_caught_up=on_caught_up,
            on_fell_behind=on_fell_behind,
            on_damaged=on_damaged,
            on_interrupted=on_interrupted,
        )

    def group(self, name: str) -> Group:
        """A consumer group by its name. This sends no request, so the group need not exist yet."""
        return Group(self._transport, name)

    def groups(self) -> AsyncIterator[GroupStatus]:
        """The groups that the token owns, consumes or may watch, in the order of their names."""
        return group_statuses(self._transport)

    async def state(
        self, stream: str, *, at: Moment | None = None, reducer: Reducer | None = None, key: str | None = None
    ) -> State:
        """The state of one stream at a moment, itself included, folded by the server; the default merges ``data``."""
        return await stream_state(self._transport, stream, at, reducer, key)

    async def replay(
        self,
        *,
        at: Moment | None = None,
        after: Moment | None = None,
        reducer: Reducer | None = None,
        key: str | None = None,
        projection: str | None = None,
        version: int | None = None,
        initial: Initial | None = None,
        on_damaged: Literal["fail", "skip"] | None = None,
        **filter: Unpack[EventFilter],
    ) -> State:
        """The server folds all that matches, up to a moment, with a reducer or a projection."""
        given = {
            "at": at,
            "after": after,
            "reducer": reducer,
            "key": key,
            "projection": projection,
            "version": version,
            "initial": initial,
            "onDamaged": on_damaged,
        }
        return await replay(self._transport, given, filter)

    async def fold(
        self,
        reducer: Callable[[T, RecordedEvent], T | Awaitable[T]],
        state: T,
        *,
        events: int = 0,
        **bounds: Unpack[ReadFilter],
    ) -> State:
        """Folds what matches in this process, with any function; ``after=`` an earlier fold's position goes on from it."""
        position = bounds.get("after", 0)
        async for event in self.read(**bounds):
            folded = reducer(state, event)
            state = await folded if isinstance(folded, Awaitable) else folded
            position = event.position
            events += 1
        return State(state, position, events)

    def projection(self, name: str) -> Projection:
        """A projection by its name. This sends no request."""
        return Projection(self._transport, name)

    async def projections(self) -> list[ProjectionSummary]:
        """All projections, as in the HTTP API."""
        listed: list[ProjectionSummary] = (await self._transport.call(get("v1/projections"))).body["projections"]
        return listed

    @property
    def snapshots(self) -> Snapshots:
        """States that the server has written down."""
        return Snapshots(self._transport)

    async def causes(self, id: str, *, depth: int | None = None, limit: int | None = None) -> Graph:
        """What led to an event: ``events``, ``links`` and whether it is ``complete``, as in the HTTP API."""
        return await self._graph(id, "causes", depth, limit)

    async def effects(self, id: str, *, depth: int | None = None, limit: int | None = None) -> Graph:
        """What an event has led to, in the same form."""
        return await self._graph(id, "effects", depth, limit)

    async def correlation(self, id: str) -> AsyncIterator[RecordedEvent]:
        """The events of one correlation, in the order of positions."""
        after: int | None = 0
        while after is not None:
            query = [("after", str(after))] if after else None
            page = (await self._transport.call(get(f"v1/correlations/{segment(id)}", query))).body
            for event in page["events"]:
                yield RecordedEvent.of(event)
            after = page["next"]

    async def whoami(self) -> WhoAmI:
        """Who the token is to the server, what it may do, what is left of its limits, and when it ends."""
        told: WhoAmI = (await self._transport.call(get("v1/whoami"))).body
        return told

    async def ticket(self) -> Ticket:
        """A ``ticket`` of 30 s and one use, for a browser that opens a stream itself, as ``?ticket=``."""
        made: Ticket = (await self._transport.call(post("v1/tickets"))).body
        return made

    async def _rows(
        self,
        asked: Mapping[str, Any],
        limit: int | None,
        page_size: int,
        on_plan: Callable[[QueryPlan], None] | None,
    ) -> AsyncIterator[dict[str, Any]]:
        left = limit_of(limit)
        cursor: str | None = None
        while left is None or left > 0:
            size = page_size if left is None else min(left, page_size)
            body = {**asked, "limit": size, "cursor": cursor}
            given = {name: value for name, value in body.items() if value is not None}
            page = (await self._transport.call(post("v1/events/query", given))).body
            if on_plan is not None:
                on_plan(page["plan"])
            for row in page["events"]:
                yield row
            if left is not None:
                left -= len(page["events"])
            cursor = page["next"]
            if cursor is None:
                return

    async def _graph(self, id: str, way: str, depth: int | None, limit: int | None) -> Graph:
        query = [(name, str(value)) for name, value in (("depth", depth), ("limit", limit)) if value is not None]
        graph: Graph = (await self._transport.call(get(f"v1/events/{segment(id)}/{way}", query))).body
        return graph


def _condition(condition: Condition | None) -> dict[str, Any] | None:
    return None if condition is None else condition.to_json()


def _headers(context: Context | None) -> dict[str, str | None]:
    if context is None:
        return {}
    return {"x-correlation-id": context.correlation_id, "traceparent": context.traceparent}
