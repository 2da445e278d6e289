"""A browser for load: one connection, its cookies, keep-alive, and nothing else. HTTP/1.1 over asyncio.

It shares two cores with the server that it measures, so it is lean: a protocol instead of streams, a header
that is built anew only when a cookie changes, one look through a page for its hidden fields.
"""

import asyncio
import re
from urllib.parse import quote_plus

_HIDDEN = re.compile(rb'<input type="hidden" name="([\w-]+)" value="([^"]*)"')
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=]+)=([^;\r]*)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One connection, one question at a time: `answer` becomes (head, body)."""

    def __init__(self):
        self.transport: asyncio.Transport | None = None
        self.answer: asyncio.Future | None = None
        self.received = bytearray()
        self.head = b""
        self.whole = 0  # bytes of head and body; 0 while the head is not complete

    def connection_made(self, transport) -> None:
        self.transport = transport

    def connection_lost(self, error) -> None:
        self.transport = None
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionResetError("closed before the answer was whole"))

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.whole:
            end = self.received.find(b"\r\n\r\n") + 4
            if end == 3:
                return
            self.head = bytes(self.received[:end])
            length = _LENGTH.search(self.head)
            if length is None:
                self.answer.set_exception(ValueError("an answer without Content-Length"))
                return
            self.whole = end + int(length[1])
        if len(self.received) >= self.whole:
            body = bytes(self.received[len(self.head) :])
            self.received.clear()
            self.whole = 0
            self.answer.set_result((self.head, body))

    def ask(self, request: bytes) -> asyncio.Future:
        """Send a request; return what becomes its answer."""
        self.answer = asyncio.get_running_loop().create_future()
        self.received.clear()
        self.whole = 0
        self.transport.write(request)
        return self.answer


class Browser:
    """Opens pages and sends forms as a phone does; follows redirects."""

    def __init__(self, port: int):
        """Take the server's port on this machine."""
        self.port = port
        self.cookies: dict[bytes, bytes] = {}
        self.hidden: dict[str, str] = {}
        self._connection: Connection | None = None
        self._every = f"Host: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n".encode()
        self._head = self._every
        self._answered = b""

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return the status and the body of a page."""
        return await self._follow(b"GET", path.encode(), b"")

    async def post(self, path: str, form: str) -> tuple[int, bytes]:
        """Send a form, urlencoded, after the hidden fields of the page; return what follows, as `get`."""
        return await self._follow(b"POST", path.encode(), self.filled(form))

    def filled(self, form: str) -> bytes:
        """Return the body of a form: the page's hidden fields, and what is filled in, urlencoded."""
        hidden = "".join(f"{name}={quote_plus(value)}&" for name, value in self.hidden.items())
        return (hidden + form).encode()

    def carry(self, cookies: dict[bytes, bytes]) -> None:
        """Carry just these cookies."""
        self.cookies = dict(cookies)
        pairs = b"; ".join(b"%b=%b" % pair for pair in self.cookies.items())
        self._head = b"%bCookie: %b\r\n" % (self._every, pairs) if pairs else self._every

    def forget(self) -> None:
        """Become another person's: no cookies. The connection stays, as a web server in front keeps it."""
        self.carry({})
        self.hidden = {}

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the last answer, by their names in lower case."""
        lines = (line.partition(":") for line in self._answered.decode("latin-1").split("\r\n")[1:])
        return {name.lower(): value.strip() for name, _, value in lines if name}

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None and self._connection.transport is not None:
            self._connection.transport.close()

    async def _follow(self, method: bytes, path: bytes, body: bytes) -> tuple[int, bytes]:
        status, location, page = await self._ask(method, path, body)
        for _ in range(4):
            if status != 302:
                break
            status, location, page = await self._ask(b"GET", location, b"")
        self.hidden = {name.decode(): value.decode() for name, value in _HIDDEN.findall(page)}
        return status, page

    def _request(self, method: bytes, path: bytes, body: bytes) -> bytes:
        head = b"%b %b HTTP/1.1\r\n%b" % (method, path, self._head)
        if method == b"POST":
            form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
            head += form % len(body)
        return head + b"\r\n" + body

    async def _ask(self, method: bytes, path: bytes, body: bytes) -> tuple[int, bytes, bytes]:
        head, page = await self._answer(self._request(method, path, body))
        self._answered = head
        found = _COOKIE.findall(head)
        if found:
            self.carry(self.cookies | dict(found))
        location = _LOCATION.search(head)
        return int(head[9:12]), location[1] if location else b"", page

    async def _answer(self, request: bytes) -> tuple[bytes, bytes]:
        connection = self._connection
        if connection is not None and connection.transport is not None:
            try:
                return await connection.ask(request)
            except ConnectionResetError:
                pass  # the server may have closed a connection that rested: once more, on a new one
        self._connection = await self.connect()
        return await self._connection.ask(request)

    async def connect(self) -> Connection:
        """Return a new connection to the server."""
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(Connection, "127.0.0.1", self.port))[1]
