"""Consumer groups: each event that matches goes to one of the group's consumers, until it is settled."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack

from .errors import LighthouseError
from .events import RecordedEvent
from .filters import EventFilter, Moment, filter_frame, moment
from .reading import limit_of
from .transport import Request, Transport, encoded, get, post, segment

_REASON_UNITS = 512
_PARKED_PAGE = 100
_MOST_TOKENS = 1_000
_LONGEST_DELAY = 60.0


class GroupConsumers(TypedDict, total=False):
    """The agents that may take from a group besides its owner: globs on their ids, and roles of tokens."""

    agents: Sequence[str]
    roles: Sequence[str]


class GroupProgress(TypedDict):
    """How far a group is, in the names of the HTTP API."""

    floor: int
    position: int
    head: int
    lag: int
    inFlight: int
    retrying: int
    parked: int
    oldestInFlight: Mapping[str, Any] | None
    nextDue: str | None
    stalled: Mapping[str, str] | None
    consumers: int


class GroupStatus(TypedDict):
    """The definition and the progress of a group, in the names of the HTTP API."""

    name: str
    filter: Mapping[str, Any]
    after: int | str
    start: int
    definedBy: str
    ackTimeoutSeconds: int
    maxAttempts: int
    maxInFlight: int
    ordering: Literal["none", "stream", "correlation"]
    damaged: Literal["stop", "skip"]
    consumers: Mapping[str, Sequence[str]]
    progress: GroupProgress


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that only this consumer may settle, until the deadline."""

    token: str
    """Settles this delivery only: a later delivery of the same event has another token."""
    attempt: int
    """The number of this attempt, from 1."""
    deadline: str
    event: RecordedEvent


@dataclass(frozen=True, slots=True)
class Nack:
    """How a delivery is given back. ``retry``: hand it out again. ``park``: keep it aside. ``skip``: it need not be done."""

    action: Literal["retry", "park", "skip"] = "retry"
    delay_seconds: float | None = None
    """Only of ``retry``."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that was put aside."""

    position: int
    attempts: int
    reason: str
    at: str
    event: RecordedEvent | None
    """``None`` when the token may not see it, retention has removed it, or it cannot be read."""


Handler = Callable[[RecordedEvent, Delivery], Awaitable[None]]
"""A delivery is acknowledged when it returns, and given back when it raises."""


