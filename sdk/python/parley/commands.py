"""Commands that have no answer yet."""

import asyncio

import grpc

from .errors import ParleyError
from .v1 import conversation_pb2


class Pending:
    """A command with a client event id, and the future of its answer, a SendResult."""

    def __init__(self, command):
        self.command = command
        self.sent = False  # It may have been stored.
        self.renew()

    def renew(self):
        """Another try: forgets the answer."""
        self.answer = asyncio.get_running_loop().create_future()

    def answered(self, result):
        if not self.answer.done():
            self.answer.set_result(result)

    def failed(self, error):
        if not self.answer.done():
            self.answer.set_exception(error)

    def unanswered(self):
        """The error for a caller who waits no longer."""
        if self.sent:
            return ParleyError(
                "sent, but no answer came in time; send the same client event id again to learn it",
                reason="OUTCOME_UNKNOWN",
            )
        return ParleyError("not sent: there was no connection in time", code=grpc.StatusCode.UNAVAILABLE)


def own_event(command, stored, user_id):
    """The event for which a SendResult stands: the one that all other sessions get."""
    if stored.HasField("event"):
        return stored.event
    event = conversation_pb2.Event(
        seq=stored.cursor.seq,
        sender_id=user_id,
        client_event_id=command.client_event_id,
        time=stored.time,
        message_count=stored.message_count,
    )
    action = command.WhichOneof("action")
    if action in ("message", "edit", "deletion", "reaction"):
        getattr(event, action).CopyFrom(getattr(command, action))
    elif action == "create":
        _created(event.created, command.create)
    elif action == "add_members":
        event.members_added.user_ids.extend(command.add_members.user_ids)
    elif action == "remove_member":
        event.member_removed.user_id = command.remove_member.user_id
    elif action == "join":
        event.member_joined.SetInParent()
    elif action == "leave":
        event.member_left.SetInParent()
    elif action == "set_role":
        event.role_changed.user_id = command.set_role.user_id
        event.role_changed.role = command.set_role.role
    elif action == "rename":
        event.renamed.title = command.rename.title
    return event


def _created(created, create):
    created.kind = create.kind
    created.title = create.title
    created.history_policy = create.history_policy or conversation_pb2.HISTORY_POLICY_FROM_JOIN
    created.join_policy = create.join_policy or conversation_pb2.JOIN_POLICY_INVITE_ONLY
    created.member_ids.extend(create.member_ids)
