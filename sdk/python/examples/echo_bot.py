#!/usr/bin/env python3
"""A bot that greets a user and says everything again that this user writes.

    PYTHONPATH=sdk/python/target PARLEY_TOKEN=... python3 sdk/python/examples/echo_bot.py HOST:PORT CA_FILE USER
"""

import asyncio
import os
import sys

from parley import Session


async def main(target, ca_file, user):
    async with Session(target, os.environ["PARLEY_TOKEN"], ca_file) as session:
        conversation = await session.create_direct(user)
        await session.send_text(conversation, "Hello %s, I say everything again." % user)
        async for conversation_id, _, event, _ in session:
            if conversation_id == conversation and event and event.sender_id == user and event.HasField("message"):
                await session.send_text(conversation, "You said: " + event.message.text)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
