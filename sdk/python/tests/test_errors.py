"""How the client learns why a stream has ended."""

import unittest

import grpc
from google.rpc import error_details_pb2, status_pb2
from parley.errors import DETAILS, Ending


class FakeCall:
    """A call of grpc.aio, in which a later status replaces an earlier one."""

    def __init__(self):
        self._callbacks = []

    def add_done_callback(self, callback):
        self._callbacks.append(callback)

    def ends(self, code, details, trailing=()):
        self._status = code, details, grpc.aio.Metadata(*trailing)
        for callback in self._callbacks:
            callback(self)

    async def code(self):
        return self._status[0]

    async def details(self):
        return self._status[1]

    async def trailing_metadata(self):
        return self._status[2]

    def failure(self):
        """What a read raises now."""
        code, details, trailing = self._status
        return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, details)


class EndingTest(unittest.TestCase):
    def setUp(self):
        self.call = FakeCall()
        self.ending = Ending(self.call)

    def test_a_frame_that_was_written_too_late_does_not_hide_why_the_server_ended_the_stream(self):
        status = status_pb2.Status(code=16)
        status.details.add().Pack(error_details_pb2.ErrorInfo(domain="parley", reason="TOKEN_INVALID"))
        self.call.ends(grpc.StatusCode.UNAUTHENTICATED, "refused", ((DETAILS, status.SerializeToString()),))
        self.call.ends(grpc.StatusCode.INTERNAL, "Internal error from Core")

        error = self.ending.error(self.call.failure())
        self.assertEqual(("TOKEN_INVALID", grpc.StatusCode.UNAUTHENTICATED), (error.reason, error.code))

    def test_a_stream_that_broke_without_a_word_of_the_server_has_the_error_of_the_read(self):
        self.call.ends(grpc.StatusCode.OK, "")
        self.call.ends(grpc.StatusCode.INTERNAL, "Internal error from Core")
        self.assertEqual(grpc.StatusCode.INTERNAL, self.ending.error(self.call.failure()).code)


if __name__ == "__main__":
    unittest.main()
