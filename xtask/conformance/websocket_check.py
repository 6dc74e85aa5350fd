"""WebSocket through a gateway: each case must end as it does without one.

usage: websocket_check.py serve PORT
       websocket_check.py check SERVER_PORT GATEWAY_PORT PREFIX   a line `ok NAME` or `FAIL NAME: why` each
"""

import asyncio
import os
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed, InvalidHandshake

MEGABYTE = 1 << 20
LIMIT = 8 * MEGABYTE
SOON = 20


async def answer(socket):
    """Echoes; `close CODE REASON` closes, `drop` drops the connection, `fragments` answers in pieces."""
    async for message in socket:
        if isinstance(message, str) and message.startswith("close "):
            _, code, reason = message.split(" ", 2)
            await socket.close(int(code), reason)
        elif message == "drop":
            socket.transport.abort()
        elif message == "fragments":
            await socket.send(["a", "", "b" * 70_000, "c"])
        elif message == "ping me":
            await (await socket.ping(b"from the server"))
            await socket.send("ponged")
        else:
            await socket.send(message)


def choose(_connection, offered):
    return "chat.v2" if "chat.v2" in offered else None


async def serve(port):
    async with listen(answer, "127.0.0.1", port, max_size=LIMIT, select_subprotocol=choose) as server:
        await server.serve_forever()


def echo(*messages):
    async def case(socket):
        for message in messages:
            await socket.send(message)
        received = [await socket.recv() for _ in messages]
        whole = [b"".join(message) if isinstance(message, list) else message for message in messages]
        return "all came back" if received == whole else f"came back: {received}"

    return case


def told(message):
    async def case(socket):
        await socket.send(message)
        return await socket.recv()

    return case


def closes(code, reason):
    async def case(socket):
        await socket.close(code, reason)
        return socket.close_code, socket.close_reason

    return case


async def pings(socket):
    await (await socket.ping(b"x" * 125))
    await socket.send("after")
    return await socket.recv()


async def stays_open_while_idle(socket):
    await asyncio.sleep(2)
    await socket.send("still here")
    return await socket.recv()


async def subprotocol(socket):
    return socket.subprotocol


async def sends_raw(socket, frame):
    """Writes bytes that no library would."""
    socket.transport.write(frame)
    try:
        await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    return "no end"


CASES = {
    "text": (echo("hello"), {}),
    "other letters": (echo("κόσμε 🦀"), {}),
    "empty messages": (echo("", b""), {}),
    "binary": (echo(bytes(range(256))), {}),
    "lengths around the limits of a frame": (echo(*[b"x" * n for n in (125, 126, 127, 65_535, 65_536)]), {}),
    "1 MB of text": (echo("a" * MEGABYTE), {}),
    "1 MB binary": (echo(os.urandom(16) * (MEGABYTE // 16)), {"compression": None}),
    "4 MB in pieces": (echo([b"x" * 65_536] * 64), {"compression": None}),
    "hundred messages at once": (echo(*[str(n) for n in range(100)]), {}),
    "fragments of the server": (told("fragments"), {}),
    "ping of the client": (pings, {}),
    "ping of the server": (told("ping me"), {}),
    "without compression": (echo("a" * 10_000), {"compression": None}),
    "subprotocol": (subprotocol, {"subprotocols": ["chat.v1", "chat.v2"]}),
    "closes with 1000": (closes(1000, ""), {}),
    "closes with 1001": (closes(1001, "going away"), {}),
    "closes with 3000": (closes(3000, "registered"), {}),
    "closes with 4999": (closes(4999, "r" * 120), {}),
    "server closes with 1000": (told("close 1000 done"), {}),
    "server closes with 1011": (told("close 1011 failed"), {}),
    "server closes with 4001": (told("close 4001 bye"), {}),
    "server drops the connection": (told("drop"), {}),
    "a frame without a mask": (lambda s: sends_raw(s, b"\x81\x02hi"), {"compression": None}),
    "a frame with a reserved bit": (lambda s: sends_raw(s, b"\xf1\x80\0\0\0\0"), {"compression": None}),
    "an unknown kind of frame": (lambda s: sends_raw(s, b"\x83\x80\0\0\0\0"), {"compression": None}),
    "text that is none": (lambda s: sends_raw(s, b"\x81\x82\0\0\0\0\xc0\xaf"), {"compression": None}),
    "a ping that is too long": (lambda s: sends_raw(s, b"\x89\xfe\x00\x7e\0\0\0\0" + b"x" * 126), {"compression": None}),
    "idle for a while": (stays_open_while_idle, {}),
}


class NotConnected(Exception):
    """There was no WebSocket: that is never right, also where it is the same twice."""


async def outcome(url, case, options):
    is_connected = False
    try:
        async with asyncio.timeout(SOON):
            async with connect(url, max_size=LIMIT, proxy=None, **options) as socket:
                is_connected = True
                return repr(await case(socket))[:400]
    except ConnectionClosed as closed:
        return f"closed: {closed.rcvd}"
    except (InvalidHandshake, OSError, TimeoutError) as error:
        said = f"{type(error).__name__} {error}"
        if is_connected:
            return said
        raise NotConnected(f"{url}: {said}") from error


async def twenty_at_once(url):
    async def one(number):
        return await outcome(url, echo(*[f"{number} {n}" for n in range(20)]), {})

    return str(await asyncio.gather(*[one(number) for number in range(20)]))


async def compare(name, run, server, gateway):
    try:
        expected, found = await run(server), await run(gateway)
    except NotConnected as error:
        print(f"FAIL {name}: {error}", flush=True)
        return
    is_same = expected == found
    print(f"ok {name}" if is_same else f"FAIL {name}: {found[:100]}, not {expected[:100]}", flush=True)


async def check(server, gateway, prefix):
    direct, through = f"ws://127.0.0.1:{server}/echo", f"ws://127.0.0.1:{gateway}{prefix}/echo"
    for name, (case, options) in CASES.items():
        await compare(name, lambda url: outcome(url, case, options), direct, through)
    await compare("twenty at once", twenty_at_once, direct, through)


if sys.argv[1] == "serve":
    asyncio.run(serve(int(sys.argv[2])))
else:
    asyncio.run(check(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
