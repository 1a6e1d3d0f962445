"""A router that says what a test tells it to."""

import asyncio

import grpc
from google.rpc import error_details_pb2, status_pb2
from parley.v1 import chat_pb2, chat_pb2_grpc, conversation_pb2

SECONDS = 20
# Quick enough that a test of silence does not wait long.
HEARTBEAT_NANOS = 200_000_000
USER = "alice"


class FakeStream:
    """One Connect stream, seen from the router."""

    def __init__(self, context):
        self._context = context
        self.over = asyncio.get_running_loop().create_future()
        self.token = dict(context.invocation_metadata()).get("authorization")

    async def expect(self, kind):
        """The next frame of that kind; Credit frames before it are passed over."""
        while True:
            frame = await asyncio.wait_for(self._context.read(), SECONDS)
            if frame is grpc.aio.EOF:
                raise AssertionError("the client has ended the stream instead of sending " + kind)
            if frame.WhichOneof("frame") == kind:
                return getattr(frame, kind)
            if frame.WhichOneof("frame") != "credit":
                raise AssertionError("%s instead of %s" % (frame, kind))

    async def say(self, **frame):
        await self._context.write(chat_pb2.ServerFrame(**frame))

    async def welcome(self, window=256):
        """Plays the beginning up to Welcome. Returns the cursors of the client by conversation."""
        await self.expect("hello")
        cursors = await self.expect("cursors")
        welcome = chat_pb2.Welcome(session_id="s", router="fake")
        welcome.user.user_id = USER
        welcome.limits.unacknowledged_frames = window
        welcome.heartbeat.nanos = HEARTBEAT_NANOS
        welcome.server_time.GetCurrentTime()
        await self.say(welcome=welcome)
        return {each.conversation_id: each.cursor for each in cursors.cursors}

    async def follow(self, conversation_id, after_seq=0, readable=((1, 0),)):
        following = chat_pb2.Following(conversation_id=conversation_id, after_seq=after_seq)
        following.head.seq = after_seq
        for first, last in readable:
            following.readable.add(first_seq=first, last_seq=last)
        await self.say(catch_up=chat_pb2.CatchUp(following=[following]))

    async def caught_up(self):
        await self.say(catch_up=chat_pb2.CatchUp(complete=True))

    async def events(self, conversation_id, *seqs):
        """Messages of bob whose text is their seq."""
        events = chat_pb2.Events(conversation_id=conversation_id, position=seqs[0] * 100)
        for seq in seqs:
            event = events.events.add(seq=seq, sender_id="bob")
            event.message.text = str(seq)
        await self.say(events=events)

    async def stored(self, command, seq, repeated=False):
        result = chat_pb2.SendResult(client_event_id=command.client_event_id, conversation_id=command.conversation_id)
        result.stored.cursor.CopyFrom(conversation_pb2.Cursor(seq=seq, position=seq * 100))
        result.stored.repeated = repeated
        await self.say(send_result=result)

    async def refuse(self, command, reason):
        result = chat_pb2.SendResult(client_event_id=command.client_event_id, conversation_id=command.conversation_id)
        result.refused.info.reason = reason
        await self.say(send_result=result)

    def end(self, code=grpc.StatusCode.UNAVAILABLE, reason=""):
        """Ends it with a status and, if named, a reason in its details."""
        self.over.set_result((code, reason))

    async def until_ended_by_the_client(self):
        while not self._context.done():
            if await asyncio.wait_for(self._context.read(), SECONDS) is grpc.aio.EOF:
                return

    async def serve(self):
        code, reason = await self.over
        if reason:
            status = status_pb2.Status(code=code.value[0], message="refused")
            status.details.add().Pack(error_details_pb2.ErrorInfo(domain="parley", reason=reason))
            self._context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        await self._context.abort(code, "refused")


class FakeRouter(chat_pb2_grpc.ChatServiceServicer):
    """Takes streams, which a test then plays one by one."""

    def __init__(self):
        self._streams = asyncio.Queue()
        self._server = grpc.aio.server()
        chat_pb2_grpc.add_ChatServiceServicer_to_server(self, self._server)
        self.address = "127.0.0.1:%d" % self._server.add_insecure_port("127.0.0.1:0")

    async def start(self):
        await self._server.start()

    async def stop(self):
        await self._server.stop(0)

    async def Connect(self, requests, context):
        stream = FakeStream(context)
        await self._streams.put(stream)
        await stream.serve()

    async def next_stream(self):
        """The next stream that the client opens."""
        return await asyncio.wait_for(self._streams.get(), SECONDS)

    def no_stream_waits(self):
        return self._streams.empty()
