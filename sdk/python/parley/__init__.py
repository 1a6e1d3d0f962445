"""A client of Parley: `Session` for a device that stays, and the generated code of the contract in `parley.v1`."""

from .errors import ParleyError
from .session import Received, Session

__all__ = ["ParleyError", "Received", "Session"]
