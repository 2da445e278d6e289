"""A crawler: from a page to all that it leads to by a link or a form that only asks (GET)."""

from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client

from tests import pages

SITE = "http://testserver"
MOST = 400  # pages: a crawl that finds more goes in a circle


def is_html(response: HttpResponse) -> bool:
    """Say whether an answer is a page."""
    return response.headers.get("Content-Type", "").startswith("text/html")


def leads(url: str, response: HttpResponse) -> list[str]:
    """Return the addresses of the site that an answer leads to by GET."""
    if response.status_code in (301, 302, 303, 307, 308):
        found = [response.url]
    elif is_html(response) and response.content:
        found = pages.links(response)
        found += [
            f"{form.action or url}?{urlencode(form.fields)}"
            for form in pages.forms(response)
            if form.method == "get"
        ]
    else:
        found = []
    absolute = [urldefrag(urljoin(f"{SITE}{url}", one)).url for one in found]
    return [one.removeprefix(SITE) for one in absolute if urlsplit(one).netloc == urlsplit(SITE).netloc]


def combines(url: str) -> bool:
    """Say whether a list's filters or orders are combined: each alone is enough, all would be thousands."""
    query = urlsplit(url).query
    return len(parse_qsl(query)) > 1 or (url.startswith("/admin/") and bool(query))


def crawl(client: Client, *starts: str) -> dict[str, HttpResponse]:
    """Return every answer by its address."""
    waiting, found = list(starts), {}
    while waiting:
        url = waiting.pop()
        if url in found or combines(url) or url.startswith("/static/"):
            continue
        assert len(found) < MOST, f"{len(found)} pages, the last one {url}"
        found[url] = client.get(url)
        waiting += leads(url, found[url])
    return found
