"""States made of events, folded by the server: by a reducer, by a projection, or kept as a snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from .documents import MadeSnapshot, Snapshot, SnapshotList, SnapshotState, SnapshotVerdict
from .events import DamagedRange
from .filters import EventFilter, Moment, Query, filter_frame, moment
from .reading import limit_of
from .transport import Request, Transport, encoded, get, post, segment

Reducer = Literal["merge", "last", "count", "collect", "set"]
_KEYS_PAGE = 100


@dataclass(frozen=True, slots=True)
class State:
    """A state and the moment it is of."""

    state: Any
    position: int
    """Every matching event up to here is in the state; a later fold goes on with it as ``after``."""
    events: int
    """The number of events in the state."""
    first: int = 0
    """The first position that is kept. Events that retention removed before it are not in the state."""
    head: int = 0
    """The last durable position at the time of the fold."""
    damaged: tuple[DamagedRange, ...] = ()
    """What was left out because it is damaged."""
    version: int | None = None
    """The version of the projection it was made by."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> State:
        """From its JSON."""
        return cls(
            answer["state"],
            answer["position"],
            answer["events"],
            answer["first"],
            answer["head"],
            tuple(DamagedRange.of(damaged) for damaged in answer.get("damaged", ())),
            answer.get("version"),
        )


class Initial(TypedDict, total=False):
    """A state to go on from, and how many events are in it."""

    state: Any
    events: int


async def stream_state(
    transport: Transport, stream: str, at: Moment | None, reducer: Reducer | None, key: str | None
) -> State:
    """The state of one stream at a moment."""
    query = _query(at=at, reducer=reducer, key=key)
    return State.of((await transport.call(get(f"v1/streams/{segment(stream)}/state", query))).body)


async def replay(transport: Transport, given: Mapping[str, Any], filter: EventFilter) -> State:
    """What the server folds of all that matches."""
    body = {name: value for name, value in given.items() if value is not None}
    for name in ("at", "after"):
        if name in body:
            body[name] = moment(body[name])
    frame = filter_frame(filter)
    if frame is not None:
        body["filter"] = frame
    return State.of((await transport.call(post("v1/replay", body))).body)


class Projection:
    """A fold with a name, which the server keeps; made by ``Lighthouse.projection``."""

    def __init__(self, transport: Transport, name: str) -> None:
        self.name = name
        self._transport = transport
        self._path = f"v1/projections/{segment(name)}"

    async def define(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        """Defines it, or a new version of it, in the form of the HTTP API: ``on``, ``filter``, ``key``, ``live`` …"""
        request = Request("PUT", self._path, body=encoded(definition))
        answer: dict[str, Any] = (await self._transport.call(request)).body
        return answer

    async def definition(self, *, version: int | None = None) -> dict[str, Any] | None:
        """How it is defined; ``None`` when there is no such projection or version."""
        answer = await self._transport.found(get(self._path, _query(version=version)))
        return None if answer is None else answer.body

    async def delete(self) -> None:
        """Deletes it. The events it was made of stay in the log."""
        await self._transport.remove(Request("DELETE", self._path))

    async def state(
        self, *, key: str | None = None, at: Moment | None = None, version: int | None = None
    ) -> State:
        """Its state, of one key where it has keys."""
        query = _query(key=key, at=at, version=version)
        return State.of((await self._transport.call(get(f"{self._path}/state", query))).body)

    async def keys(
        self, *, after: str | None = None, at: Moment | None = None, limit: int | None = None
    ) -> AsyncIterator[tuple[str, Any]]:
        """Its keys and their states, all of the same moment."""
        left = limit_of(limit)
        while left is None or left > 0:
            size = _KEYS_PAGE if left is None else min(left, _KEYS_PAGE)
            query = _query(after=after, at=at, limit=size)
            page = (await self._transport.call(get(f"{self._path}/keys", query))).body
            for one in page["keys"]:
                yield one["key"], one["state"]
            # The first page decides the moment; otherwise two pages could tell of two.
            at = page["position"]
            if left is not None:
                left -= len(page["keys"])
            after = page["next"]
            if after is None:
                return


class Snapshots:
    """States that the server has written down; made by ``Lighthouse.snapshots``. Documents as in the HTTP API."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def make(
        self,
        *,
        reducer: Reducer | None = None,
        key: str | None = None,
        projection: str | None = None,
        version: int | None = None,
        name: str | None = None,
        filter: EventFilter | None = None,
    ) -> MadeSnapshot:
        """Writes the state of a fold down now; answers the ``fold`` and the ``snapshot``."""
        body = {
            "filter": filter_frame(filter or {}),
            "reducer": reducer,
            "key": key,
            "projection": projection,
            "version": version,
            "name": name,
        }
        request = post("v1/snapshots", {field: value for field, value in body.items() if value is not None})
        document: MadeSnapshot = await self._document(request)
        return document

    async def list(self) -> SnapshotList:
        """All ``folds`` and ``snapshots`` that the token may see."""
        document: SnapshotList = await self._document(get("v1/snapshots"))
        return document

    async def get(self, id: str) -> Snapshot | None:
        """One snapshot; ``None`` when there is none."""
        answer = await self._transport.found(get(_snapshot(id)))
        return None if answer is None else answer.body

    async def state(self, id: str) -> SnapshotState:
        """What one holds: ``state``, ``position`` and ``events``."""
        document: SnapshotState = await self._document(get(f"{_snapshot(id)}/state"))
        return document

    async def verify(self, id: str) -> SnapshotVerdict:
        """Compares one with the log; answers a ``verdict``."""
        document: SnapshotVerdict = await self._document(post(f"{_snapshot(id)}/verify"))
        return document

    async def protect(self, id: str) -> Snapshot:
        """Keeps one from being cleared away."""
        document: Snapshot = await self._document(post(f"{_snapshot(id)}/protect"))
        return document

    async def unprotect(self, id: str) -> Snapshot:
        """Ends its protection."""
        document: Snapshot = await self._document(Request("DELETE", f"{_snapshot(id)}/protect"))
        return document

    async def delete(self, id: str) -> Sequence[str]:
        """Removes one, and those that are made from it; answers their ids."""
        answer = await self._transport.remove(Request("DELETE", _snapshot(id)))
        return (id,) if answer is None else answer.body["removed"]

    async def forget(self, fold: str) -> None:
        """Lets a fold go with all of its snapshots."""
        await self._transport.remove(Request("DELETE", f"v1/snapshots/folds/{segment(fold)}"))

    async def _document(self, request: Request) -> Any:
        return (await self._transport.call(request)).body


def _snapshot(id: str) -> str:
    return f"v1/snapshots/{segment(id)}"


def _query(**given: Moment | None) -> Query:
    return [(name, str(moment(value))) for name, value in given.items() if value is not None]