class Group:
    """A consumer group by its name; made by ``Lighthouse.group``."""

    def __init__(self, transport: Transport, name: str) -> None:
        self.name = name
        self._transport = transport
        self._path = f"v1/subscriptions/{segment(name)}"

    async def define(
        self,
        *,
        after: Moment | None = None,
        ack_timeout_seconds: int | None = None,
        max_attempts: int | None = None,
        max_in_flight: int | None = None,
        ordering: Literal["none", "stream", "correlation"] | None = None,
        damaged: Literal["stop", "skip"] | None = None,
        consumers: GroupConsumers | None = None,
        **filter: Unpack[EventFilter],
    ) -> GroupStatus:
        """Creates the group, or changes its settings. The same again changes nothing, so every consumer may begin so."""
        body = {
            "filter": filter_frame(filter),
            "after": None if after is None else moment(after),
            "ackTimeoutSeconds": ack_timeout_seconds,
            "maxAttempts": max_attempts,
            "maxInFlight": max_in_flight,
            "ordering": ordering,
            "damaged": damaged,
            "consumers": consumers,
        }
        given = {name: value for name, value in body.items() if value is not None}
        status: GroupStatus = (await self._transport.call(Request("PUT", self._path, body=encoded(given)))).body
        return status

    async def status(self) -> GroupStatus | None:
        """The definition and the progress; ``None`` when there is no such group."""
        answer = await self._transport.found(get(self._path))
        return None if answer is None else answer.body

    async def delete(self) -> None:
        """Deletes the group. The events it has delivered stay in the log."""
        await self._transport.remove(Request("DELETE", self._path))

    async def take(self, *, max: int = 10, wait_seconds: float = 30) -> list[Delivery]:
        """Takes events to work on, oldest first; empty when there were none in time. Cancelling it takes nothing."""
        query = [("max", str(max)), ("wait", f"{wait_seconds:g}")]
        request = Request("POST", f"{self._path}/take", query, extra=wait_seconds)
        return [
            Delivery(one["token"], one["attempt"], one["deadline"], RecordedEvent.of(one["event"]))
            for one in (await self._transport.call(request)).body["deliveries"]
        ]

    async def ack(self, tokens: Sequence[str]) -> None:
        """Acknowledges all of them, or none if one is stale. Repeating it changes nothing."""
        await self._transport.call(post(f"{self._path}/ack", {"tokens": _listed(tokens)}))

    async def nack(self, tokens: Sequence[str], nack: Nack | None = None) -> None:
        """Gives all of them back, or none if one is stale: to be tried again at once, unless ``nack`` says otherwise."""
        how = nack or Nack()
        body = {
            "tokens": _listed(tokens),
            "action": how.action,
            "delaySeconds": how.delay_seconds,
            "reason": None if how.reason is None else _cut(how.reason),
        }
        given = {name: value for name, value in body.items() if value is not None}
        await self._transport.call(post(f"{self._path}/nack", given))

    async def parked(self, *, after: int = 0, limit: int | None = None) -> AsyncIterator[ParkedEvent]:
        """The events that were put aside, in the order of positions, as far as the token may read them."""
        left = limit_of(limit)
        beyond: int | None = after
        while beyond is not None and (left is None or left > 0):
            size = _PARKED_PAGE if left is None else min(left, _PARKED_PAGE)
            query = [("after", str(beyond)), ("limit", str(size))]
            page = (await self._transport.call(get(f"{self._path}/parked", query))).body
            for one in page["parked"]:
                event = None if one["event"] is None else RecordedEvent.of(one["event"])
                yield ParkedEvent(one["position"], one["attempts"], one["reason"], one["at"], event)
            if left is not None:
                left -= len(page["parked"])
            beyond = page["next"]

    async def replay_parked(self, positions: Sequence[int] | None = None) -> int:
        """Hands parked events out again, all of them without ``positions``; answers their number."""
        return await self._parked_verb("replay", "replayed", positions)

    async def discard_parked(self, positions: Sequence[int] | None = None) -> int:
        """Gives parked events up as done, all of them without ``positions``; answers their number."""
        return await self._parked_verb("discard", "discarded", positions)

    async def consume(
        self,
        handler: Handler,
        *,
        concurrency: int = 1,
        stop: asyncio.Event | None = None,
        on_failure: Callable[[Exception, Delivery], Nack] | None = None,
        on_unsettled: Callable[[LighthouseError, Delivery], None] | None = None,
        on_interrupted: Callable[[LighthouseError], None] | None = None,
    ) -> None:
        """Takes and handles events until ``stop`` is set: then it takes no more, lets handlers end and settles.

        A delivery whose handler raises is given back as ``on_failure`` says, otherwise after 1 s, 2 s, 4 s … up to a
        minute. ``on_unsettled`` is told when settling failed: another consumer has the event, or will have it.
        ``on_interrupted`` is told when taking failed; it is tried again for as long as the loop runs. Cancelling it
        cancels the handlers; what they held comes again after its deadline.
        """
        if not 1 <= concurrency <= 1_000:
            raise ValueError("concurrency must be a whole number from 1 to 1,000")
        consumer = _Consumer(self, handler, on_failure or _retry_later, on_unsettled)
        await consumer.run(concurrency, stop or asyncio.Event(), self._transport.retry.delay, on_interrupted)

    async def _parked_verb(self, verb: str, counted: str, positions: Sequence[int] | None) -> int:
        body = {} if positions is None else {"positions": list(positions)}
        count: int = (await self._transport.call(post(f"{self._path}/parked/{verb}", body))).body[counted]
        return count


async def group_statuses(transport: Transport) -> AsyncIterator[GroupStatus]:
    """The groups that exist for the token, in the order of their names."""
    after: str | None = ""
    while after is not None:
        query = [("after", after)] if after else None
        page = (await transport.call(get("v1/subscriptions", query))).body
        for status in page["subscriptions"]:
            yield status
        after = page["next"]


