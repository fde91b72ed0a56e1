"""The errors a program meets: a code to branch on, whether repeating can help, and whether an append may be stored."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Literal

Outcome = Literal["rejected", "indeterminate"]
"""``rejected``: surely not stored. ``indeterminate``: perhaps stored; appending again under the same key finds out."""

_RETRYABLE_STATUS = frozenset({408, 425, 429, 502, 503, 504})
_CONFLICTS = frozenset({"REVISION_CONFLICT", "CONDITION_FAILED", "PRECONDITION_FAILED"})
_SHOWN_CHARS = 200


class LighthouseError(Exception):
    """The error of every failed call, except a cancellation and a wrong argument (a ``ValueError``).

    ``code`` is one of the server's codes (its page ``/problems`` lists them), ``NETWORK`` where no complete answer
    came, or ``BAD_ANSWER`` where the answer is not one of Lighthouse. A newer server may send codes unknown here.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        title: str | None = None,
        retryable: bool = False,
        outcome: Outcome | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        violations: Sequence[Mapping[str, Any]] = (),
        correlation_id: str | None = None,
        trace_id: str | None = None,
        retry_after_seconds: float | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.status = status
        """The HTTP status; ``None`` when no answer came."""
        self.title = title or detail
        self.retryable = retryable
        """Whether repeating the same call can succeed."""
        self.outcome = outcome
        """Only set for appends: what has become of all its tries together."""
        self.errors = tuple(errors)
        """``{"pointer", "detail"}`` for each thing that is wrong with the request."""
        self.violations = tuple(violations)
        """Every expectation and every condition that did not hold."""
        self.correlation_id = correlation_id
        self.trace_id = trace_id
        """Finds this failure in the server's log."""
        self.retry_after_seconds = retry_after_seconds
        self.key = key
        """The idempotency key of the append. Sending the append again under it stores it at most once."""

    @property
    def indeterminate(self) -> bool:
        """Whether it is unknown if an append was stored. Appending again with ``key`` finds out."""
        return self.outcome == "indeterminate"


class ConflictError(LighthouseError):
    """An expectation or a condition did not hold: read, decide again and append again."""


class NetworkError(LighthouseError):
    """No complete answer came, because the server is not reachable or the connection broke."""

    def __init__(self, detail: str, *, outcome: Outcome | None = None) -> None:
        super().__init__("NETWORK", detail, title="No answer", retryable=True, outcome=outcome)


def error_of_answer(status: int, headers: Mapping[str, str], body: bytes) -> LighthouseError:
    """The error of an answer that is no success. A body that is no problem document comes from a proxy in between."""
    retry_after = seconds_of(headers.get("retry-after"))
    correlation_id = headers.get("x-correlation-id")
    problem = _parsed(body)
    if _is_problem(problem):
        return error_of_problem(problem, status=status, correlation_id=correlation_id, retry_after=retry_after)
    shown = body.decode("utf-8", "replace").strip()[:_SHOWN_CHARS]
    return LighthouseError(
        "BAD_ANSWER",
        f"The answer is {status} and no problem of Lighthouse: {shown}",
        status=status,
        title="Not an answer of Lighthouse",
        retryable=status in _RETRYABLE_STATUS,
        correlation_id=correlation_id,
        retry_after_seconds=retry_after,
    )


def error_of_problem(
    problem: Any,
    *,
    status: int | None = None,
    correlation_id: str | None = None,
    retry_after: float | None = None,
) -> LighthouseError:
    """The error that a problem document (RFC 9457) of the server tells."""
    if not _is_problem(problem):
        return LighthouseError("BAD_ANSWER", "The server told of an error that is no problem.")
    code = problem["code"]
    told = problem.get("status")
    outcome = problem.get("outcome")
    kind = ConflictError if code in _CONFLICTS else LighthouseError
    return kind(
        code,
        _text(problem.get("detail")) or _text(problem.get("title")) or code,
        status=told if isinstance(told, int) else status,
        title=_text(problem.get("title")) or code,
        retryable=problem.get("retryable") is True,
        outcome=outcome if outcome in ("rejected", "indeterminate") else None,
        errors=_list(problem.get("errors")),
        violations=_list(problem.get("violations")),
        correlation_id=_text(problem.get("correlationId")) or correlation_id,
        trace_id=_text(problem.get("traceId")),
        retry_after_seconds=retry_after,
    )


def error_of_frame(frame: Mapping[str, Any]) -> LighthouseError:
    """The error of a frame ``error`` or ``closed``; one without a problem document carries only a reason."""
    problem = frame.get("problem") or {"code": str(frame.get("reason")), "detail": "The server ended it."}
    told = frame.get("retryAfterSeconds")
    return error_of_problem(problem, retry_after=told if isinstance(told, (int, float)) else None)


def seconds_of(retry_after: str | None) -> float | None:
    """The seconds to wait; HTTP allows a number of seconds or a date, which is compared with this machine's clock."""
    if retry_after is None:
        return None
    if re.fullmatch(r"\d{1,9}", retry_after):
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (until - datetime.now(timezone.utc)).total_seconds())


def _is_problem(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("code"), str)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _list(value: Any) -> Sequence[Mapping[str, Any]]:
    return value if isinstance(value, list) else ()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
