"""The session of a device: it connects by itself, resumes where the device stands, and gives events in order."""

import asyncio
import inspect
import logging
import random
import uuid
from typing import NamedTuple, Optional

import grpc

from .commands import Pending
from .errors import ParleyError
from .ids import ServerClock, uuid7
from .places import Place
from .stream import Stream
from .v1 import chat_pb2, chat_pb2_grpc, conversation_pb2

log = logging.getLogger("parley")

CALL_SECONDS = 15
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 15.0
# A stream that lived this long was a success: the next wait is a first one again.
STABLE_SECONDS = 5.0
CHANNEL_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5000),
)


class Received(NamedTuple):
    """An event, or in its place a reset: the conversation cannot go on where the device stood.

    LOG_WENT_BACK: load it anew. TRIMMED: what the device has stays right, and a gap is before the next event.
    """

    conversation_id: str
    cursor: conversation_pb2.Cursor
    event: Optional[conversation_pb2.Event]
    reset: Optional[chat_pb2.Reset] = None


class Session:
    """A device's session. Use it as `async with`, and iterate it with `async for`, which gives Received.

    Events of each conversation come in order and once, also over lost connections and routers that restart. An event
    counts as processed when the next one is asked for. Whoever does not iterate gets no answers either after some
    hundred events: the server stops sending (session.call(session.calls.Send, ...) needs no iterating).

    Belongs to one event loop; not thread-safe.
    """

    def __init__(
        self,
        target,
        token,
        ca_file=None,
        plaintext=False,
        device_id=None,
        client="parley-python",
        cursors=None,
        on_frame=None,
        connect_seconds=30,
    ):
        """
        target           host:port of the edge, or of a router with `plaintext`
        token            a JWT, or a function (plain or async) that gives one, asked again before it ends
        ca_file          certificates to trust, in PEM; None: those that gRPC brings
        device_id        chosen once by a device and kept; None: a new one. A second session of a device ends the first
        cursors          where the device stands, from `session.cursors` of the time before; a conversation that is
                         missing starts at its newest event
        on_frame         is called with each ServerFrame, before it is processed: for typing, receipts, heads
        connect_seconds  how long entering `async with` waits for the first connection
        """
        self.device_id = device_id or "python-%s" % uuid.uuid4()
        self.client = client
        self.clock = ServerClock()
        self.user_id = ""  # Who the token says this is; known when connected.
        self.cursors = dict(cursors or {})  # Per conversation the newest event that was processed. Keep it.
        self.places = {c: Place(cursor.seq, cursor) for c, cursor in self.cursors.items()}
        self._token = token
        self._on_frame = on_frame
        self._connect_seconds = connect_seconds
        if plaintext:
            self._channel = grpc.aio.insecure_channel(target, CHANNEL_OPTIONS)
        else:
            self._channel = grpc.aio.secure_channel(target, _credentials(ca_file), CHANNEL_OPTIONS)
        self.calls = chat_pb2_grpc.ChatServiceStub(self._channel)
        self._inbox = asyncio.Queue()
        self._taken = None
        self._pending = {}
        self._lanes = {}
        self._stream = None
        self._ready = None
        self._task = None
        self._last_error = None
        self._over = None  # Why the session has ended.
        self._closed = False

    async def __aenter__(self):
        self._ready = asyncio.get_running_loop().create_future()
        self._task = asyncio.ensure_future(self._run())
        try:
            await asyncio.wait(
                [self._ready, self._task], timeout=self._connect_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if not self._ready.done():
                raise self._last_error or ParleyError("no connection", code=grpc.StatusCode.UNAVAILABLE)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *failure):
        await self.close()

    async def close(self):
        """Ends the session."""
        self._closed = True
        self._task.cancel()
        await asyncio.wait([self._task])
        self._end(ParleyError("the session was closed", code=grpc.StatusCode.CANCELLED))
        await self._channel.close()

    # ------------------------------------------------------------ what an application does

    def __aiter__(self):
        return self

    async def __anext__(self):
        self._processed()
        stream, last, received = await self._inbox.get()
        if received is None:
            self._inbox.put_nowait((None, True, None))  # For whoever asks again.
            if self._closed:
                raise StopAsyncIteration
            raise self._over
        self._taken = stream, last, received
        return received

    async def create_direct(self, user_id):
        """The conversation with a user, which is created if there is none. Returns its id."""
        create = conversation_pb2.CreateConversation(
            kind=conversation_pb2.CONVERSATION_KIND_DIRECT, member_ids=[user_id]
        )
        result = await self.command(conversation_pb2.Command(create=create))
        return result.conversation_id

    async def send_text(self, conversation_id, text, seconds=CALL_SECONDS):
        """Sends a message. Returns Stored when it is on the log."""
        message = conversation_pb2.Message(text=text)
        result = await self.command(
            conversation_pb2.Command(conversation_id=conversation_id, message=message), seconds
        )
        return result.stored

    async def command(self, command, seconds=CALL_SECONDS):
        """Does a command and returns its SendResult. Commands of one conversation are done one after another.

        Gives it a client event id if it has none, and sends it again under that id over lost connections and refusals
        that say to wait, for at most `seconds`. Then, and when it is refused, it raises ParleyError; after
        OUTCOME_UNKNOWN the same command may be given again and is stored once.
        """
        loop = asyncio.get_running_loop()
        async with self._lanes.setdefault(command.conversation_id, asyncio.Lock()):
            if not command.client_event_id:
                command.client_event_id = uuid7(self.clock)
            deadline = loop.time() + seconds
            pending = Pending(command)
            wait = FIRST_WAIT_SECONDS
            while True:
                await self._answered(pending, deadline - loop.time())
                if not pending.answer.done():
                    raise pending.unanswered()
                refusal = pending.answer.exception()
                if refusal is None:
                    return pending.answer.result()
                delay = max(refusal.retry_after, _jittered(wait))
                if not refusal.retryable or loop.time() + delay >= deadline:
                    raise refusal
                pending.sent = refusal.reason == "OUTCOME_UNKNOWN"
                pending.renew()
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)
                await asyncio.sleep(delay)

    def say(self, **frame):
        """Sends a frame that has no answer, given by its name in ClientFrame (read_mark, typing), if connected."""
        if self._stream and self._stream.welcome:
            self._stream.say(**frame)

    async def call(self, method, request, seconds=CALL_SECONDS):
        """A unary call as this user: `await session.call(session.calls.ListEvents, ListEventsRequest(...))`."""
        metadata = (("authorization", "Bearer " + await self.fetch_token()),)
        try:
            return await method(request, metadata=metadata, timeout=seconds)
        except grpc.RpcError as failed:
            raise ParleyError.of_call(failed) from None

    # ------------------------------------------------------------ connection

    async def _run(self):
        wait = FIRST_WAIT_SECONDS
        refused_token = None
        while True:
            live_since = float("inf")
            streams = [Stream(self)]
            self._stream = streams[0]
            try:
                await streams[0].caught_up
                live_since = asyncio.get_running_loop().time()
                refused_token = None
                if not self._ready.done():
                    self._ready.set_result(None)
                while True:
                    await asyncio.sleep(await streams[0].leave)
                    await self._hand_over(streams)
            except ParleyError as error:
                log.info("%s", error)
                self._last_error = error
                token = streams[0].token
                if error.reason == "DISPLACED" or (error.token_refused and token and token == refused_token):
                    self._end(error)
                    return
                if error.token_refused:
                    refused_token = token
                if asyncio.get_running_loop().time() - live_since >= STABLE_SECONDS:
                    wait = FIRST_WAIT_SECONDS
                delay = max(error.retry_after, _jittered(wait))
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)
            except Exception as failed:  # Of a hook: trying again would not mend it.
                self._last_error = failed
                self._end(failed)
                return
            finally:
                self._stream = None
                for stream in streams:
                    await stream.close()
            await asyncio.sleep(delay)

    async def _hand_over(self, streams):
        """Make before break: the next stream catches up beside the old one, then takes its place."""
        streams.append(Stream(self))
        await streams[1].caught_up
        await streams.pop(0).close()
        self._stream = streams[0]
        self._send_pending()

    async def _answered(self, pending, seconds):
        if self._over:
            raise self._over
        self._pending[pending.command.client_event_id] = pending
        try:
            if self._stream and self._stream.welcome:
                self._stream.send(pending)
            await asyncio.wait([pending.answer], timeout=seconds)
        finally:
            del self._pending[pending.command.client_event_id]

    def _send_pending(self):
        for pending in list(self._pending.values()):
            if not pending.answer.done():
                self._stream.send(pending)

    def _processed(self):
        """The event that was given last counts as processed, and its frame when it was the frame's last one."""
        if self._taken is None:
            return
        stream, last, received = self._taken
        self._taken = None
        self.cursors[received.conversation_id] = received.cursor
        stream.delivered(received.conversation_id, received.cursor.seq)
        if last:
            stream.processed()

    def _end(self, error):
        if self._over:
            return
        self._over = error
        self._inbox.put_nowait((None, True, None))
        for pending in self._pending.values():
            pending.failed(pending.unanswered() if pending.sent else error)

    # ------------------------------------------------------------ what the streams tell

    async def fetch_token(self):
        """A token for the next stream or call."""
        try:
            token = self._token() if callable(self._token) else self._token
            return await token if inspect.isawaitable(token) else token
        except Exception as failed:  # Whatever the application's function raises: it may go better the next time.
            raise ParleyError("no token: %r" % failed, code=grpc.StatusCode.UNAVAILABLE) from failed

    def seen(self, frame):
        """A frame has come."""
        if self._on_frame:
            self._on_frame(frame)

    def welcomed(self, stream):
        """A stream can take commands."""
        self.user_id = stream.welcome.user.user_id
        if stream is self._stream:
            self._send_pending()

    def received(self, stream, conversation_id, events):
        """A frame with these new events has come."""
        if not events:
            stream.processed()
        for i, (event, cursor) in enumerate(events):
            self._inbox.put_nowait((stream, i == len(events) - 1, Received(conversation_id, cursor, event)))

    def was_reset(self, stream, reset):
        """A conversation goes on elsewhere."""
        self._inbox.put_nowait((stream, True, Received(reset.conversation_id, reset.next, None, reset)))

    def refused(self, error):
        """Something other than a command was refused; the stream goes on."""
        log.warning("%s", error)


def _credentials(ca_file):
    if ca_file is None:
        return grpc.ssl_channel_credentials()
    with open(ca_file, "rb") as pem:
        return grpc.ssl_channel_credentials(pem.read())


def _jittered(seconds):
    """Between half and all of it: clients that lost the same router come back at different times."""
    return random.uniform(seconds / 2, seconds)
