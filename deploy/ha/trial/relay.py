"""A mail relay that accepts every letter, and writes a line for each: when, and for whom. Arguments: port, file."""

import asyncio
import sys
import time

# How long it takes to accept a letter, so that a courier that is killed has some in hand.
ACCEPTING = 0.02


async def session(reader, writer, log):
    recipient = ""
    writer.write(b"220 relay.voltmark.example ESMTP\r\n")
    try:
        while line := await reader.readline():
            word, reply = line[:4].upper(), b"250 2.0.0 ok\r\n"
            if word == b"EHLO":
                reply = b"250-relay.voltmark.example\r\n250 8BITMIME\r\n"
            elif word == b"RCPT":
                recipient = line[line.index(b"<") + 1 : line.index(b">")].decode()
            elif word == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                log.write(f"{time.time():.3f} {recipient}\n")
                await asyncio.sleep(ACCEPTING)
            elif word == b"QUIT":
                reply = b"221 2.0.0 bye\r\n"
            writer.write(reply)
            if word == b"QUIT":
                break
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def main(port, file):
    with open(file, "a", buffering=1) as log:
        server = await asyncio.start_server(lambda *streams: session(*streams, log), "127.0.0.1", port, limit=1 << 22)
        async with server:
            await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
