"""Where a device stands in its conversations, and what one stream delivers of each."""

import hashlib
import uuid

from .v1 import conversation_pb2


class Place:
    """The newest event of a conversation that this device has received, from whichever stream."""

    def __init__(self, last, cursor):
        self.last = last
        self.cursor = cursor  # Where the next stream goes on. Seq 0: it begins at the front, and what is known is passed over.

    @classmethod
    def of_following(cls, following):
        """A conversation that is new to the device begins where the server says."""
        if following.after_seq == following.head.seq:
            return cls(following.after_seq, following.head)
        return cls(following.after_seq, conversation_pb2.Cursor())

    def move(self, cursor):
        self.last = cursor.seq
        self.cursor = cursor


class Follow:
    """One conversation on one stream: which events may be read, and how far the stream has come."""

    def __init__(self, place, last, readable=()):
        self.place = place
        self.last = last
        self.readable = [(r.first_seq, r.last_seq or float("inf")) for r in readable]

    def successor(self, seq):
        """The event that must follow `seq`: the next one that the user may read."""
        if not self.readable:
            return seq + 1
        for first, last in self.readable:
            if seq < first:
                return first
            if seq < last:
                return seq + 1
        return float("inf")

    def head_hash(self, conversation_id):
        """This conversation's part of the digest in Heads."""
        plain = uuid.UUID(conversation_id).bytes + self.last.to_bytes(8, "big")
        return int.from_bytes(hashlib.sha256(plain).digest()[:8], "big")
