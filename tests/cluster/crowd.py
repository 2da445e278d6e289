"""Students who come without end, through the web server: what they were promised, and what they saw."""

import asyncio
import itertools
import random
import ssl
import threading
import time
from dataclasses import dataclass

from tests.benchmarks.browser import Connection
from tests.durability.phone import Phone, acknowledged

PHONES = 6
THINKS = 0.05  # seconds between two pages: the machine has other things to do
PATIENCE = 60.0  # seconds without an answer, after which a reader is counted as lost
AGAIN = 1.0  # seconds before somebody who saw "try again" does
SITE = b"xueji.example.edu.cn"
# The application's own page has its style; that of the web server says so (deploy/cluster/nginx/away.html).
OURS = ('class="panel narrow"', "系统暂时无法应答")

_tls = ssl.create_default_context()
_tls.check_hostname, _tls.verify_mode = False, ssl.CERT_NONE


@dataclass(frozen=True)
class Answer:
    """What one request came to; status 0: none."""

    at: float
    seconds: float
    status: int
    ours: bool

    @property
    def failed(self) -> bool:
        """Say whether the reader did not get what they asked for."""
        return self.status == 0 or self.status >= 500


class Visitor(Phone):
    """A phone that comes over TLS, by the site's name, and notes each answer."""

    def __init__(self, address: str, person: tuple[str, str, str, str], answers: list[Answer]):
        """Take the web server's address, who it is, and where to note."""
        super().__init__(443, person)
        self.address, self.answers = address, answers
        self._every = b"Host: %b\r\nOrigin: https://%b\r\n" % (SITE, SITE)
        self.carry({})

    async def connect(self) -> Connection:
        """Open a connection with TLS."""
        loop = asyncio.get_running_loop()
        made = loop.create_connection(
            Connection, self.address, self.port, ssl=_tls, server_hostname=SITE.decode()
        )
        return (await made)[1]

    async def _answer(self, request: bytes) -> tuple[bytes, bytes]:
        began, status, page = time.monotonic(), 0, b""
        try:
            head, page = await asyncio.wait_for(super()._answer(request), PATIENCE)
            status = int(head[9:12])
            return head, page
        finally:
            ours = any(words in page.decode(errors="replace") for words in OURS)
            self.answers.append(Answer(began, time.monotonic() - began, status, ours))


class Crowd:
    """Phones in a thread of their own. Each has students of its own, so that nobody signs twice at once."""

    def __init__(self, address: str, people: list[tuple], seed: int):
        """Take the web server's address, and who may come."""
        self.address, self.dice = address, random.Random(seed)
        self.shares = [itertools.cycle(people[number::PHONES]) for number in range(PHONES)]
        self.promised: set[str] = set()  # acknowledged, by submission id
        self.acknowledged: list[float] = []  # when
        self.answers: list[Answer] = []
        self.unsure: list[Visitor] = []  # sent; what came of it, nobody said
        self.refused = 0
        self.latest: list[Visitor] = []
        self._open, self._away = threading.Event(), threading.Event()
        self._busy = 0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()), daemon=True)

    def start(self) -> None:
        """Let them in."""
        self._open.set()
        self._thread.start()

    def hold(self) -> None:
        """Let nobody in, and wait until nobody is inside."""
        self._open.clear()
        while self._busy:
            time.sleep(0.05)

    def go_on(self) -> None:
        """Let them in again."""
        self._open.set()

    def end(self) -> None:
        """Send them away for good."""
        self._away.set()
        self._thread.join()

    def resend(self) -> list[str]:
        """Send again what got no answer, and some of what did; return what came out wrong. Held before."""
        return asyncio.run(self._resend())

    async def _resend(self) -> list[str]:
        wrong = []
        for visitor in [*self.unsure, *self.latest[-5:]]:
            answer = await visitor.sign()
            visitor.close()
            known = visitor.submission in self.promised
            if known and not acknowledged(answer):
                wrong.append(f"a retry of an acknowledged declaration was answered {answer[0]}")
            elif acknowledged(answer):
                self.promised.add(visitor.submission)
        self.unsure.clear()
        self.latest.clear()
        return wrong

    async def _all(self) -> None:
        await asyncio.gather(*(self._one_after_the_other(share) for share in self.shares))

    async def _one_after_the_other(self, people) -> None:
        while not self._away.is_set():
            if not self._open.is_set():
                await asyncio.sleep(0.05)
                continue
            self._busy += 1
            visitor = Visitor(self.address, next(people), self.answers)
            try:
                await self._journey(visitor)
            except (TimeoutError, OSError, EOFError):
                await asyncio.sleep(AGAIN)
            finally:
                visitor.close()
                self._busy -= 1

    async def _journey(self, visitor: Visitor) -> None:
        """Identify, look, sign; on our page that says so, send once more."""
        if await visitor.arrive() >= 500:
            await asyncio.sleep(AGAIN)
        if "submission_id" not in visitor.hidden:
            return
        await asyncio.sleep(THINKS)
        visitor.fill(wrong=self.dice.random() < 0.25)
        while self._open.is_set():
            try:
                answer = await visitor.sign()
            except (TimeoutError, OSError, EOFError):
                answer = (0, "")
            if acknowledged(answer):
                self.acknowledged.append(time.monotonic())
                self.promised.add(visitor.submission)
                self.latest.append(visitor)
                return
            if 0 < answer[0] < 500:
                self.refused += 1
                return
            await asyncio.sleep(AGAIN)
        self.unsure.append(visitor)

    def gap(self, since: float) -> float:
        """Return the longest time without an acknowledgement from then to now, in seconds."""
        times = [since, *(at for at in self.acknowledged if at > since), time.monotonic()]
        return max(later - earlier for earlier, later in itertools.pairwise(times))
