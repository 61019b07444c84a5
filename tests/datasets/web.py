"""A web server on this machine, whose answers can go wrong."""

import http.server
import threading
from contextlib import contextmanager


@contextmanager
def serving():
    """A server that answers meanwhile."""
    with Web() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Web(http.server.ThreadingHTTPServer):
    """A server on this machine: `files` by path, `how` the next answers go wrong, `asked` for which paths."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.how, self.asked = {}, {}, []
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        content, how = self.server.files.get(self.path), self.server.how.get(self.path, "")
        if how.startswith("redirect "):
            self.send_response(302)
            self.send_header("Location", how.split(" ", 1)[1])
            self.end_headers()
        elif content is None or how == "missing":
            self.send_error(404)
        else:
            length = len(content)
            if how == "interrupted":
                content = content[: length // 2]
            elif how == "changed":
                content = content[:-1] + bytes([content[-1] ^ 1])
            elif how == "endless":
                content, length = content + bytes(100_000), length + 100_000
            self.send_response(200)
            if how != "unknown length":
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *arguments):
        pass
