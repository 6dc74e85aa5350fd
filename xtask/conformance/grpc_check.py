"""gRPC through a gateway: every kind of call, metadata, errors, deadlines, compression.

usage: grpc_check.py serve PORT          a server without TLS
       grpc_check.py check PORT PREFIX   calls /PREFIX/echo.Echo/METHOD; a line `ok NAME` or `FAIL NAME: why` each
The stubs are made of echo.proto, in the folder that STUBS names.
"""

import os
import sys
import time
from concurrent import futures

import grpc

sys.path.insert(0, os.environ["STUBS"])
import echo_pb2  # noqa: E402

Piece = echo_pb2.Piece
MESSAGE = "quota “exceeded” 100%"


def unary(request, context):
    context.send_initial_metadata((("k-initial", "v"),))
    context.set_trailing_metadata((("k-bin", b"\x00\xff"),))
    return request


def server(request, _context):
    for number in range(request.number):
        yield Piece(number=number, data=request.data)


def client(requests, _context):
    return Piece(number=sum(piece.number for piece in requests))


def both(requests, _context):
    yield from requests


def fail(_request, context):
    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, MESSAGE)


def serve(port):
    codec = {"request_deserializer": Piece.FromString, "response_serializer": Piece.SerializeToString}
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary, **codec),
        "Server": grpc.unary_stream_rpc_method_handler(server, **codec),
        "Client": grpc.stream_unary_rpc_method_handler(client, **codec),
        "Both": grpc.stream_stream_rpc_method_handler(both, **codec),
        "Fail": grpc.unary_unary_rpc_method_handler(fail, **codec),
    }
    running = grpc.server(futures.ThreadPoolExecutor(8))
    running.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo.Echo", handlers),))
    running.add_insecure_port(f"127.0.0.1:{port}")
    running.start()
    running.wait_for_termination()


def failure(call):
    """Status and message of a call that fails."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    return grpc.StatusCode.OK, ""


def check(port, prefix):
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    codec = {"request_serializer": Piece.SerializeToString, "response_deserializer": Piece.FromString}
    path = f"{prefix}/echo.Echo/"
    stub_unary = channel.unary_unary(path + "Unary", **codec)
    stub_server = channel.unary_stream(path + "Server", **codec)
    stub_client = channel.stream_unary(path + "Client", **codec)
    stub_both = channel.stream_stream(path + "Both", **codec)
    stub_fail = channel.unary_unary(path + "Fail", **codec)
    stub_missing = channel.unary_unary(path + "Missing", **codec)
    fifty = [Piece(number=number) for number in range(50)]

    def unary_with_metadata():
        answer, call = stub_unary.with_call(Piece(number=7, data=b"x" * 300_000), timeout=10)
        initial, trailing = dict(call.initial_metadata()), dict(call.trailing_metadata())
        return answer.number == 7 and initial.get("k-initial") == "v" and trailing.get("k-bin") == b"\x00\xff"

    def deadline():
        slow = (Piece(number=time.sleep(2) or 1) for _ in range(3))
        return failure(lambda: list(stub_both(slow, timeout=0.5)))[0] == grpc.StatusCode.DEADLINE_EXCEEDED

    cases = {
        "unary, 300 kB, metadata": unary_with_metadata,
        "server streams": lambda: [p.number for p in stub_server(Piece(number=100), timeout=10)] == list(range(100)),
        "client streams": lambda: stub_client(iter(fifty), timeout=10).number == 1225,
        "both stream": lambda: [p.number for p in stub_both(iter(fifty), timeout=10)] == list(range(50)),
        "status and message": lambda: failure(lambda: stub_fail(Piece(), timeout=10))
        == (grpc.StatusCode.RESOURCE_EXHAUSTED, MESSAGE),
        "deadline": deadline,
        "unimplemented": lambda: failure(lambda: stub_missing(Piece(), timeout=10))[0] == grpc.StatusCode.UNIMPLEMENTED,
        "gzip": lambda: stub_unary(
            Piece(number=1, data=b"a" * 100_000), compression=grpc.Compression.Gzip, timeout=10
        ).number
        == 1,
    }
    for name, case in cases.items():
        try:
            is_right, why = case(), "another outcome"
        except Exception as error:  # Whatever it is, the next case is run.
            is_right, why = False, f"{type(error).__name__} {error}".replace("\n", " ")[:200]
        print(f"ok {name}" if is_right else f"FAIL {name}: {why}", flush=True)


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
else:
    check(int(sys.argv[2]), sys.argv[3])