class _Consumer:
    """The loop of a consumer: takes as many events as handlers are free, and settles each delivery."""

    def __init__(
        self,
        group: Group,
        handler: Handler,
        on_failure: Callable[[Exception, Delivery], Nack],
        on_unsettled: Callable[[LighthouseError, Delivery], None] | None,
    ) -> None:
        self._group = group
        self._handler = handler
        self._on_failure = on_failure
        self._on_unsettled = on_unsettled
        self._acks = _Acknowledging(group)

    async def run(
        self,
        concurrency: int,
        stop: asyncio.Event,
        delay: Callable[[int], float],
        on_interrupted: Callable[[LighthouseError], None] | None,
    ) -> None:
        running: set[asyncio.Task[None]] = set()
        stopping = asyncio.ensure_future(stop.wait())
        failures = 0
        try:
            while not stop.is_set():
                _raise_of(running)
                if len(running) >= concurrency:
                    await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
                    continue
                try:
                    deliveries = await self._take(concurrency - len(running), stopping)
                    failures = 0
                except LighthouseError as error:
                    if not error.retryable:
                        raise
                    if on_interrupted is not None:
                        on_interrupted(error)
                    failures += 1
                    await asyncio.wait({stopping}, timeout=delay(failures))
                    continue
                running |= {asyncio.ensure_future(self._handle(delivery)) for delivery in deliveries}
        except asyncio.CancelledError:
            for task in running:
                task.cancel()
            raise
        finally:
            stopping.cancel()
            # Whatever ends the loop, what handlers have done is settled first.
            if running:
                await asyncio.wait(running)
        _raise_of(running)

    async def _take(self, free: int, stopping: asyncio.Task[Literal[True]]) -> list[Delivery]:
        taking = asyncio.ensure_future(self._group.take(max=free))
        try:
            await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return taking.result() if taking.done() else []
        finally:
            taking.cancel()

    async def _handle(self, delivery: Delivery) -> None:
        failure = await self._failure_of(delivery)
        try:
            if failure is None:
                await self._acks.ack(delivery.token)
            else:
                await self._group.nack([delivery.token], failure)
        except LighthouseError as error:
            if self._on_unsettled is not None:
                self._on_unsettled(error, delivery)

    async def _failure_of(self, delivery: Delivery) -> Nack | None:
        try:
            await self._handler(delivery.event, delivery)
            return None
        except Exception as error:
            return self._on_failure(error, delivery)


class _Acknowledging:
    """Acknowledgements that come during a request go together in the next one, which saves requests."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def ack(self, token: str) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((token, done))
        if self._sending is None:
            self._sending = asyncio.ensure_future(self._send())
        await done

    async def _send(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_TOKENS], self._waiting[_MOST_TOKENS:]
            await self._acknowledge(batch)
        self._sending = None

    async def _acknowledge(self, batch: list[tuple[str, asyncio.Future[None]]]) -> None:
        """The server acknowledges all tokens of a request or none, so a stale one must not take the others with it."""
        while batch:
            try:
                await self._group.ack([token for token, _ in batch])
            except Exception as error:
                stale = _stale_of(error, len(batch))
                for at, (_, done) in enumerate(batch):
                    if at in stale and not done.done():
                        done.set_exception(error)
                batch = [one for at, one in enumerate(batch) if at not in stale]
                continue
            for _, done in batch:
                if not done.done():
                    done.set_result(None)
            return


def _stale_of(error: Exception, count: int) -> set[int]:
    """Which of so many tokens the server named; all of them, when it named none or it was for another reason."""
    everything = set(range(count))
    if not isinstance(error, LighthouseError) or error.code != "STALE_DELIVERY":
        return everything
    named = (re.fullmatch(r"/tokens/(\d+)", str(one.get("pointer"))) for one in error.errors)
    return {int(found[1]) for found in named if found} & everything or everything


def _raise_of(running: set[asyncio.Task[None]]) -> None:
    """Lets go of the tasks that have ended; one that failed, which a callback has made fail, ends the loop."""
    for task in [task for task in running if task.done()]:
        running.discard(task)
        task.result()


def _retry_later(error: Exception, delivery: Delivery) -> Nack:
    delay = min(_LONGEST_DELAY, 2.0 ** min(delivery.attempt - 1, 10))
    return Nack("retry", delay, str(error) or type(error).__name__)


def _listed(tokens: Sequence[str]) -> list[str]:
    # A text is a sequence of texts too, and its letters are no tokens.
    if isinstance(tokens, str):
        raise ValueError("tokens must be a list of texts")
    return list(tokens)


def _cut(reason: str) -> str:
    """The server counts UTF-16 units, and refuses half of a character."""
    units = reason.encode("utf-16-le", "replace")[: 2 * _REASON_UNITS]
    return units.decode("utf-16-le", "ignore")
