"""What a page says, for tests that read as a person does: its text, its tables, the fields of its forms."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.hidden: dict[str, str] = {}
        self.links: list[str] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag, attrs):
        """Note what opens."""
        values = dict(attrs)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables:
            self._cell = []
        elif tag == "input" and values.get("type") == "hidden":
            self.hidden[values.get("name")] = values.get("value", "")
        elif tag == "a" and values.get("href"):
            self.links.append(values["href"])

    def handle_endtag(self, tag):
        """Close a cell."""
        if tag in ("td", "th") and self._cell is not None:
            self.tables[-1][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data):
        """Keep text, in its cell too."""
        self.text.append(data)
        if self._cell is not None:
            self._cell.append(data)


def _read(response) -> _Reader:
    reader = _Reader()
    reader.feed(response.content.decode())
    return reader


def text(response) -> str:
    """Return a page's text, white space folded."""
    return " ".join(" ".join(_read(response).text).split())


def tables(response) -> list[list[list[str]]]:
    """Return a page's tables: rows of cells of text, headings too."""
    return _read(response).tables


def hidden(response) -> dict[str, str]:
    """Return the hidden inputs of a page's forms, by name; of several, the last."""
    return _read(response).hidden


def links(response) -> list[str]:
    """Return where a page's links lead."""
    return _read(response).links
