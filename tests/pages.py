"""What a page says, for tests that read as a person does: its text, its tables, the fields of its forms."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form: where it leads, how, and its fields with what they hold; of a choice, the last one."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.hidden: dict[str, str] = {}
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._select = ""
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
        elif tag == "form":
            self.forms.append(Form(values.get("action") or "", (values.get("method") or "get").lower()))
        elif tag in ("input", "textarea", "select", "button"):
            self._note_field(tag, values)
        elif tag == "option" and self._select and values.get("value"):
            self.forms[-1].fields[self._select] = values["value"]
        elif tag == "a" and values.get("href"):
            self.links.append(values["href"])

    def _note_field(self, tag, values):
        name, value = values.get("name"), values.get("value") or ""
        if tag == "input" and values.get("type") == "hidden":
            self.hidden[name] = value
        self._select = name if tag == "select" else ""
        if name and self.forms:
            self.forms[-1].fields[name] = value

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


def markup(response) -> str:
    """Return a page's markup without the lines and indents of its templates."""
    return re.sub(r"\s*\n\s*", "", response.content.decode())


def tables(response) -> list[list[list[str]]]:
    """Return a page's tables: rows of cells of text, headings too."""
    return _read(response).tables


def hidden(response) -> dict[str, str]:
    """Return the hidden inputs of a page's forms, by name; of several, the last."""
    return _read(response).hidden


def links(response) -> list[str]:
    """Return where a page's links lead."""
    return _read(response).links


def forms(response) -> list[Form]:
    """Return a page's forms."""
    return _read(response).forms
