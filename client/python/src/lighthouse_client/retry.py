"""When and how often a failed call is repeated."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .errors import LighthouseError

_LONGEST_RETRY_AFTER = 60.0
"""When the server wants a longer wait than this, the call fails at once with its ``retry_after_seconds``."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed call is tried, and how long is waited in between; ``Retry(attempts=1)`` repeats nothing."""

    attempts: int = 8
    """The number of tries in all, the first one included."""
    first_delay: float = 0.1
    """Seconds before the second try; they double from one try to the next."""
    longest_delay: float = 5.0
    """No delay is longer than this."""

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.first_delay < 0 or self.longest_delay < 0:
            raise ValueError("attempts must be at least 1, and no delay may be negative")

    @property
    def never(self) -> bool:
        """Whether nothing is repeated."""
        return self.attempts == 1

    def after(self, failures: int, error: LighthouseError) -> float | None:
        """Seconds to wait after this many failures in a row; ``None`` when there should be no further try."""
        wanted = error.retry_after_seconds or 0.0
        if not error.retryable or failures >= self.attempts or wanted > _LONGEST_RETRY_AFTER:
            return None
        return wanted + self.delay(failures)

    def delay(self, failures: int) -> float:
        """Half of the delay is random, or the clients of a restarted server would all come back at once."""
        # Beyond this many doublings the limit holds whatever the first delay is, and a power would overflow.
        doubled = self.first_delay * 2.0 ** min(failures - 1, 60)
        return min(self.longest_delay, doubled) * (0.5 + random.random() / 2)
