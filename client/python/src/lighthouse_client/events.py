"""Events as a program appends them and as the store keeps them, and what the answers to appends and takes tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

JsonObject = dict[str, Any]
ExpectedRevision = int | Literal["any", "none", "exists"]
"""The revision a stream must have for an append to be accepted; ``none``: the stream has no events."""
Durability = Literal["fsync", "quorum", "memory"]


class Expectation(TypedDict):
    """What a batch requires of one stream, in the names of the HTTP API."""

    stream: str
    expectedRevision: ExpectedRevision


class ConditionItem(TypedDict, total=False):
    """Events of one of these types that have all of these tags."""

    types: Sequence[str]
    tags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Condition:
    """The append fails if events of one of these kinds exist beyond ``after``, in whatever stream."""

    fail_if: Sequence[ConditionItem]
    after: int | None = None

    def to_json(self) -> JsonObject:
        """As the HTTP API takes it."""
        return _without_none({"failIfEventsMatch": {"items": list(self.fail_if)}, "after": self.after})


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append. Who wrote it is taken from the token, and its id, position and time are given by the store."""

    type: str
    stream: str
    data: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] | None = None
    tags: Sequence[str] | None = None
    schema_version: int | None = None
    """The version of the shape of ``data``, from 1."""
    correlation_id: str | None = None
    causation_id: str | None = None
    """Usually the id of the event that caused this one."""
    session_id: str | None = None
    parents: Sequence[str] | None = None
    """The ids of further direct causes."""
    occurred_at: str | None = None
    """RFC 3339. It is stored but never used for order, because only the position orders events."""

    def to_json(self) -> JsonObject:
        """As the HTTP API takes it."""
        return _without_none(
            {
                "type": self.type,
                "stream": self.stream,
                "data": self.data,
                "metadata": self.metadata,
                "tags": self.tags,
                "schemaVersion": self.schema_version,
                "correlationId": self.correlation_id,
                "causationId": self.causation_id,
                "sessionId": self.session_id,
                "parents": self.parents,
                "occurredAt": self.occurred_at,
            }
        )


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as the store keeps it."""

    id: str
    """Ids rise with the position."""
    position: int
    """Its number in the whole log: dense, from 1."""
    stream: str
    revision: int
    """Its number in its stream: dense, from 0."""
    type: str
    data: JsonObject
    timestamp: str
    """RFC 3339 with nine decimals, in UTC."""
    agent_id: str
    """The agent that wrote it, as its token named it."""
    checksum: str
    """The SHA-256 of the stored bytes, in hex."""
    schema_version: int = 1
    tags: tuple[str, ...] = ()
    metadata: JsonObject | None = None
    on_behalf_of: tuple[str, ...] = ()
    correlation_id: str | None = None
    causation_id: str | None = None
    session_id: str | None = None
    parents: tuple[str, ...] = ()
    occurred_at: str | None = None
    traceparent: str | None = None

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> RecordedEvent:
        """From its JSON; what a newer server adds is passed over."""
        get = event.get
        return cls(
            id=event["id"],
            position=event["position"],
            stream=event["stream"],
            revision=event["revision"],
            type=event["type"],
            data=event["data"],
            timestamp=event["timestamp"],
            agent_id=event["agentId"],
            checksum=event["checksum"],
            schema_version=event["schemaVersion"],
            tags=tuple(get("tags", ())),
            metadata=get("metadata"),
            on_behalf_of=tuple(get("onBehalfOf", ())),
            correlation_id=get("correlationId"),
            causation_id=get("causationId"),
            session_id=get("sessionId"),
            parents=tuple(get("parents", ())),
            occurred_at=get("occurredAt"),
            traceparent=get("traceparent"),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where one event of a batch was stored."""

    id: str
    position: int
    stream: str
    revision: int

    @classmethod
    def of(cls, place: Mapping[str, Any]) -> Place:
        """From its JSON."""
        return cls(place["id"], place["position"], place["stream"], place["revision"])


@dataclass(frozen=True, slots=True)
class Appended:
    """What the store assigned to one event."""

    id: str
    position: int
    stream: str
    revision: int
    timestamp: str
    duplicate: bool
    """An earlier append under the same key had already stored it."""
    durability: Durability

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Appended:
        """From its JSON."""
        names = ("id", "position", "stream", "revision", "timestamp", "duplicate", "durability")
        return cls(*(answer[name] for name in names))


@dataclass(frozen=True, slots=True)
class AppendedBatch:
    """What the store assigned to the events of a batch, in the order of the request and at consecutive positions."""

    events: tuple[Place, ...]
    first_position: int
    last_position: int
    duplicate: bool
    durability: Durability

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> AppendedBatch:
        """From its JSON."""
        events = tuple(Place.of(place) for place in answer["events"])
        names = ("firstPosition", "lastPosition", "duplicate", "durability")
        return cls(events, *(answer[name] for name in names))


@dataclass(frozen=True, slots=True)
class DamagedRange:
    """Positions, both included, that cannot be read because what is stored there is damaged."""

    start: int
    end: int
    reason: str

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> DamagedRange:
        """From a frame or an entry of a page."""
        return cls(told["from"], told["to"], told["reason"])


@dataclass(frozen=True, slots=True)
class EventsPage:
    """One page of a read."""

    events: tuple[RecordedEvent, ...]
    next: str | None
    """The cursor of the next page; ``None`` on the last."""
    head: int
    """All pages of one walk end here, so that events stored meanwhile do not move the end."""
    damaged: tuple[DamagedRange, ...] = ()


@dataclass(frozen=True, slots=True)
class Waited:
    """What a wait has found."""

    events: tuple[RecordedEvent, ...]
    """Oldest first; empty when nothing matched in time."""
    position: int
    """The ``after`` of the next wait, so that nothing is missed or seen twice."""


def _without_none(fields: JsonObject) -> JsonObject:
    return {name: value for name, value in fields.items() if value is not None}
