"""What the client promises, against the server whose address and token the environment names."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import os
import secrets
import time
import unittest
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, TypeVar

import httpx

from lighthouse_client import (
    Condition,
    ConflictError,
    Context,
    Delivery,
    Lighthouse,
    LighthouseError,
    Nack,
    NetworkError,
    NewEvent,
    RecordedEvent,
    Retry,
)

URL = os.environ["LIGHTHOUSE_URL"]
TOKEN = os.environ["LIGHTHOUSE_TOKEN"]
SWIFT = Retry(attempts=4, first_delay=0.001, longest_delay=0.01)
T = TypeVar("T")


def fresh(kind: str) -> str:
    """A name that no other test has used."""
    return f"{kind}-{secrets.token_hex(6)}"


def signed(seconds: float) -> str:
    """A token of the same agent that the server takes for so long: it allows clocks to differ by a minute."""

    def part(content: bytes) -> bytes:
        return base64.urlsafe_b64encode(content).rstrip(b"=")

    claims = {"sub": "python", "role": "admin", "exp": time.time() - 60 + seconds}
    text = part(b'{"alg":"HS256"}') + b"." + part(json.dumps(claims).encode())
    secret = os.environ["LIGHTHOUSE_SECRET"].encode()
    return (text + b"." + part(hmac.digest(secret, text, "sha256"))).decode()


async def listed(items: AsyncIterator[T]) -> list[T]:
    return [item async for item in items]


class Replies(httpx.AsyncBaseTransport):
    """Passes requests on to the server and does to the answers what a test wants, one entry for each request."""

    def __init__(self, *plan: str | httpx.Response) -> None:
        self.plan = list(plan)
        self.sent: list[httpx.Request] = []
        self._real = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        fate = self.plan.pop(0) if self.plan else "pass"
        if isinstance(fate, httpx.Response):
            return fate
        if fate == "refuse":
            raise httpx.ConnectError("refused")
        response = await self._real.handle_async_request(request)
        if fate == "lose":
            await response.aread()
            raise httpx.ReadError("cut")
        return response

    async def aclose(self) -> None:
        await self._real.aclose()


class ClientTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        # Tests run in the loop's debug mode, which tells of every slow moment of the machine.
        asyncio.get_running_loop().set_debug(False)
        self.lighthouse = await self.enterAsyncContext(Lighthouse(URL, TOKEN, retry=SWIFT))

    async def behind(self, replies: Replies, retry: Retry = SWIFT) -> Lighthouse:
        http = await self.enterAsyncContext(httpx.AsyncClient(transport=replies))
        return await self.enterAsyncContext(Lighthouse(URL, TOKEN, retry=retry, http=http))


class Appending(ClientTest):
    async def test_an_event_is_stored_as_it_was_given(self) -> None:
        stream = fresh("tasks/a")
        appended = await self.lighthouse.append(
            NewEvent(
                "task.noted",
                stream,
                {"text": "zwölf\u2028Ж🙂"},
                tags=["task:1"],
                session_id="s-1",
                metadata={"why": None},
                schema_version=2,
            ),
            context=Context(correlation_id="c-1"),
        )
        event = await self.lighthouse.event(appended.id)
        assert event is not None
        self.assertEqual(event.data, {"text": "zwölf\u2028Ж🙂"})
        self.assertEqual((event.tags, event.session_id, event.correlation_id), (("task:1",), "s-1", "c-1"))
        self.assertEqual((event.metadata, event.schema_version), ({"why": None}, 2))
        self.assertEqual((event.position, event.revision), (appended.position, 0))
        self.assertIsNone(await self.lighthouse.event("1_0_nobody"))

    async def test_a_lost_answer_is_asked_for_again_and_nothing_is_stored_twice(self) -> None:
        stream = fresh("tasks")
        replies = Replies("lose", "lose")
        appended = await (await self.behind(replies)).append(NewEvent("task.noted", stream))
        self.assertTrue(appended.duplicate)
        self.assertEqual(len(await listed(self.lighthouse.read_stream(stream))), 1)
        self.assertEqual({(r.headers["idempotency-key"], r.content) for r in replies.sent}.__len__(), 1)

    async def test_an_append_that_may_be_stored_says_so_and_its_key_finds_out(self) -> None:
        stream = fresh("tasks")
        client = await self.behind(Replies("lose"), Retry(attempts=1))
        with self.assertRaises(NetworkError) as caught:
            await client.append(NewEvent("task.noted", stream))
        self.assertTrue(caught.exception.indeterminate)
        again = await self.lighthouse.append(NewEvent("task.noted", stream), key=caught.exception.key)
        self.assertTrue(again.duplicate)

    async def test_an_append_that_never_left_is_surely_not_stored(self) -> None:
        client = await self.behind(Replies("refuse"), Retry(attempts=1))
        with self.assertRaises(NetworkError) as caught:
            await client.append(NewEvent("task.noted", fresh("tasks")))
        self.assertEqual(caught.exception.outcome, "rejected")

    async def test_a_conflict_decides_and_tells_what_did_not_hold(self) -> None:
        stream = fresh("tasks")
        await self.lighthouse.append(NewEvent("task.claimed", stream, tags=[stream]), expected_revision="none")
        with self.assertRaises(ConflictError) as caught:
            await self.lighthouse.append(NewEvent("task.claimed", stream), expected_revision="none")
        self.assertEqual((caught.exception.code, caught.exception.status), ("REVISION_CONFLICT", 409))
        self.assertEqual(caught.exception.violations[0]["actual"], 0)
        self.assertEqual(caught.exception.outcome, "rejected")
        with self.assertRaises(ConflictError) as caught:
            condition = Condition([{"types": ["task.claimed"], "tags": [stream]}])
            await self.lighthouse.append(NewEvent("task.claimed", fresh("tasks")), condition=condition)
        self.assertEqual(caught.exception.code, "CONDITION_FAILED")

    async def test_a_batch_is_stored_whole_or_not_at_all(self) -> None:
        one, other = fresh("tasks"), fresh("tasks")
        events = [NewEvent("task.a", one), NewEvent("task.b", other), NewEvent("task.c", one)]
        expectations: list[Any] = [{"stream": other, "expectedRevision": "exists"}]
        with self.assertRaises(ConflictError):
            await self.lighthouse.append_batch(events, expectations=expectations)
        self.assertIsNone(await self.lighthouse.stream(one))
        stored = await self.lighthouse.append_batch(events)
        self.assertEqual(stored.last_position - stored.first_position, 2)
        self.assertEqual([place.revision for place in stored.events], [0, 0, 1])

    async def test_what_breaks_a_rule_is_told_field_by_field(self) -> None:
        with self.assertRaises(LighthouseError) as caught:
            await self.lighthouse.append(NewEvent("1", fresh("tasks"), tags=[""] * 2))
        self.assertFalse(caught.exception.retryable)
        self.assertIn("/type", [error["pointer"] for error in caught.exception.errors])
        for key in ("", "ключ", "a\n"):
            with self.assertRaises(ValueError):
                await self.lighthouse.append(NewEvent("task.noted", "t"), key=key)

    async def test_what_is_no_answer_of_lighthouse_is_told_as_such(self) -> None:
        client = await self.behind(Replies(httpx.Response(502, text="<h1>bad gateway</h1>")), Retry(attempts=1))
        with self.assertRaises(LighthouseError) as caught:
            await client.append(NewEvent("task.noted", fresh("tasks")))
        error = caught.exception
        self.assertEqual((error.code, error.retryable, error.outcome), ("BAD_ANSWER", True, "indeterminate"))

    async def test_a_token_that_is_refused_is_asked_for_once_more(self) -> None:
        tokens = ["no token at all", TOKEN]

        async def token() -> str:
            return tokens.pop(0)

        async with Lighthouse(URL, token, retry=SWIFT) as client:
            names = await asyncio.gather(client.whoami(), client.whoami())
        self.assertEqual({name["agentId"] for name in names}, {"python"})
        self.assertEqual(tokens, [])
        async with Lighthouse(URL, "no token at all", retry=SWIFT) as client:
            with self.assertRaises(LighthouseError) as caught:
                await client.whoami()
        self.assertEqual(caught.exception.code, "UNAUTHENTICATED")


class Reading(ClientTest):
    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.stream = fresh("reads/x")
        events = [NewEvent("read.noted", self.stream, {"n": n, "text": "a\u2028b"}) for n in range(5)]
        self.stored = await self.lighthouse.append_batch(events)

    async def test_all_that_matches_comes_in_the_order_asked_for(self) -> None:
        up = [event.data["n"] async for event in self.lighthouse.read(streams=self.stream)]
        down = [event.data["n"] async for event in self.lighthouse.read(streams=self.stream, order="desc", limit=3)]
        self.assertEqual((up, down), ([0, 1, 2, 3, 4], [4, 3, 2]))

    async def test_a_read_that_is_cut_goes_on_behind_the_last_event(self) -> None:
        class HalfAnAnswer(httpx.AsyncByteStream):
            def __init__(self, whole: bytes) -> None:
                self.whole = whole

            async def __aiter__(self) -> AsyncIterator[bytes]:
                yield self.whole[: len(self.whole) // 2]
                raise httpx.ReadError("cut")

        async with httpx.AsyncClient() as plain:
            headers = {"authorization": f"Bearer {TOKEN}", "accept": "application/x-ndjson"}
            answer = await plain.get(f"{URL}/v1/events", params={"stream": self.stream}, headers=headers)
        replies = Replies(httpx.Response(200, stream=HalfAnAnswer(answer.content)), "refuse")
        events = await listed((await self.behind(replies)).read(streams=self.stream))
        self.assertEqual([event.data["n"] for event in events], [0, 1, 2, 3, 4])
        self.assertEqual(len(replies.sent), 3)

    async def test_a_token_that_is_refused_is_replaced_before_a_read_begins(self) -> None:
        tokens = ["no token at all", TOKEN]
        async with Lighthouse(URL, lambda: tokens.pop(0), retry=SWIFT) as client:
            self.assertEqual(len(await listed(client.read(streams=self.stream))), 5)
        async with Lighthouse(URL, "no token at all", retry=SWIFT) as client:
            with self.assertRaises(LighthouseError) as caught:
                await listed(client.read())
        self.assertEqual(caught.exception.code, "UNAUTHENTICATED")

    async def test_a_read_that_is_left_early_leaves_its_connection(self) -> None:
        async with aclosing(self.lighthouse.read(streams=self.stream)) as events:
            async for event in events:
                self.assertEqual(event.data["n"], 0)
                break
        self.assertEqual(await listed(events), [])

    async def test_pages_walk_to_one_head(self) -> None:
        first = await self.lighthouse.read_page(streams=self.stream, limit=3)
        second = await self.lighthouse.read_page(streams=self.stream, limit=3, cursor=first.next)
        self.assertEqual((len(first.events), len(second.events), second.next), (3, 2, None))
        self.assertEqual(first.head, second.head)
        self.assertGreaterEqual(await self.lighthouse.head(), first.head)

    async def test_streams_are_listed_and_read_by_revision(self) -> None:
        heads = await listed(self.lighthouse.streams(self.stream))
        self.assertEqual([(head["stream"], head["revision"]) for head in heads], [(self.stream, 4)])
        tail = await listed(self.lighthouse.read_stream(self.stream, start=3))
        self.assertEqual([event.revision for event in tail], [3, 4])
        self.assertEqual(await listed(self.lighthouse.read_stream(fresh("none"))), [])

    async def test_queries_find_by_content_over_pages(self) -> None:
        where = {"stream": self.stream, "data.n": {"gte": 1}}
        plans: list[Any] = []
        found = await listed(self.lighthouse.query(where, page_size=2, on_plan=plans.append))
        self.assertEqual([event.data["n"] for event in found], [1, 2, 3, 4])
        self.assertGreater(len(plans), 1)
        rows = await listed(self.lighthouse.select(["data.n"], where, limit=1))
        self.assertEqual(rows[0]["data.n"], 1)

    async def test_a_wait_ends_with_what_comes_or_with_nothing(self) -> None:
        head = self.stored.last_position
        nothing = await self.lighthouse.wait(streams=self.stream, after=head, timeout_seconds=0)
        self.assertEqual(nothing.events, ())
        waiting = asyncio.ensure_future(self.lighthouse.wait(streams=self.stream, after=nothing.position))
        await self.lighthouse.append(NewEvent("read.noted", self.stream, {"n": 5}))
        self.assertEqual([event.data["n"] for event in (await waiting).events], [5])

    async def test_wrong_arguments_are_refused_before_anything_is_sent(self) -> None:
        wrongs: tuple[dict[str, Any], ...] = ({"streams": []}, {"tags": [1]}, {"stream": "tasks/*"}, {"limit": -1})
        for wrong in wrongs:
            with self.assertRaises(ValueError):
                self.lighthouse.read(**wrong)
        with self.assertRaises(ValueError):
            self.lighthouse.follow(correlation_id=["a", "b"])


class FollowingTest(ClientTest):
    async def test_a_follow_gives_what_was_stored_and_then_what_comes(self) -> None:
        stream = fresh("follows")
        await self.lighthouse.append(NewEvent("followed", stream, {"n": 0}))
        caught_up = asyncio.Event()
        seen: list[int] = []
        async with self.lighthouse.follow(
            streams=stream, after="start", on_caught_up=lambda _: caught_up.set()
        ) as following:

            async def read() -> None:
                async for event in following:
                    seen.append(event.data["n"])
                    if event.data["n"] == 2:
                        return

            reading = asyncio.ensure_future(read())
            await caught_up.wait()
            for n in (1, 2):
                last = await self.lighthouse.append(NewEvent("followed", stream, {"n": n}))
            await reading
            self.assertEqual((seen, following.position), ([0, 1, 2], last.position))
        self.assertEqual([event async for event in following], [])

    async def test_giving_up_a_wait_for_the_next_event_loses_none(self) -> None:
        stream = fresh("follows")
        await self.lighthouse.append_batch([NewEvent("followed", stream, {"n": n}) for n in range(300)])
        seen: list[int] = []
        async with self.lighthouse.follow(streams=stream, after="start") as following:
            patience = 0.0
            # From the first moment on: the opening of the connection is given up again and again, too.
            while len(seen) < 300:
                try:
                    async with asyncio.timeout(patience):
                        seen.append((await anext(following)).data["n"])
                except TimeoutError:
                    patience = (patience + 0.0007) % 0.05
        self.assertEqual(seen, list(range(300)))

    async def test_a_follow_goes_on_when_its_token_ends_again_and_again(self) -> None:
        stream = fresh("follows")
        made = 0

        def token() -> str:
            nonlocal made
            made += 1
            return signed(2)

        interruptions: list[str] = []
        async with Lighthouse(URL, token, retry=SWIFT) as client:
            async with client.follow(
                streams=stream, after="start", on_interrupted=lambda error: interruptions.append(error.code)
            ) as following:
                n = 0
                while len(interruptions) < 2:
                    await self.lighthouse.append(NewEvent("followed", stream, {"n": n}))
                    self.assertEqual((await anext(following)).data["n"], n)
                    n += 1
        self.assertEqual(set(interruptions), {"UNAUTHENTICATED"})
        self.assertGreaterEqual(made, 3)

    async def test_a_reader_that_is_slow_gets_everything_all_the_same(self) -> None:
        stream = fresh("follows")
        text = "x" * 30_000
        behind: list[int] = []
        async with self.lighthouse.follow(
            streams=stream, after="start", on_fell_behind=behind.append
        ) as following:
            await self.lighthouse.append(NewEvent("followed", stream, {"n": 0}))
            self.assertEqual((await anext(following)).data["n"], 0)
            for start in range(1, 801, 100):
                batch = [NewEvent("followed", stream, {"n": n, "text": text}) for n in range(start, start + 100)]
                await self.lighthouse.append_batch(batch)
            seen = [(await anext(following)).data["n"] for _ in range(800)]
        self.assertEqual(seen, list(range(1, 801)))
        self.assertNotEqual(behind, [])

    async def test_a_connection_that_has_died_is_found_by_one_who_waits_for_moments_only(self) -> None:
        stream = fresh("follows")
        frozen = asyncio.Event()
        links: list[asyncio.Task[None]] = []

        async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mortal: bool) -> None:
            try:
                while data := await reader.read(65_536):
                    if not (mortal and frozen.is_set()):
                        writer.write(data)
            finally:
                writer.close()

        async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            mortal = not frozen.is_set()
            address = httpx.URL(URL)
            upstream = await asyncio.open_connection(address.host, address.port)
            links.append(asyncio.ensure_future(pipe(reader, upstream[1], mortal)))
            links.append(asyncio.ensure_future(pipe(upstream[0], writer, mortal)))

        proxy = await asyncio.start_server(join, "127.0.0.1", 0)
        port = proxy.sockets[0].getsockname()[1]
        codes: list[str] = []
        async with Lighthouse(f"http://127.0.0.1:{port}", TOKEN, retry=SWIFT, timeout=1) as client:
            async with client.follow(
                streams=stream, after="start", on_interrupted=lambda error: codes.append(error.code)
            ) as following:
                await self.lighthouse.append(NewEvent("followed", stream, {"n": 0}))
                self.assertEqual((await anext(following)).data["n"], 0)
                frozen.set()
                await self.lighthouse.append(NewEvent("followed", stream, {"n": 1}))
                seen = None
                while seen is None:
                    try:
                        async with asyncio.timeout(0.05):
                            seen = (await anext(following)).data["n"]
                    except TimeoutError:
                        pass
        self.assertEqual((seen, set(codes)), (1, {"NETWORK"}))
        proxy.close()
        for link in links:
            link.cancel()
        await asyncio.wait(links)

    async def test_what_the_server_refuses_ends_the_follow(self) -> None:
        async with self.lighthouse.follow(after=10**12) as following:
            with self.assertRaises(LighthouseError) as caught:
                await anext(following)
        self.assertEqual(caught.exception.code, "INVALID_REQUEST")
        async with Lighthouse(URL, "no token", retry=SWIFT) as client, client.follow() as stranger:
            with self.assertRaises(LighthouseError) as caught:
                await anext(stranger)
        self.assertEqual(caught.exception.code, "UNAUTHENTICATED")
        async with Lighthouse("http://127.0.0.1:9", TOKEN, retry=Retry(attempts=1)) as client:
            with self.assertRaises(NetworkError):
                await anext(client.follow())


class Groups(ClientTest):
    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.stream = fresh("work")
        self.group = self.lighthouse.group(fresh("group"))
        await self.group.define(streams=self.stream, after="start", ack_timeout_seconds=5)

    async def offer(self, count: int) -> None:
        await self.lighthouse.append_batch([NewEvent("offered", self.stream, {"n": n}) for n in range(count)])

    async def test_deliveries_are_settled_by_their_tokens(self) -> None:
        await self.offer(3)
        done, parked, back = await self.group.take(max=3)
        await self.group.ack([done.token])
        await self.group.ack([done.token])
        await self.group.nack([parked.token], Nack("park", reason="🙂" * 600))
        await self.group.nack([back.token])
        with self.assertRaises(LighthouseError) as caught:
            await self.group.ack([done.token, "999.1"])
        self.assertEqual(caught.exception.code, "STALE_DELIVERY")
        self.assertEqual(caught.exception.errors[0]["pointer"], "/tokens/1")
        (again,) = await self.group.take()
        self.assertEqual((again.event.data["n"], again.attempt), (2, 2))
        await self.group.ack([again.token])
        aside = await listed(self.group.parked())
        self.assertEqual([one.reason for one in aside], ["🙂" * 256])
        self.assertEqual(await self.group.replay_parked(), 1)
        status = await self.group.status()
        assert status is not None
        self.assertEqual(status["progress"]["parked"], 0)
        self.assertIn(self.group.name, [one["name"] async for one in self.lighthouse.groups()])
        await self.group.delete()
        self.assertIsNone(await self.group.status())

    async def test_a_deletion_whose_answer_was_lost_is_done(self) -> None:
        client = await self.behind(Replies("lose"))
        await client.group(self.group.name).delete()
        with self.assertRaises(LighthouseError) as caught:
            await self.group.delete()
        self.assertEqual(caught.exception.code, "NOT_FOUND")

    async def test_a_consumer_that_is_cancelled_leaves_its_deliveries_to_others(self) -> None:
        await self.offer(2)
        begun = asyncio.Event()
        cancelled: list[int] = []

        async def handle(event: RecordedEvent, delivery: Delivery) -> None:
            try:
                if event.data["n"] == 1:
                    begun.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(event.data["n"])
                raise

        consuming = asyncio.ensure_future(self.group.consume(handle, concurrency=2))
        await begun.wait()
        consuming.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await consuming
        self.assertEqual(sorted(cancelled), [0, 1])
        again = await self.group.take(max=1, wait_seconds=20)
        self.assertEqual([delivery.attempt for delivery in again], [2])

    async def test_a_consumer_handles_everything_and_gives_back_what_failed(self) -> None:
        await self.offer(20)
        stop = asyncio.Event()
        handled: dict[int, int] = {}

        async def handle(event: RecordedEvent, delivery: Delivery) -> None:
            handled[event.data["n"]] = delivery.attempt
            if event.data["n"] == 7 and delivery.attempt == 1:
                raise RuntimeError("not today")
            if len(handled) == 20 and handled[7] == 2:
                stop.set()

        await self.group.consume(handle, concurrency=4, stop=stop, on_failure=lambda *_: Nack())
        self.assertEqual(sorted(handled), list(range(20)))
        status = await self.group.status()
        assert status is not None
        progress = status["progress"]
        self.assertEqual((progress["inFlight"], progress["retrying"], progress["parked"]), (0, 0, 0))

    async def test_one_stale_token_does_not_take_other_acknowledgements_with_it(self) -> None:
        await self.offer(6)
        unsettled: list[int] = []
        stop = asyncio.Event()
        count = 0

        async def handle(event: RecordedEvent, delivery: Delivery) -> None:
            nonlocal count
            count += 1
            if event.data["n"] == 2:
                await self.group.nack([delivery.token], Nack("skip"))
            if count == 6:
                stop.set()

        def told(error: LighthouseError, delivery: Delivery) -> None:
            unsettled.append(delivery.event.data["n"])

        await self.group.consume(handle, concurrency=6, stop=stop, on_unsettled=told)
        self.assertEqual(unsettled, [2])
        status = await self.group.status()
        assert status is not None
        self.assertEqual(status["progress"]["inFlight"], 0)


class States(ClientTest):
    async def test_states_are_folded_by_the_server_and_here(self) -> None:
        stream = fresh("states")
        first = await self.lighthouse.append(NewEvent("noted", stream, {"a": 1}))
        last = await self.lighthouse.append(NewEvent("noted", stream, {"b": 2}))
        now = await self.lighthouse.state(stream)
        self.assertEqual((now.state, now.events), ({"a": 1, "b": 2}, 2))
        self.assertEqual((await self.lighthouse.state(stream, at=first.position)).state, {"a": 1})
        self.assertEqual((await self.lighthouse.replay(streams=stream, reducer="count")).state["total"], 2)
        here = await self.lighthouse.fold(lambda total, event: total + len(event.data), 0, streams=stream)
        self.assertEqual((here.state, here.position, here.events), (2, last.position, 2))

    async def test_projections_are_defined_asked_and_deleted(self) -> None:
        stream, name = fresh("jobs"), fresh("jobs")
        await self.lighthouse.append_batch([NewEvent("job.done", stream, {"job": n}) for n in ("x", "y")])
        projection = self.lighthouse.projection(name)
        await projection.define(
            {"filter": {"streams": [stream]}, "key": "data.job", "on": {"job.done": [{"op": "set", "path": "/job", "from": "data.job"}]}}
        )
        self.assertEqual(dict(await listed(projection.keys())), {"x": {"job": "x"}, "y": {"job": "y"}})
        self.assertEqual((await projection.state(key="x")).state, {"job": "x"})
        self.assertIn(name, [one["name"] for one in await self.lighthouse.projections()])
        await projection.delete()
        self.assertIsNone(await projection.definition())

    async def test_snapshots_are_made_checked_and_let_go(self) -> None:
        stream = fresh("snaps")
        await self.lighthouse.append(NewEvent("noted", stream, {"a": 1}))
        snapshots = self.lighthouse.snapshots
        made = await snapshots.make(filter={"streams": stream}, name=fresh("snap"))
        id = made["snapshot"]["id"]
        self.assertEqual((await snapshots.state(id))["state"], {"a": 1})
        self.assertEqual((await snapshots.verify(id))["verdict"], "sound")
        self.assertTrue((await snapshots.protect(id))["protected"])
        self.assertFalse((await snapshots.unprotect(id))["protected"])
        self.assertIn(id, [one["id"] for one in (await snapshots.list())["snapshots"]])
        self.assertIn(id, await snapshots.delete(id))
        self.assertIsNone(await snapshots.get(id))
        await snapshots.forget(made["fold"]["id"])

    async def test_causes_effects_and_a_correlation_tell_the_story(self) -> None:
        stream, correlation = fresh("story"), fresh("c")
        cause = await self.lighthouse.append(NewEvent("asked", stream, correlation_id=correlation))
        effect = await self.lighthouse.append(
            NewEvent("answered", stream, correlation_id=correlation, causation_id=cause.id)
        )
        causes = await self.lighthouse.causes(effect.id)
        self.assertIn(cause.id, [event["id"] for event in causes["events"]])
        effects = await self.lighthouse.effects(cause.id, depth=1)
        self.assertEqual(effects["links"][0]["effect"], effect.id)
        story = [event.id async for event in self.lighthouse.correlation(correlation)]
        self.assertEqual(story, [cause.id, effect.id])
        self.assertIn("ticket", await self.lighthouse.ticket())


class RetryTest(unittest.TestCase):
    def test_delays_double_up_to_a_limit_and_the_server_may_ask_for_more(self) -> None:
        retry = Retry(attempts=6, first_delay=0.1, longest_delay=0.5)
        for failures, longest in ((1, 0.1), (2, 0.2), (3, 0.4), (5, 0.5), (5_000, 0.5)):
            self.assertTrue(longest / 2 <= retry.delay(failures) <= longest)
        busy = LighthouseError("OVERLOADED", "", retryable=True, retry_after_seconds=2)
        self.assertGreater(retry.after(1, busy) or 0, 2)
        self.assertIsNone(retry.after(6, busy))
        self.assertIsNone(retry.after(1, LighthouseError("X", "", retryable=True, retry_after_seconds=61)))
        self.assertIsNone(retry.after(1, LighthouseError("FORBIDDEN", "")))
        with self.assertRaises(ValueError):
            Retry(attempts=0)


if __name__ == "__main__":
    unittest.main()
