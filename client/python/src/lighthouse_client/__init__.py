"""The client of a Lighthouse event store, typed and async: ``async with Lighthouse(url, token) as lighthouse``."""

from .client import Context, Lighthouse
from .errors import ConflictError, LighthouseError, NetworkError, Outcome
from .events import (
    Appended,
    AppendedBatch,
    Condition,
    ConditionItem,
    DamagedRange,
    EventsPage,
    Expectation,
    ExpectedRevision,
    NewEvent,
    Place,
    RecordedEvent,
    Waited,
)
from .filters import EventFilter, Moment, OneOrMany, ReadFilter
from .following import Following
from .groups import Delivery, Group, GroupConsumers, GroupProgress, GroupStatus, Handler, Nack, ParkedEvent
from .retry import Retry
from .states import Initial, Projection, Reducer, Snapshots, State
from .tokens import TokenFunction

__all__ = [
    "Appended",
    "AppendedBatch",
    "Condition",
    "ConditionItem",
    "ConflictError",
    "Context",
    "DamagedRange",
    "Delivery",
    "EventFilter",
    "EventsPage",
    "Expectation",
    "ExpectedRevision",
    "Following",
    "Group",
    "GroupConsumers",
    "GroupProgress",
    "GroupStatus",
    "Handler",
    "Initial",
    "Lighthouse",
    "LighthouseError",
    "Moment",
    "Nack",
    "NetworkError",
    "NewEvent",
    "OneOrMany",
    "Outcome",
    "ParkedEvent",
    "Place",
    "Projection",
    "ReadFilter",
    "RecordedEvent",
    "Reducer",
    "Retry",
    "Snapshots",
    "State",
    "TokenFunction",
    "Waited",
]
