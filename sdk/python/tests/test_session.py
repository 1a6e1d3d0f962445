"""What a session promises, against a router that is played by the test."""

import asyncio
import unittest
from unittest import mock

import grpc
from fake_router import SECONDS, USER, FakeRouter
from parley import ParleyError, Session
from parley.v1 import chat_pb2

TALK = "0190a1b2-0000-7000-8000-000000000001"


class SessionTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.router = FakeRouter()
        await self.router.start()
        self.addAsyncCleanup(self.router.stop)

    async def open(self, window=256, **options):
        """A session that is live in one conversation, and its stream."""
        session = Session(self.router.address, "token", plaintext=True, **options)
        entering = asyncio.ensure_future(session.__aenter__())
        stream = await self.router.next_stream()
        await stream.welcome(window)
        await stream.follow(TALK)
        await stream.caught_up()
        await asyncio.wait_for(entering, SECONDS)
        self.addAsyncCleanup(session.close)
        return session, stream

    async def take(self, session, count):
        """The seqs of the next events."""
        return [(await asyncio.wait_for(anext(session), SECONDS)).event.seq for _ in range(count)]

    def send(self, session, text):
        return asyncio.ensure_future(session.send_text(TALK, text))

    async def test_a_lost_stream_is_resumed_after_the_newest_event_that_came(self):
        session, first = await self.open()
        await first.events(TALK, 1, 2)
        self.assertEqual([1, 2], await self.take(session, 2))
        first.end()

        second = await self.router.next_stream()
        cursors = await second.welcome()
        self.assertEqual((2, 100), (cursors[TALK].seq, cursors[TALK].position))
        await second.follow(TALK, after_seq=2)
        await second.events(TALK, 3)
        self.assertEqual([3], await self.take(session, 1))

    async def test_an_event_behind_a_hole_is_not_given_but_asked_for_again(self):
        session, first = await self.open()
        await first.events(TALK, 1)
        await first.events(TALK, 3)

        second = await self.router.next_stream()
        self.assertEqual(1, (await second.welcome())[TALK].seq)
        await second.follow(TALK, after_seq=1)
        await second.events(TALK, 2, 3)
        self.assertEqual([1, 2, 3], await self.take(session, 3))

    async def test_a_hole_between_two_readable_ranges_is_none(self):
        session, stream = await self.open()
        await stream.follow(TALK, readable=[(1, 2), (7, 0)])
        await stream.events(TALK, 1, 2, 7)
        self.assertEqual([1, 2, 7], await self.take(session, 3))

    async def test_an_announced_event_that_does_not_come_is_asked_for_again(self):
        with mock.patch("parley.stream.HEAD_GRACE_SECONDS", 0.05):
            session, first = await self.open()
            head = chat_pb2.Head(conversation_id=TALK, seq=1)
            await first.say(heads=chat_pb2.Heads(heads=[head]))

            second = await self.router.next_stream()
            await second.welcome()

    async def test_an_announced_event_may_wait_until_the_application_has_taken_more(self):
        with mock.patch("parley.stream.HEAD_GRACE_SECONDS", 0.01):
            session, stream = await self.open()
            await stream.events(TALK, 1)
            await stream.say(heads=chat_pb2.Heads(heads=[chat_pb2.Head(conversation_id=TALK, seq=2)]))
            for _ in range(3):
                # One a heartbeat.
                await stream.expect("credit")
            self.assertTrue(self.router.no_stream_waits())
            await stream.events(TALK, 2)
            self.assertEqual([1, 2], await self.take(session, 2))

    async def test_a_silent_stream_is_given_up(self):
        session, first = await self.open()
        second = await self.router.next_stream()
        await second.welcome()

    async def test_the_answer_to_a_message_is_its_event(self):
        session, stream = await self.open()
        sending = self.send(session, "hello")
        command = await stream.expect("command")
        await stream.stored(command, 1)

        self.assertEqual(1, (await sending).cursor.seq)
        received = await anext(session)
        self.assertEqual((1, USER, "hello"), (received.event.seq, received.event.sender_id, received.event.message.text))

    async def test_a_message_without_an_answer_is_sent_again_under_its_id(self):
        session, first = await self.open()
        sending = self.send(session, "hello")
        command = await first.expect("command")
        first.end()

        second = await self.router.next_stream()
        await second.welcome()
        again = await second.expect("command")
        self.assertEqual(command, again)
        await second.follow(TALK)
        await second.stored(again, 1, repeated=True)
        self.assertTrue((await sending).repeated)
        # Such an answer does not stand for the event, which comes by itself.
        await second.events(TALK, 1)
        self.assertEqual("1", (await asyncio.wait_for(anext(session), SECONDS)).event.message.text)

    async def test_a_refusal_that_says_to_wait_is_tried_again_under_the_same_id(self):
        session, stream = await self.open()
        sending = self.send(session, "hello")
        command = await stream.expect("command")
        await stream.refuse(command, "OVERLOADED")

        again = await stream.expect("command")
        self.assertEqual(command, again)
        await stream.stored(again, 1)
        await sending

    async def test_any_other_refusal_is_raised_with_its_reason(self):
        session, stream = await self.open()
        sending = self.send(session, "hello")
        await stream.refuse(await stream.expect("command"), "NOT_A_MEMBER")
        with self.assertRaises(ParleyError) as refused:
            await sending
        self.assertEqual("NOT_A_MEMBER", refused.exception.reason)

    async def test_without_an_answer_in_time_the_outcome_is_unknown(self):
        session, stream = await self.open()
        with self.assertRaises(ParleyError) as unknown:
            await session.send_text(TALK, "hello", seconds=0.05)
        self.assertEqual("OUTCOME_UNKNOWN", unknown.exception.reason)
        # The answer still stands for the event.
        await stream.stored(await stream.expect("command"), 1)
        self.assertEqual([1], await self.take(session, 1))

    async def test_messages_of_one_conversation_are_sent_one_after_another(self):
        session, stream = await self.open()
        first, second = self.send(session, "1"), self.send(session, "2")
        command = await stream.expect("command")
        self.assertEqual("1", command.message.text)
        await stream.stored(command, 1)
        await stream.stored(await stream.expect("command"), 2)
        self.assertEqual([1, 2], [(await first).cursor.seq, (await second).cursor.seq])

    async def test_the_next_stream_has_caught_up_before_the_old_one_is_ended(self):
        session, old = await self.open()
        await old.say(reconnect=chat_pb2.Reconnect(reason="DRAINING"))
        new = await self.router.next_stream()
        await new.welcome()
        await new.follow(TALK)
        await old.events(TALK, 1)
        await new.events(TALK, 1, 2)
        self.assertEqual([1, 2], await self.take(session, 2))

        await new.caught_up()
        await old.until_ended_by_the_client()
        sending = self.send(session, "hello")
        await new.stored(await new.expect("command"), 3)
        await sending

    async def test_a_frame_is_acknowledged_when_its_events_have_been_taken(self):
        session, stream = await self.open(window=4)
        self.assertEqual(3, await self.acknowledged(stream, 3))
        await stream.events(TALK, 1, 2)
        await self.take(session, 2)
        asking = asyncio.ensure_future(anext(session))
        self.assertEqual(4, await self.acknowledged(stream, 4))
        asking.cancel()
        self.assertEqual(2, session.cursors[TALK].seq)

    async def acknowledged(self, stream, frames):
        while True:
            credit = await stream.expect("credit")
            if credit.frames >= frames:
                return credit.frames

    async def test_a_displaced_session_ends_and_does_not_come_back(self):
        session, stream = await self.open()
        await stream.say(reconnect=chat_pb2.Reconnect(reason="DISPLACED"))
        with self.assertRaises(ParleyError) as displaced:
            await asyncio.wait_for(anext(session), SECONDS)
        self.assertEqual("DISPLACED", displaced.exception.reason)
        self.assertTrue(self.router.no_stream_waits())

    async def test_a_token_that_is_refused_twice_is_told_to_whoever_connects(self):
        session = Session(self.router.address, "token", plaintext=True)
        entering = asyncio.ensure_future(session.__aenter__())
        for _ in range(2):
            stream = await self.router.next_stream()
            self.assertEqual("Bearer token", stream.token)
            stream.end(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")
        with self.assertRaises(ParleyError) as refused:
            await asyncio.wait_for(entering, SECONDS)
        self.assertEqual("TOKEN_INVALID", refused.exception.reason)

    async def test_a_lost_connection_between_two_refusals_of_a_token_does_not_hide_that_there_were_two(self):
        session = Session(self.router.address, "token", plaintext=True)
        entering = asyncio.ensure_future(session.__aenter__())
        for ending in ((grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"), (), (grpc.StatusCode.UNAUTHENTICATED,)):
            (await self.router.next_stream()).end(*ending)
        with self.assertRaises(ParleyError) as refused:
            await asyncio.wait_for(entering, SECONDS)
        self.assertEqual(grpc.StatusCode.UNAUTHENTICATED, refused.exception.code)

    async def test_a_fault_of_a_hook_ends_the_session_with_it(self):
        def hook(frame):
            if frame.HasField("events"):
                raise ValueError("the hook failed")

        session, stream = await self.open(on_frame=hook)
        await stream.events(TALK, 1)
        with self.assertRaises(ValueError):
            await asyncio.wait_for(anext(session), SECONDS)

    async def test_a_reset_stands_in_the_order(self):
        session, stream = await self.open()
        reset = chat_pb2.Reset(conversation_id=TALK, reason=chat_pb2.RESET_REASON_TRIMMED)
        reset.next.seq = 9
        await stream.say(reset=reset)
        await stream.events(TALK, 10)
        self.assertEqual(reset, (await asyncio.wait_for(anext(session), SECONDS)).reset)
        self.assertEqual([10], await self.take(session, 1))


if __name__ == "__main__":
    unittest.main()
