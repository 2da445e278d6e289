"""A finished file as a response."""

from urllib.parse import quote

from django.http import HttpResponse

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(content: bytes, name: str, content_type: str) -> HttpResponse:
    """Return a download under that name (RFC 6266: the name in UTF-8)."""
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})
