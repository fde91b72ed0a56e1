"""Answers that are handed on as the server gives them, in the names of the HTTP API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict


class Allowance(TypedDict):
    """How much there is at most, and how much of it is left now."""

    limit: int
    left: int


class OwnStreams(TypedDict):
    """The streams of the agent itself; ``reason`` says why there are none."""

    patterns: Sequence[str]
    reason: NotRequired[str]


class Limits(TypedDict):
    """Quotas, and the sizes that an append may have."""

    requestsPerMinute: Allowance
    eventsPerMinute: Allowance
    bytesPerMinute: Allowance
    batch: int
    batchBytes: int
    eventBytes: int
    bodyBytes: int


class WhoAmI(TypedDict):
    """Who the token is to the server, what it may do, what is left of its limits, and when it ends."""

    agentId: str
    role: str
    issuer: NotRequired[str]
    tokenId: NotRequired[str]
    onBehalfOf: NotRequired[Sequence[str]]
    scopes: Mapping[str, Sequence[str]]
    """The patterns on names of streams of each scope that the token has."""
    own: OwnStreams
    limits: Limits
    work: Mapping[str, Allowance]
    """What the agent may hold at a time."""
    expiresAt: str
    expiresInSeconds: float
    """By the server's clock, which is ``serverTime``."""
    serverTime: str
    lineage: str
    """Of the log: a restore begins a new one."""
    epoch: int
    """Which start of the store answers."""


class Ticket(TypedDict):
    """Good for one address, as ``?ticket=``."""

    ticket: str
    expiresAt: str


class StreamHead(TypedDict):
    """A stream and its last event."""

    stream: str
    revision: int
    lastPosition: int


class StreamPlace(TypedDict):
    """Where an event of a stream is."""

    id: str
    position: int
    revision: int
    timestamp: str


class StreamInfo(TypedDict):
    """A stream and what is kept of it; ``first`` and ``last`` are ``None`` when retention has removed all."""

    stream: str
    revision: int
    events: int
    first: StreamPlace | None
    last: StreamPlace | None


class GraphEvent(TypedDict):
    """An event on the way of causes; of one that is ``missing`` (or may not be read) only the id is known."""

    id: str
    depth: int
    """Steps from the event that was asked about."""
    missing: bool
    position: NotRequired[int]
    stream: NotRequired[str]
    type: NotRequired[str]
    timestamp: NotRequired[str]
    agentId: NotRequired[str]


class GraphLink(TypedDict):
    """One event is the cause of another; ``by`` names the field that says so."""

    cause: str
    effect: str
    by: Literal["causation", "parent"]


class Graph(TypedDict):
    """Causes or effects of an event; ``complete`` unless depth or limit ended it."""

    events: Sequence[GraphEvent]
    links: Sequence[GraphLink]
    complete: bool


class QueryPlan(TypedDict):
    """How a page was found: by which index, how many events were compared, and how many of them matched."""

    index: str
    scanned: int
    matched: int
    ms: float


class ProjectionSummary(TypedDict):
    """A projection in a list."""

    name: str
    version: int
    description: NotRequired[str]
    live: bool
    definedBy: str
    definedAt: str


class KeptFold(TypedDict):
    """A fold of which snapshots are kept."""

    id: str
    name: str | None
    fold: Mapping[str, Any]
    keptBy: str
    since: str


class Snapshot(TypedDict):
    """What is known of a snapshot without its state; ``None`` where it cannot be read."""

    id: str
    fold: str
    upcasting: str | None
    position: int
    events: int | None
    createdAt: str
    reason: str
    base: str | None
    bytes: int | None
    stateBytes: int | None
    stateSha256: str | None
    protected: bool


class MadeSnapshot(TypedDict):
    """A snapshot that was asked for, and the fold that it is of."""

    fold: KeptFold
    snapshot: Snapshot


class SnapshotList(TypedDict):
    """All folds and snapshots that the token may see."""

    folds: Sequence[KeptFold]
    snapshots: Sequence[Snapshot]


class SnapshotState(TypedDict):
    """What a snapshot holds."""

    id: str
    position: int
    events: int
    state: Any


class SnapshotVerdict(TypedDict):
    """A snapshot compared with the log; what was wrong is set aside, and one was made anew."""

    verdict: Literal["sound", "wrong", "damaged", "outdated"]
    quarantined: Sequence[str]
    made: Any
