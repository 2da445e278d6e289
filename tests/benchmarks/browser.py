"""A browser for load: one connection, its cookies, keep-alive, and nothing else. HTTP/1.1 over asyncio."""

import asyncio
import re
from urllib.parse import urlencode

_HIDDEN = re.compile(rb'<input type="hidden" name="([\w-]+)" value="([^"]*)"')


class Browser:
    """Opens pages and sends forms as a phone does; follows redirects."""

    def __init__(self, port: int):
        """Take the server's port on this machine."""
        self.port = port
        self.cookies: dict[str, str] = {}
        self.streams: tuple | None = None
        self.headers: dict[str, str] = {}

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return the status and the body of a page."""
        return await self._follow("GET", path, b"")

    async def post(self, path: str, fields: dict[str, str]) -> tuple[int, bytes]:
        """Send a form; return the status and the body of what follows."""
        said = {"csrfmiddlewaretoken": self.token, **fields}
        return await self._follow("POST", path, urlencode(said).encode())

    async def close(self) -> None:
        """End the connection."""
        if self.streams is not None:
            self.streams[1].close()

    async def _follow(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        status, location, page = await self._ask(method, path, body)
        for _ in range(4):
            if status != 302:
                break
            status, location, page = await self._ask("GET", location, b"")
        hidden = dict(_HIDDEN.findall(page))
        self.token = hidden.get(b"csrfmiddlewaretoken", b"").decode()
        self.hidden = {name.decode(): value.decode() for name, value in hidden.items()}
        return status, page

    async def _ask(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Origin: http://127.0.0.1:{self.port}",
            f"Content-Length: {len(body)}",
        ]
        if body:
            head.append("Content-Type: application/x-www-form-urlencoded")
        if cookies:
            head.append(f"Cookie: {cookies}")
        request = "\r\n".join(head).encode() + b"\r\n\r\n" + body
        for attempt in (1, 2):  # the server may have closed a connection that rested
            if self.streams is None:
                self.streams = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self.streams
            try:
                writer.write(request)
                await writer.drain()
                return await self._answer(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                self.streams = None
                if attempt == 2:
                    raise
        raise AssertionError

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, str, bytes]:
        status = int((await reader.readuntil(b"\r\n")).split()[1])
        self.headers = headers = {}
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            name, _, value = line.decode("latin-1").partition(":")
            name, value = name.lower(), value.strip()
            if name == "set-cookie":
                cookie, _, _ = value.partition(";")
                key, _, content = cookie.partition("=")
                self.cookies[key] = content
            headers[name] = value
        if headers.get("transfer-encoding") == "chunked":
            parts = []
            while size := int(await reader.readuntil(b"\r\n"), 16):
                parts.append(await reader.readexactly(size))
                await reader.readexactly(2)
            await reader.readexactly(2)
            return status, headers.get("location", ""), b"".join(parts)
        return status, headers.get("location", ""), await reader.readexactly(int(headers["content-length"]))
