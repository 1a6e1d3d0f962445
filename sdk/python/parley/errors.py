"""What the server refuses, with the reason that it gives."""

import grpc
from google.rpc import error_details_pb2, status_pb2

DETAILS = "grpc-status-details-bin"
RETRYABLE = {"OVERLOADED", "BROKER_UNAVAILABLE", "MODERATION_UNAVAILABLE", "RATE_LIMITED", "DRAINING", "OUTCOME_UNKNOWN"}
TOKEN_REFUSED = {"TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_REVOKED"}


class ParleyError(Exception):
    """A call or command that was refused, or a stream that has ended.

    reason           the name of an ErrorReason without its prefix; "" when the server gave none
    code             the grpc.StatusCode of the call; UNKNOWN for what came inside a stream
    metadata         details by key, as ErrorReason documents them
    retry_after      how many seconds to wait before trying again; 0.0: the server did not say
    conversation_id  the conversation that it is about; "": none
    """

    def __init__(
        self, message, reason="", code=grpc.StatusCode.UNKNOWN, metadata=None, retry_after=0.0, conversation_id=""
    ):
        super().__init__("%s: %s" % (reason or code.name, message))
        self.reason = reason
        self.code = code
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after
        self.conversation_id = conversation_id

    @classmethod
    def of_frame(cls, error):
        """What an Error frame or a refused SendResult says."""
        return cls(
            error.message,
            reason=error.info.reason,
            metadata=error.info.metadata,
            retry_after=_seconds(error.retry),
            conversation_id=error.conversation_id,
        )

    @classmethod
    def of_call(cls, failure):
        """What a failed call (grpc.RpcError) says."""
        info = error_details_pb2.ErrorInfo()
        retry = error_details_pb2.RetryInfo()
        for key, value in failure.trailing_metadata() or ():
            if key == DETAILS:
                for detail in status_pb2.Status.FromString(value).details:
                    # Unpack says whether it is one of that type.
                    detail.Unpack(info)
                    detail.Unpack(retry)
        return cls(
            failure.details() or "no details",
            reason=info.reason,
            code=failure.code(),
            metadata=info.metadata,
            retry_after=_seconds(retry),
        )

    @property
    def retryable(self):
        """Waiting helps: the same command with the same id may be accepted later."""
        return self.reason in RETRYABLE

    @property
    def token_refused(self):
        """The token was not accepted; another one may be."""
        return self.reason in TOKEN_REFUSED or self.code == grpc.StatusCode.UNAUTHENTICATED


class Ending:
    """How the server ended a stream. A frame that is written too late puts the status INTERNAL in the place of the
    server's (grpc/grpc#36066), so the server's is taken at the moment when it comes.
    """

    def __init__(self, call):
        self._failure = None
        call.add_done_callback(self._ended)

    def _ended(self, call):
        code = _at_hand(call.code())
        if self._failure is None and code is not grpc.StatusCode.OK:
            trailing = _at_hand(call.trailing_metadata())
            self._failure = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, _at_hand(call.details()))

    def error(self, failure):
        """The ParleyError for the grpc.RpcError that a read raised."""
        return ParleyError.of_call(self._failure or failure)


def _at_hand(coroutine):
    """The result of a coroutine that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    finally:
        coroutine.close()
    raise RuntimeError("a call that has ended does not tell how")


def _seconds(retry):
    return retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
