"""A gateway whose upstream dies and comes back while it is called: every call gets an answer that is promised.

usage: interruption_check.py UPSTREAM_PORT GATEWAY_PORT PREFIX   a line `ok NAME` or `FAIL NAME: why` each
The upstream is a process that this program starts, kills and starts again. h2load speaks HTTP/2 if it is installed.
"""

import collections
import http.client
import http.server
import multiprocessing
import re
import shutil
import socketserver
import subprocess
import sys
import threading
import time

CALLERS = 12
# As often as the upstream dies.
DEATHS = 4
UP = 0.6
DOWN = 0.4
PROMISED = {200, 502, 503, 504}


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def handle_error(self, _request, _address):
        pass


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the request's own path, so that a mixed up answer is seen."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        body = (self.path + "\n").encode() * 200
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:100])
        self.wfile.flush()
        self.wfile.write(body[100:])

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_):
        pass


def upstream(port):
    Server(("127.0.0.1", port), Echo).serve_forever()


class Calls(threading.Thread):
    """Calls until it is told to stop; counts statuses, answers that broke off, and answers that are not its own."""

    def __init__(self, number, port, prefix, method):
        super().__init__(daemon=True)
        self.number, self.port, self.prefix, self.method = number, port, prefix, method
        self.found = collections.Counter()
        self.is_over = False

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        call = 0
        while not self.is_over:
            call += 1
            path = f"/items/{self.number}-{call}"
            try:
                body = b"x" * 2_000 if self.method == "POST" else None
                connection.request(self.method, self.prefix + path, body=body)
                answer = connection.getresponse()
                text = answer.read()
            except http.client.IncompleteRead:
                self.found["broken off"] += 1
                connection.close()
                continue
            except (http.client.HTTPException, OSError) as error:
                # The gateway itself must not go away.
                self.found[f"{type(error).__name__}"] += 1
                connection.close()
                continue
            self.found[answer.status] += 1
            if answer.status == 200 and text != (path + "\n").encode() * 200:
                self.found["another's answer"] += 1
            if answer.status in PROMISED - {200}:
                if answer.headers.get_content_type() != "application/problem+json":
                    self.found["no problem document"] += 1
                # As callers should, or the time is spent on refusals.
                time.sleep(0.01)


def start(port):
    process = multiprocessing.Process(target=upstream, args=(port,), daemon=True)
    process.start()
    return process


def deaths(port, process):
    for _ in range(DEATHS):
        time.sleep(UP)
        process.kill()
        process.join()
        time.sleep(DOWN)
        process = start(port)
    time.sleep(UP)
    return process


def say(name, is_right, why):
    print(f"ok {name}" if is_right else f"FAIL {name}: {why}", flush=True)


def http1(method, process, upstream_port, port, prefix):
    callers = [Calls(number, port, prefix, method) for number in range(CALLERS)]
    for caller in callers:
        caller.start()
    process = deaths(upstream_port, process)
    for caller in callers:
        caller.is_over = True
    found = collections.Counter()
    for caller in callers:
        caller.join()
        found += caller.found
    strange = {what: count for what, count in found.items() if what not in PROMISED | {"broken off"}}
    say(f"{method} gets what is promised", not strange, strange)
    is_both = found[200] > 100 and sum(found[status] for status in PROMISED - {200}) > 0
    say(f"{method} gets answers and refusals", is_both, dict(found))
    # Answers of which a part had come when the upstream died, at most one a caller and death.
    say(f"{method} breaks off only what had begun", found["broken off"] <= CALLERS * DEATHS, dict(found))
    return process


def h2load(process, upstream_port, port, prefix):
    name = "HTTP/2 gets what is promised"
    if not shutil.which("h2load"):
        say(name, False, "h2load is not installed")
        return process
    url = f"http://127.0.0.1:{port}{prefix}/items/1"
    seconds = str(int(DEATHS * (UP + DOWN)))
    running = subprocess.Popen(
        ["h2load", "-c4", "-m8", "-D", seconds, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    process = deaths(upstream_port, process)
    report, _ = running.communicate()
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", report)
    good, moved, wrong, failed = map(int, codes.groups()) if codes else (0, 0, 0, 0)
    say(name, good > 0 and failed > 0 and moved == wrong == 0, codes.group(0) if codes else report)
    return process


def main():
    upstream_port, port, prefix = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    process = start(upstream_port)
    time.sleep(0.3)
    for method in ("GET", "POST"):
        process = http1(method, process, upstream_port, port, prefix)
    process = h2load(process, upstream_port, port, prefix)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    statuses = set()
    for _ in range(50):
        connection.request("GET", f"{prefix}/items/last")
        answer = connection.getresponse()
        answer.read()
        statuses.add(answer.status)
    say("all is well afterwards", statuses == {200}, statuses)
    process.kill()


if __name__ == "__main__":
    main()
