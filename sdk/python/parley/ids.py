"""Ids that a client makes: UUIDv7 from an estimate of the server's clock."""

import secrets
import time
import uuid


class ServerClock:
    """The server's time at the last Welcome plus what a monotonic clock has counted since; before it, the local time."""

    def __init__(self):
        self._offset = time.time() - time.monotonic()

    def server_said(self, seconds):
        self._offset = seconds - time.monotonic()

    def seconds(self):
        """Seconds since 1970."""
        return time.monotonic() + self._offset


def uuid7(clock):
    """A new UUIDv7 in text form: 48 bits of milliseconds, 74 random bits."""
    milliseconds = int(clock.seconds() * 1000) & (1 << 48) - 1
    return str(
        uuid.UUID(
            int=milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
        )
    )
