"""One Connect stream: says Hello and where the device stands, checks the order, acknowledges, notices silence."""

import asyncio
import time

import grpc

from .commands import own_event
from .errors import Ending, ParleyError
from .places import Follow, Place
from .v1 import chat_pb2, conversation_pb2

CONNECT_SECONDS = 15
DEFAULT_HEARTBEAT_SECONDS = 20.0
CURSORS_PER_FRAME = 1000
DELIVERED_PER_FRAME = 1000
PROMPT_SECONDS = 1
REFRESH_LEAD_SECONDS = 60
# An announced head may take this long before it counts as lost.
HEAD_GRACE_SECONDS = 2.0


class Stream:
    """A stream of a session. `caught_up` is done when everything that was missed has come, `leave` when the router asks
    for another stream (with the seconds to wait first); both fail when the stream ends: with a ParleyError, or with what
    a hook of the application raised.
    """

    def __init__(self, session):
        loop = asyncio.get_running_loop()
        self.session = session
        self.welcome = None
        self.token = None
        self.caught_up = loop.create_future()
        self.leave = loop.create_future()
        self.pending = {}  # Commands that were sent on this stream, by client event id.
        self._follows = {}
        self._outgoing = asyncio.Queue()
        self._heartbeat = DEFAULT_HEARTBEAT_SECONDS
        self._received = 0
        self._processed = 0
        self._acknowledged = 0
        self._window = 1
        self._delivered = {}
        self._suspects = {}  # Announced heads that have not come, with the time since when.
        self._heads_asked = False
        self._last_event_at = 0.0
        self._credit_due = float("inf")
        self._refresh_at = float("inf")
        self._task = loop.create_task(self._run())

    def send(self, pending):
        """Sends a command; its answer comes to `pending`."""
        pending.sent = True
        self.pending[pending.command.client_event_id] = pending
        self.say(command=pending.command)

    async def close(self):
        """Ends the stream without a word."""
        self._task.cancel()
        await asyncio.wait([self._task])

    def processed(self):
        """A frame was processed to its end. Acknowledges when a quarter of the server's window is used."""
        self._processed += 1
        if self.welcome and self._processed - self._acknowledged >= max(1, self._window // 4):
            self._acknowledge()

    def delivered(self, conversation_id, seq):
        """The device has this event."""
        if not self._delivered:
            # A push is sent three seconds after a message that nobody has acknowledged.
            self._credit_due = min(self._credit_due, time.monotonic() + PROMPT_SECONDS)
        self._delivered[conversation_id] = max(seq, self._delivered.get(conversation_id, 0))

    # ------------------------------------------------------------ the call

    async def _run(self):
        try:
            self.token = await self.session.fetch_token()
            call = self.session.calls.Connect(
                self._requests(), metadata=(("authorization", "Bearer " + self.token),)
            )
            ending = Ending(call)
            try:
                await self._read(call)
            except grpc.RpcError as ended:
                self._end(ending.error(ended))
            finally:
                call.cancel()
        except asyncio.CancelledError:
            self._end(ParleyError("the stream was closed", code=grpc.StatusCode.CANCELLED))
            raise
        except ParleyError as refused:
            self._end(refused)
        except Exception as failed:  # Of a hook, or of this client: trying again would not mend it.
            self._end(failed)

    def _end(self, error):
        for future in (self.caught_up, self.leave):
            if not future.done():
                future.set_exception(error)
            if not future.cancelled():
                # Marks it as looked at: not everybody waits for both.
                future.exception()

    async def _requests(self):
        hello = chat_pb2.Hello(device_id=self.session.device_id, client=self.session.client)
        yield chat_pb2.ClientFrame(hello=hello)
        for frame in self._cursor_frames():
            yield frame
        while True:
            yield await self._outgoing.get()

    def _cursor_frames(self):
        cursors = [
            chat_pb2.ConversationCursor(conversation_id=conversation_id, cursor=place.cursor)
            for conversation_id, place in self.session.places.items()
        ]
        for start in range(0, max(len(cursors), 1), CURSORS_PER_FRAME):
            page = cursors[start : start + CURSORS_PER_FRAME]
            complete = start + CURSORS_PER_FRAME >= len(cursors)
            yield chat_pb2.ClientFrame(cursors=chat_pb2.Cursors(cursors=page, complete=complete))

    async def _read(self, call):
        """Reads until the stream ends. The read goes on while something else is due."""
        reading = None
        dead_at = time.monotonic() + CONNECT_SECONDS
        try:
            while True:
                reading = reading or asyncio.ensure_future(call.read())
                done, _ = await asyncio.wait([reading], timeout=self._patience())
                now = time.monotonic()
                if done:
                    frame, reading = reading.result(), None
                    if frame is grpc.aio.EOF:
                        raise ParleyError("the server has ended the stream", code=grpc.StatusCode.UNAVAILABLE)
                    self._frame(frame)
                    dead_at = now + 3 * self._heartbeat
                elif now >= dead_at and self._received - self._processed < self._window:
                    # With the whole window untaken, the server is silent for the application's sake.
                    raise ParleyError("nothing was heard from the server", code=grpc.StatusCode.UNAVAILABLE)
                await self._tick(now)
        finally:
            if reading:
                reading.cancel()

    def _patience(self):
        """How long to read before it is looked at what else is due."""
        if not self.welcome:
            return CONNECT_SECONDS
        return max(0, min(self._heartbeat / 4, self._credit_due - time.monotonic()))

    def say(self, **frame):
        """Sends a frame, given by its name in ClientFrame."""
        self._outgoing.put_nowait(chat_pb2.ClientFrame(**frame))

    # ------------------------------------------------------------ what is due

    async def _tick(self, now):
        if now >= self._credit_due:
            self._acknowledge()
        if now >= self._refresh_at:
            self._refresh_at = float("inf")
            await self._refresh_token(now)
        if self._received > self._processed:
            # What is missing may be held back until the application has taken more.
            return
        for conversation_id, (seq, since) in list(self._suspects.items()):
            follow = self._follows.get(conversation_id)
            if follow and follow.last >= seq:
                del self._suspects[conversation_id]
            elif now - max(since, self._last_event_at) > HEAD_GRACE_SECONDS:
                raise self._broken("event %d of %s was announced and did not come" % (seq, conversation_id))

    async def _refresh_token(self, now):
        try:
            token = await self.session.fetch_token()
        except ParleyError as error:
            # The stream goes on until its token ends.
            self.session.refused(error)
            self._refresh_at = now + self._heartbeat
            return
        if token != self.token:
            self.token = token
            self.say(refresh_token=chat_pb2.RefreshToken(token=token))

    def _acknowledge(self):
        delivered = [chat_pb2.Delivered(conversation_id=c, seq=s) for c, s in self._delivered.items()]
        for start in range(0, max(len(delivered), 1), DELIVERED_PER_FRAME):
            page = delivered[start : start + DELIVERED_PER_FRAME]
            self.say(credit=chat_pb2.Credit(frames=self._processed, delivered=page))
        self._delivered.clear()
        self._acknowledged = self._processed
        self._credit_due = time.monotonic() + self._heartbeat * 3 / 4

    # ------------------------------------------------------------ frames

    def _frame(self, frame):
        kind = frame.WhichOneof("frame")
        self._received += 1
        self.session.seen(frame)
        if kind == "events":
            # Counts as processed when the last of its events has been taken.
            self._events(frame.events)
            return
        if kind == "send_result":
            if self._send_result(frame.send_result):
                return
        elif kind == "heads":
            self._heads(frame.heads)
        elif kind == "welcome":
            self._welcomed(frame.welcome)
        elif kind == "catch_up":
            self._catch_up(frame.catch_up)
        elif kind == "reset":
            self._reset(frame.reset)
            return
        elif kind == "reconnect":
            self._reconnect(frame.reconnect)
        elif kind == "error":
            self._error(frame.error)
        self.processed()

    def _welcomed(self, welcome):
        self.welcome = welcome
        self._heartbeat = _seconds(welcome.heartbeat) or DEFAULT_HEARTBEAT_SECONDS
        self._window = max(1, welcome.limits.unacknowledged_frames)
        self._credit_due = time.monotonic() + self._heartbeat * 3 / 4
        self.session.clock.server_said(_seconds(welcome.server_time))
        if welcome.HasField("token_expire_time"):
            life = _seconds(welcome.token_expire_time) - _seconds(welcome.server_time)
            self._refresh_at = time.monotonic() + max(life - REFRESH_LEAD_SECONDS, life * 4 / 5)
        self.session.welcomed(self)

    def _catch_up(self, catch_up):
        for following in catch_up.following:
            conversation_id = following.conversation_id
            place = self.session.places.get(conversation_id)
            if place is None:
                place = self.session.places[conversation_id] = Place.of_following(following)
            self._follows[conversation_id] = Follow(place, following.after_seq, following.readable)
        if catch_up.complete and not self.caught_up.done():
            self.caught_up.set_result(None)

    def _events(self, events):
        follow = self._follows.get(events.conversation_id)
        if follow is None:
            raise self._broken("events of %s came, which no CatchUp has announced" % events.conversation_id)
        received = []
        for event in events.events:
            cursor = conversation_pb2.Cursor(seq=event.seq, position=events.position, term=events.term)
            if self._in_order(events.conversation_id, follow, cursor):
                received.append((event, cursor))
        self.session.received(self, events.conversation_id, received)

    def _in_order(self, conversation_id, follow, cursor):
        """Whether the event is new to the device. An event that the stream skips is never passed over."""
        seq, place = cursor.seq, follow.place
        if seq <= follow.last:
            return False
        if seq > follow.successor(follow.last) or (seq > place.last and seq != follow.successor(place.last)):
            raise self._broken("event %d of %s follows event %d" % (seq, conversation_id, follow.last))
        follow.last = seq
        self._last_event_at = time.monotonic()
        if seq <= place.last:
            return False
        place.move(cursor)
        return True

    def _send_result(self, result):
        """Returns whether the result stands for an event, which then is to be taken."""
        pending = self.pending.pop(result.client_event_id, None)
        if result.WhichOneof("outcome") == "refused":
            if pending:
                pending.failed(ParleyError.of_frame(result.refused))
            return False
        stands_in = self._stand_in(result, pending)
        if pending:
            pending.answered(result)
        return stands_in

    def _stand_in(self, result, pending):
        stored, conversation_id = result.stored, result.conversation_id
        follow = self._follows.get(conversation_id)
        # An answer that overtakes the announcement of a conversation is an answer only: the event comes when the stream
        # gets there. Only of a conversation that is new to the device it is the beginning.
        if stored.repeated or (follow is None and conversation_id in self.session.places):
            return False
        if pending is None and not stored.HasField("event"):
            raise self._broken("an outcome in %s for no command of this stream" % conversation_id)
        event = own_event(pending.command, stored, self.session.user_id) if pending else stored.event
        if follow is None:
            last = stored.cursor.seq - 1
            place = self.session.places[conversation_id] = Place(last, conversation_pb2.Cursor())
            follow = self._follows[conversation_id] = Follow(place, last)
        new = self._in_order(conversation_id, follow, stored.cursor)
        self.session.received(self, conversation_id, [(event, stored.cursor)] if new else [])
        return True

    def _heads(self, heads):
        now = time.monotonic()
        for head in heads.heads:
            follow = self._follows.get(head.conversation_id)
            if follow is None or follow.last < head.seq:
                self._suspects[head.conversation_id] = (head.seq, now)
        if heads.all:
            self._heads_asked = False
            return
        digest = 0
        for conversation_id, follow in self._follows.items():
            digest ^= follow.head_hash(conversation_id)
        quiet = self.caught_up.done() and not self.pending and now - self._last_event_at > 0.5
        if digest != heads.digest and quiet and not self._heads_asked:
            self._heads_asked = True
            self.say(heads_request=chat_pb2.HeadsRequest())

    def _reset(self, reset):
        conversation_id = reset.conversation_id
        place = self.session.places.setdefault(conversation_id, Place(reset.next.seq, reset.next))
        place.move(reset.next)
        follow = self._follows.get(conversation_id)
        if follow:
            follow.last = reset.next.seq
        self.session.was_reset(self, reset)

    def _reconnect(self, reconnect):
        if reconnect.reason == "DISPLACED":
            raise ParleyError("another session of this device has taken this one's place", reason="DISPLACED")
        if not self.leave.done():
            self.leave.set_result(_seconds(reconnect.after))

    def _error(self, error):
        if error.closes_stream:
            raise ParleyError.of_frame(error)
        self.session.refused(ParleyError.of_frame(error))

    @staticmethod
    def _broken(what):
        return ParleyError("resuming: " + what, code=grpc.StatusCode.DATA_LOSS)


def _seconds(time_or_duration):
    return time_or_duration.seconds + time_or_duration.nanos / 1e9
