"""The Python client as the checker drives it: writers, a follow, reads and a consumer, each saying what it was told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from lighthouse_client import (
    Appended,
    Delivery,
    ExpectedRevision,
    Lighthouse,
    LighthouseError,
    NewEvent,
    RecordedEvent,
    Retry,
)

# Patient enough for a restart of the server, and swift enough for a check.
RETRY = Retry(attempts=100, first_delay=0.01, longest_delay=0.25)
STREAMS = "check/*"
GROUP = "checked"


def say(**line: Any) -> None:
    """One line to the checker."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def place(event: Any) -> dict[str, Any]:
    """Where an event is."""
    return {"id": event.id, "position": event.position}


class Driver:
    """One client at work."""

    def __init__(self, client: Lighthouse) -> None:
        self.client = client
        self.group = client.group(GROUP)
        self.stopping = False
        self.finished = asyncio.Event()
        self.arrived = asyncio.Event()
        self.reached = {"follow": 0, "read": 0}
        self.last: int | None = None
        self.revision: ExpectedRevision = "none"

    async def run(self) -> None:
        """Works until everything up to the last position was seen, read and settled."""
        await self.group.define(streams=STREAMS, after="start", ack_timeout_seconds=2, max_attempts=100)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.write_all())
            following = tasks.create_task(self.follow())
            tasks.create_task(self.read())
            tasks.create_task(self.consume())
            await self.arrived.wait()
            await self.settled()
            self.finished.set()
            following.cancel()
        say(finished=True)

    async def write_all(self) -> None:
        """Writers of every kind, until they are to stop."""
        await asyncio.gather(
            self.write("chained", self.chained),
            self.write("batched", self.batched, 3),
            self.write("single-1", self.single),
            self.write("single-2", self.single),
        )
        say(stopped=True)

    async def write(
        self, name: str, append: Callable[[list[str]], Awaitable[tuple[list[Any], bool]]], size: int = 1
    ) -> None:
        """What it appends is named by marks, so that one that is stored twice is seen."""
        count = 0
        while not self.stopping:
            marks = [f"{name}-{count}.{at}" for at in range(size)]
            count += 1
            try:
                events, duplicate = await append(marks)
                say(acknowledged={"marks": marks, "events": [place(one) for one in events], "duplicate": duplicate})
            except LighthouseError as error:
                say(failed={"marks": marks, "code": error.code, "outcome": error.outcome})

    async def chained(self, marks: list[str]) -> tuple[list[Appended], bool]:
        """Each waits for the revision it made itself: an append stored twice, or lost, would be a conflict."""
        appended = await self.client.append(event("chained", marks[0]), expected_revision=self.revision)
        self.revision = appended.revision
        return [appended], appended.duplicate

    async def batched(self, marks: list[str]) -> tuple[list[Any], bool]:
        """Several streams at once."""
        batch = await self.client.append_batch([event(f"batched/{at}", mark) for at, mark in enumerate(marks)])
        return list(batch.events), batch.duplicate

    async def single(self, marks: list[str]) -> tuple[list[Appended], bool]:
        """One event without conditions."""
        appended = await self.client.append(event("single", marks[0]))
        return [appended], appended.duplicate

    async def follow(self) -> None:
        """Every event, as it comes."""
        async with self.client.follow(
            streams=STREAMS, after="start", on_interrupted=lambda error: say(interrupted=error.code)
        ) as following:
            async for one in following:
                say(followed=place(one))
                self.seen("follow", one.position)

    async def read(self) -> None:
        """Every event, round after round."""
        after = 0
        while not self.finished.is_set():
            await self.client.wait(streams=STREAMS, after=after, timeout_seconds=1, limit=1)
            async for one in self.client.read(streams=STREAMS, after=after):
                say(read=place(one))
                after = one.position
            self.seen("read", after)

    async def consume(self) -> None:
        """Every event, as a group hands it out."""

        async def handle(one: RecordedEvent, delivery: Delivery) -> None:
            say(handled=place(one))

        await self.group.consume(
            handle,
            concurrency=20,
            stop=self.finished,
            on_interrupted=lambda error: say(interrupted=error.code),
        )

    async def settled(self) -> None:
        """Deliveries whose answer was lost come again after their deadline: only then is the group through."""
        assert self.last is not None
        while True:
            status = await self.group.status()
            assert status is not None
            progress = status["progress"]
            if progress["floor"] >= self.last and progress["inFlight"] + progress["retrying"] == 0:
                return
            await self.client.wait(streams=STREAMS, timeout_seconds=1)

    def seen(self, who: str, position: int) -> None:
        """How far each has come."""
        self.reached[who] = max(self.reached[who], position)
        if self.last is not None and min(self.reached.values()) >= self.last:
            self.arrived.set()


def event(stream: str, mark: str) -> NewEvent:
    """An event with a mark."""
    return NewEvent("checked", f"check/{stream}", {"mark": mark})


async def main() -> None:
    """Does as the lines on standard input say."""
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    begin = json.loads(await lines.readline())
    async with Lighthouse(begin["url"], begin["token"], retry=RETRY) as client:
        driver = Driver(client)
        running = asyncio.ensure_future(driver.run())

        async def obey() -> None:
            while line := await lines.readline():
                order = json.loads(line)
                if order["do"] == "stop":
                    driver.stopping = True
                else:
                    driver.last = order["last"]
                    driver.seen("follow", 0)

        obeying = asyncio.ensure_future(obey())
        await running
        obeying.cancel()


asyncio.run(main())
