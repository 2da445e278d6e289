"""A file as a response: whole, or piece by piece as it is made."""

import itertools
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from .. import flow
from ..process.export_kinds import ExportKind
from .failures import page
from .pages import REFUSED

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Response = TypeVar("Response", bound=HttpResponseBase)

_log = logging.getLogger("enrollcheck.files")

# What busy.js sends along to learn that the file has come: a page never hears of a download's end.
_MARK = re.compile(r"[0-9a-f]{1,16}")
MARK_LASTS = 60  # seconds


def _headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def download(request: HttpRequest, content: bytes, name: str, content_type: str) -> HttpResponse:
    """Return a download under that name (RFC 6266: the name in UTF-8)."""
    return _marked(request, HttpResponse(content, content_type=content_type, headers=_headers(name)))


def _marked(request: HttpRequest, response: Response) -> Response:
    mark = request.POST.get("downloading", "")
    if _MARK.fullmatch(mark):
        response.set_cookie(
            "downloaded", mark, max_age=MARK_LASTS, samesite="Strict", secure=request.is_secure()
        )
    return response


def stream(request: HttpRequest, pieces: Iterator[bytes], name: str) -> HttpResponseBase:
    """Return a PDF as a download that leaves while it is drawn.

    The first piece is drawn before the answer begins: what fails at once is an error page. What fails later
    breaks the answer off; printing sees to it that nobody takes the half for the whole.
    """
    content = _logged(next(pieces), pieces)
    return _marked(request, StreamingHttpResponse(content, content_type=PDF, headers=_headers(name)))


def _logged(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces. No middleware hears of an error once an answer has begun: it is logged here."""
    try:
        yield from itertools.chain([first], pieces)
    except Exception:
        _log.exception("a print broke off")
        raise


def made_of_people(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return a view that answers 409 with the flow's sentence where no such file may be made any more."""

    @wraps(view)
    def made(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except flow.Refused as refused:
            return page(request, REFUSED, _("This can't be made any more"), refused.reason)

    return made


# How a form is wanted: filled, or blank with or without the names in its cells.
KINDS: dict[str, dict[str, bool]] = {
    "filled": {},
    "blank": {"blank": True},
    "nameless": {"blank": True, "names": False},
}


# What the file of each is called, so that one does not overwrite the other.
FILE_NAMES = {"filled": "登记表", "blank": "空白登记表（印姓名）", "nameless": "空白登记表（不印姓名）"}


def file_of_form(posted: Mapping[str, str], whose: object) -> str:
    """Return the file name of a print of the forms of a class, a department or a campaign."""
    return f"{FILE_NAMES.get(posted.get('kind', 'filled'), FILE_NAMES['filled'])}-{whose}.pdf"


def kind_of_form(posted: Mapping[str, str]) -> dict[str, bool]:
    """Return what `printing.form_pdf` takes for the button that was pressed; filled for any other."""
    return KINDS.get(posted.get("kind", "filled"), KINDS["filled"])


def name_of_form(posted: Mapping[str, str]) -> ExportKind:
    """Return what the event of a print calls it: only a filled form is the one that is filed."""
    return ExportKind.BLANK_FORM if kind_of_form(posted) else ExportKind.FORM
