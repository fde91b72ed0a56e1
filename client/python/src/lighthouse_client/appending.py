"""Appends, whose retries store nothing twice, and whether a failed one may have been stored."""

from __future__ import annotations

import secrets
from typing import Any

from .errors import LighthouseError, Outcome
from .transport import Request, Transport, encoded, with_headers

_DECIDES = frozenset(
    {
        "REVISION_CONFLICT",
        "CONDITION_FAILED",
        "KEY_REUSED",
        "INVALID_EVENT",
        "INVALID_REQUEST",
        "EVENT_TOO_LARGE",
        "BATCH_TOO_LARGE",
        "BODY_TOO_LARGE",
        "MALFORMED_BODY",
    }
)
"""These refusals decide the earlier tries too. The server looks up the key before it compares revisions, so a conflict
means that nothing is stored under it; and a request that breaks a rule breaks it at every try."""


async def send_append(
    transport: Transport, path: str, body: dict[str, Any], key: str | None, context: dict[str, str | None]
) -> Any:
    """Sends one body under one key until it is answered; the error tells what became of all tries together."""
    if key is not None and not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise ValueError("key must be 1 to 255 printable ASCII characters")
    sent = key or secrets.token_hex(16)
    content = encoded({name: value for name, value in body.items() if value is not None})
    request = Request("POST", path, body=content, headers=(("idempotency-key", sent),))
    in_doubt = False

    def failed(error: LighthouseError) -> None:
        nonlocal in_doubt
        if error.code in _DECIDES:
            in_doubt = False
        elif _outcome_of(error) == "indeterminate":
            in_doubt = True

    try:
        return (await transport.call(with_headers(request, list(context.items())), failed)).body
    except LighthouseError as error:
        error.key = sent
        error.outcome = "indeterminate" if in_doubt else "rejected"
        raise


def _outcome_of(error: LighthouseError) -> Outcome:
    """The outcome of one try. A refusal by the server itself stored nothing; other failures may come after storing."""
    if error.outcome is not None:
        return error.outcome
    if error.code in ("INDETERMINATE", "INTERNAL", "NETWORK"):
        return "indeterminate"
    if error.code != "BAD_ANSWER":
        return "rejected"
    return "rejected" if error.status is not None and 400 <= error.status < 500 else "indeterminate"
