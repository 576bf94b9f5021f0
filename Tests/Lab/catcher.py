#!/usr/bin/python3
"""A small SMTP server of the lab's world outside: accepts all mail and appends it to a file.

usage: catcher.py FILE ADDRESS...

Each message is preceded by the lines `From SENDER`, `To RECIPIENT` (one each) and `Peer ADDRESS`, and
followed by a line with a single dot.
"""

import asyncio
import sys

LIMIT = 16 * 1024 * 1024


async def converse(path, reader, writer):
    async def say(line):
        writer.write(line + b"\r\n")
        await writer.drain()

    sender, recipients = b"", []
    await say(b"220 catcher.example ESMTP")
    while line := await reader.readline():
        verb = line.strip().upper()
        if verb.startswith(b"EHLO"):
            await say(b"250-catcher.example\r\n250 8BITMIME")
        elif verb.startswith(b"MAIL FROM:"):
            sender, recipients = line.strip()[10:], []
            await say(b"250 2.1.0 Ok")
        elif verb.startswith(b"RCPT TO:"):
            recipients.append(line.strip()[8:])
            await say(b"250 2.1.5 Ok")
        elif verb == b"DATA":
            await say(b"354 End data with <CR><LF>.<CR><LF>")
            message = await reader.readuntil(b"\r\n.\r\n")
            peer = writer.get_extra_info("peername")[0].encode()
            envelope = [b"From " + sender] + [b"To " + to for to in recipients] + [b"Peer " + peer]
            with open(path, "ab", buffering=0) as file:
                file.write(b"\n".join(envelope) + b"\n" + message.replace(b"\r\n", b"\n"))
            await say(b"250 2.0.0 Ok: caught")
        elif verb == b"QUIT":
            await say(b"221 2.0.0 Bye")
            break
        else:
            await say(b"250 2.0.0 Ok")
    writer.close()


async def main(path, addresses):
    async def serve(reader, writer):
        try:
            await converse(path, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.close()

    open(path, "ab").close()
    server = await asyncio.start_server(serve, addresses, 25, limit=LIMIT)
    async with server:
        await server.serve_forever()


if len(sys.argv) < 3:
    sys.exit(__doc__)
asyncio.run(main(sys.argv[1], sys.argv[2:]))
