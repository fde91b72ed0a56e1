"""The filters of reads, follows and groups, and their form in a query string and in a frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Literal, TypedDict

from .events import DamagedRange

OneOrMany = str | Sequence[str]
"""One value, or several of which an event must have one."""
Moment = int | str | datetime
"""A position, the id of an event, or a time."""
Query = list[tuple[str, str]]


class EventFilter(TypedDict, total=False):
    """Fields are AND-ed, the values of one field OR-ed, the tags AND-ed; ``*`` in streams and types is any run."""

    streams: OneOrMany
    types: OneOrMany
    tags: OneOrMany
    agents: OneOrMany
    correlation_id: OneOrMany
    causation_id: OneOrMany
    session_id: OneOrMany


class ReadFilter(EventFilter, total=False):
    """A filter and the bounds of a read."""

    after: int
    """Only events beyond this position."""
    before: int
    """Only events before this position."""
    since: str | datetime
    until: str | datetime
    order: Literal["asc", "desc"]
    on_damaged: Callable[[DamagedRange], None]
    """Told what is passed over because it is damaged. Without it a read that comes to damage is ``DATA_CORRUPT``."""


_PARAMETERS = {
    "streams": "stream",
    "types": "type",
    "tags": "tag",
    "agents": "agent",
    "correlation_id": "correlation",
    "causation_id": "causation",
    "session_id": "session",
}
_LISTS = ("streams", "types", "tags", "agents")
_TEXTS = {"correlation_id": "correlationId", "causation_id": "causationId", "session_id": "sessionId"}
_BOUNDS = ("after", "before", "since", "until", "order")


def filter_query(given: Mapping[str, Any]) -> Query:
    """The filter as parameters of a query string."""
    return [
        (parameter, value)
        for field, parameter in _PARAMETERS.items()
        for value in _list_of(field, given.get(field)) or ()
    ]


def read_query(given: Mapping[str, Any]) -> Query:
    """The filter and the bounds of a read as parameters of a query string."""
    query = filter_query(given)
    query += [(name, str(moment(given[name]))) for name in _BOUNDS if given.get(name) is not None]
    if given.get("on_damaged") is not None:
        query.append(("onDamaged", "skip"))
    unknown = sorted(set(given) - set(_PARAMETERS) - set(_BOUNDS) - {"on_damaged"})
    if unknown:
        raise ValueError(f"a read has no {', '.join(unknown)}")
    return query


def filter_frame(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The filter as a frame carries it; ``None`` when it lets every event through."""
    frame: dict[str, Any] = {}
    for field in _LISTS:
        values = _list_of(field, given.get(field))
        if values is not None:
            frame[field] = values
    for field, name in _TEXTS.items():
        text = given.get(field)
        if text is not None and not isinstance(text, str):
            raise ValueError(f"{field} must be one text here")
        if text is not None:
            frame[name] = text
    unknown = sorted(set(given) - set(_PARAMETERS))
    if unknown:
        raise ValueError(f"a filter has no {', '.join(unknown)}")
    return frame or None


def moment(value: Moment) -> int | str:
    """As the server takes it; a time without a zone would be another moment on another machine."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("a time must have a time zone")
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _list_of(field: str, value: Any) -> list[str] | None:
    """Refuses an empty list: it should match nothing, but in a query string it would disappear and match everything."""
    if value is None:
        return None
    values = [value] if isinstance(value, str) else list(value)
    if not values or not all(isinstance(item, str) for item in values):
        raise ValueError(f"{field} must be a text or a list of at least one")
    return values
