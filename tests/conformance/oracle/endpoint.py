"""An HTTP server on loopback that answers with what it is told to, and remembers what it was asked."""

import http.server
import socket
import threading
import urllib.parse


class Request:
    """A request as it arrived."""

    def __init__(self, method, path, headers, body):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def fields(self):
        """The form's fields in order; `+` is not a space here, because not every endpoint takes it for one."""
        fields = []
        for pair in self.body.decode("ascii").split("&"):
            name, _, text = pair.partition("=")
            if "+" in pair:
                raise ValueError(f"a raw '+' in {pair!r}")
            fields.append((urllib.parse.unquote(name, errors="strict"), urllib.parse.unquote(text, errors="strict")))
        return fields


class Answer:
    """What to answer: a status and a body, whole or in chunks."""

    def __init__(self, body, status=200, chunk=None):
        self.body = body
        self.status = status
        self.chunk = chunk


class Endpoint:
    """`answer` maps a request to an `Answer`; requests are kept in `requests`."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self._lock = threading.Lock()
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802, the name is the library's
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, self.path, self.headers, body)
                with endpoint._lock:
                    endpoint.requests.append(request)
                    answer = endpoint.answer(request)
                self.wfile.write(frame(answer))

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                connection, address = super().get_request()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection, address

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def frame(answer):
    """The answer's bytes on the wire, in one piece, so that nothing waits for an acknowledgement."""
    head = f"HTTP/1.1 {answer.status} Status\r\nContent-Type: text/xml;charset=UTF-8\r\nServer: AmazonEC2\r\n"
    if answer.chunk is None:
        return f"{head}Content-Length: {len(answer.body)}\r\n\r\n".encode() + answer.body
    chunks = [answer.body[at:at + answer.chunk] for at in range(0, len(answer.body), answer.chunk)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + framed + b"0\r\n\r\n"
