"""A follow as an async iterator: each event once and in order, through every break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from .errors import LighthouseError, NetworkError, error_of_answer, error_of_frame
from .events import DamagedRange, RecordedEvent
from .filters import Moment, filter_frame, moment
from .transport import Transport

_PROTOCOL = Subprotocol("lighthouse.v1.json")
_QUIET = 20.0
"""The server sends a heartbeat every 15 s, so a longer silence is a reason to send a ping."""
_MOST_REFUSALS = 5
"""After this many refusals in a row without a welcome between them, a new token is not expected to help."""
_LARGEST_FRAME = 64 * 1024 * 1024
_WAITING_FRAMES = 16
"""Frames that may wait here unread. Beyond it the socket is not read, and the server goes on at the reader's pace."""

_CLOSED = {
    1001: ("CLOSED", "The server is shutting down", True),
    1009: ("BODY_TOO_LARGE", "A frame was larger than the server takes", False),
    4400: ("INVALID_REQUEST", "The server did not understand a frame", False),
    4401: ("UNAUTHENTICATED", "The token is not good, or no longer", False),
}
"""The close codes with a meaning of their own; every other code counts as a broken connection."""


class Following:
    """Events that match, then every new one as it is stored, until it is closed; made by ``Lighthouse.follow``.

    Use it in ``async with`` or close it with ``aclose``, so that its connection does not outlive its use.
    """

    def __init__(
        self,
        url: str,
        transport: Transport,
        given: Mapping[str, Any],
        after: Moment,
        *,
        on_caught_up: Callable[[int], None] | None = None,
        on_fell_behind: Callable[[int], None] | None = None,
        on_damaged: Callable[[DamagedRange], None] | None = None,
        on_interrupted: Callable[[LighthouseError], None] | None = None,
    ) -> None:
        self._url = url
        self._transport = transport
        self._filter = filter_frame(given)
        self._after = moment(after)
        self._on_caught_up = on_caught_up
        self._on_fell_behind = on_fell_behind
        self._on_damaged = on_damaged
        self._on_interrupted = on_interrupted
        self._socket: ClientConnection | None = None
        self._entering: asyncio.Task[ClientConnection] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._delay = 0.0
        self._waited = 0.0
        self._pinged = False
        self._token = ""
        self._position: int | None = None
        self._last_words = ""
        self._failures = 0
        self._refusals = 0
        self._stops = 0
        self._welcomed = False
        self._asked = False
        self._live = False
        self._over = False

    @property
    def position(self) -> int | None:
        """Every event up to here was returned or did not match, so a later follow may start behind it."""
        return self._position

    def __aiter__(self) -> Following:
        return self

    async def __aenter__(self) -> Following:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends the follow. Iterating it further ends at once."""
        self._over = True
        entering, self._entering = self._entering, None
        if entering is not None:
            entering.cancel()
            await asyncio.wait({entering})
            if not entering.cancelled() and entering.exception() is None:
                self._socket = entering.result()
        self._leave()
        if self._closing:
            await asyncio.wait(self._closing)

    async def __anext__(self) -> RecordedEvent:
        while not self._over:
            try:
                # A caller may give up waiting at any await, so each step begins from what has been done, and the
                # opening of a connection goes on meanwhile: who waits for moments only would never have one.
                if self._socket is None:
                    await self._enter()
                if self._welcomed and not self._asked:
                    await self._subscribe()
                frame = await self._next_frame()
            except LighthouseError as error:
                self._broken(error)
                continue
            if frame.get("type") in ("error", "closed") and frame.get("id") is not None:
                self._stops += 1
                self._broken(error_of_frame(frame), stopped=True)
                continue
            event = self._hear(frame)
            if event is not None:
                return event
        raise StopAsyncIteration

    def _hear(self, frame: Mapping[str, Any]) -> RecordedEvent | None:
        kind = frame.get("type")
        if kind == "event":
            return self._take(frame["event"])
        if kind == "welcome":
            self._welcomed = True
            self._failures = self._refusals = 0
        elif kind in ("subscribed", "checkpoint"):
            self._reach(frame["position"])
        elif kind == "caughtUp":
            self._reach(frame["position"])
            self._becomes(True, self._on_caught_up)
        elif kind == "fellBehind":
            self._becomes(False, self._on_fell_behind)
        elif kind == "damaged" and self._on_damaged is not None:
            self._on_damaged(DamagedRange.of(frame))
        elif kind == "goaway":
            self._last_words = str(frame.get("reason"))
        elif kind == "error":
            self._last_words = error_of_frame(frame).detail
        return None

    def _take(self, event: Mapping[str, Any]) -> RecordedEvent | None:
        # The server sends each event once. This guard keeps the promise of the follow even if one did not.
        if self._position is not None and event["position"] <= self._position:
            return None
        self._position = event["position"]
        self._stops = 0
        return RecordedEvent.of(event)

    def _reach(self, position: int) -> None:
        self._position = max(self._position or 0, position)

    def _becomes(self, live: bool, tell: Callable[[int], None] | None) -> None:
        if self._live == live:
            return
        self._live = live
        if tell is not None:
            tell(self._position or 0)

    async def _subscribe(self) -> None:
        after = self._after if self._position is None else self._position
        damaged = None if self._on_damaged is None else "skip"
        await self._send(
            {"type": "subscribe", "id": "1", "filter": self._filter, "after": after, "onDamaged": damaged}
        )
        self._asked = True

    def _broken(self, error: LighthouseError, *, stopped: bool = False) -> None:
        """Leaves what is broken and says when the next try is due; raises when there should be none."""
        retry = self._transport.retry
        was_welcomed = self._welcomed
        self._leave()
        refused = error.code == "UNAUTHENTICATED" and not error.retryable
        if refused:
            self._refusals += 1
            self._transport.tokens.refused(self._token)
            final = self._refusals >= _MOST_REFUSALS or not self._transport.tokens.renewable
        elif stopped:
            final = retry.after(self._stops, error) is None
        else:
            final = retry.never or not error.retryable
        if final:
            self._over = True
            raise error
        if self._on_interrupted is not None:
            self._on_interrupted(error)
        # A token that expired in use was valid until now, so its successor is tried without a delay.
        self._delay = 0.0
        if not (refused and was_welcomed):
            self._failures += 1
            self._delay = retry.delay(self._failures) + (error.retry_after_seconds or 0)

    def _leave(self) -> None:
        """Closes the connection meanwhile: one that is dead takes its time to be closed, and nobody has to wait."""
        socket, self._socket = self._socket, None
        self._welcomed = self._asked = self._live = False
        if socket is not None:
            closing = asyncio.ensure_future(socket.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _enter(self) -> None:
        if self._entering is None:
            self._entering = asyncio.ensure_future(self._connected(self._delay))
        entering = self._entering
        await asyncio.wait({entering})
        self._entering = None
        self._socket = entering.result()

    async def _connected(self, delay: float) -> ClientConnection:
        await asyncio.sleep(delay)
        self._token = await self._transport.tokens.current()
        self._last_words = ""
        self._waited = 0.0
        self._pinged = False
        try:
            return await connect(
                self._url,
                ssl=self._transport.ssl,
                subprotocols=[_PROTOCOL],
                additional_headers={"Authorization": f"Bearer {self._token}"},
                compression=None,
                open_timeout=self._transport.timeout,
                # A reader that takes its time reads no pong either: silence is watched here instead.
                ping_interval=None,
                close_timeout=1,
                max_size=_LARGEST_FRAME,
                max_queue=_WAITING_FRAMES,
            )
        except InvalidStatus as error:
            response = error.response
            raise error_of_answer(response.status_code, response.headers, response.body or b"") from error
        except (OSError, WebSocketException) as error:
            what = str(error) or type(error).__name__
            raise NetworkError(f"No connection to {self._url}: {what}") from error

    async def _next_frame(self) -> dict[str, Any]:
        """Counts as silence only what was spent waiting here: a caller that takes its time has not listened."""
        timeout = self._transport.timeout
        quiet = min(_QUIET, timeout)
        if not self._welcomed:
            frame = await self._receive(timeout)
            if frame is None:
                raise NetworkError(f"No welcome within {timeout:g} s.")
            return frame
        if not self._pinged:
            frame = await self._receive(quiet)
            if frame is not None:
                return frame
            await self._send({"type": "ping"})
            self._pinged = True
        frame = await self._receive(quiet + timeout)
        if frame is None:
            raise NetworkError(f"Nothing has come for {quiet + timeout:g} s.")
        return frame

    async def _receive(self, most: float) -> dict[str, Any] | None:
        """The next frame; ``None`` when the silence, with what was waited before, has lasted for ``most`` seconds."""
        assert self._socket is not None
        now = asyncio.get_running_loop().time
        began = now()
        try:
            async with asyncio.timeout(most - self._waited):
                frame = json.loads(await self._socket.recv())
        except TimeoutError:
            self._waited = most
            return None
        except asyncio.CancelledError:
            self._waited += now() - began
            raise
        except ConnectionClosed as closed:
            raise self._error_of(closed) from closed
        except ValueError as error:
            raise NetworkError("What came is not a frame.") from error
        self._waited = 0.0
        self._pinged = False
        if not isinstance(frame, dict):
            raise NetworkError("What came is not a frame.")
        return frame

    async def _send(self, frame: Mapping[str, Any]) -> None:
        assert self._socket is not None
        try:
            await self._socket.send(json.dumps({name: value for name, value in frame.items() if value is not None}))
        except ConnectionClosed as closed:
            raise self._error_of(closed) from closed

    def _error_of(self, closed: ConnectionClosed) -> LighthouseError:
        code = closed.rcvd.code if closed.rcvd is not None else 1006
        said = self._last_words or (closed.rcvd.reason if closed.rcvd is not None else "")
        if code not in _CLOSED:
            return NetworkError(f"The connection to {self._url} broke ({code}). {said}".rstrip())
        name, detail, retryable = _CLOSED[code]
        return LighthouseError(name, f"{detail}: {said}" if said else f"{detail}.", retryable=retryable)
