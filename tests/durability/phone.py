"""A student's phone, over HTTP: identifies, signs or reports, and can send the same thing again."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from rosters import key_fields
from tests.benchmarks.browser import Browser

RECEIPTS = ("核对无误，已签名", "信息错误，已反馈")


class Phone(Browser):
    """One student's visit. `said` is the last form that was sent: sending it again is a retry."""

    def __init__(self, port: int, person: tuple[str, str, str, str]):
        """Take the server's port, and who it is: the class's token, 学号, ID number, name."""
        super().__init__(port)
        self.token_of_class, self.number, self.id_number, self.name = person
        self.said: dict[str, str] = {}
        self.identified: dict[bytes, bytes] = {}

    @property
    def submission(self) -> str:
        """The submission id of the form."""
        return self.said["submission_id"]

    async def arrive(self) -> int:
        """Open the class link, identify, see the record; return the status of the last page."""
        await self.get(f"/c/{self.token_of_class}/")
        proof = {"student_number": self.number, "last_six": self.id_number[-6:]}
        status, _ = await self.post("/class/identify/", urlencode(proof))
        if "submission_id" not in self.hidden:  # the receipt of a former declaration
            status, _ = await self.get("/class/record/?again")
        self.identified = dict(self.cookies)  # sending ends the visit
        return status

    def fill(self, wrong: bool = False) -> None:
        """Fill the form in: all right, or the major is wrong."""
        answers = {f"answer_{one.name}": "ok" for one in key_fields.KEY_FIELDS if one.name != "id_number"}
        self.said = {
            **self.hidden,
            **answers,
            "chsi_id_number": self.id_number,
            "status": key_fields.GOOD_STATUS,
            "typed_name": self.name,
        }
        if wrong:
            self.said |= {
                "answer_major": "wrong",
                "chsi_major": "采矿工程",
                "right_major": "软件工程",
                "phone": "12000000001",
            }

    async def sign(self) -> tuple[int, str]:
        """Send the form, the first time or again; return the status and the page."""
        self.carry(self.identified)
        self.hidden = {}  # of another page by now; `said` holds those of the form
        status, page = await self.post("/class/record/", urlencode(self.said))
        return status, page.decode()


def acknowledged(answer: tuple[int, str]) -> bool:
    """Say whether the page is a receipt."""
    status, page = answer
    return status == 200 and any(words in page for words in RECEIPTS)


def run_story(story: Coroutine):
    """Run what phones do, and return what it returns. In a thread: the browser tests hold a loop in ours."""
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(asyncio.run, story).result()
