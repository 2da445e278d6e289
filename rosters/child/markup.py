"""HTML tables that a student system saved with the ending .xls. Each <table> with rows is a sheet."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

from .refusal import Refusal, Row, Sheet

_SPREADSHEET_XML = ("urn:schemas-microsoft-com:office:spreadsheet", "<Workbook", "<office:document")
LARGEST_SPAN = {"rowspan": 1000, "colspan": 100}
MOST_CELLS = 3_000_000
# What a browser shows as one space, a no-break space included: no name needs it.
_SPACE = re.compile("[ \t\n\r\f\xa0]+")
Attributes = list[tuple[str, str | None]]
_BREAK = "\v"  # stands for <br>, until the spaces of the source are out of the way
_NOT_SHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)", re.IGNORECASE)


class _Tables(HTMLParser):
    """Collects the cells of tables; a table in a cell is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[dict[str, Any]] = []
        self._open: list[dict[str, Any]] = []
        self._silent = 0
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Open a table, a row or a cell; a row or cell that was not closed is closed by the next."""
        if tag == "table":
            table: dict[str, Any] = {
                "rows": [],
                "merges": [],
                "held": {},
                "text": None,
                "span": (1, 1),
                "hidden": [],
            }
            self.tables.append(table)
            self._open.append(table)
        elif tag in ("script", "style"):
            self._silent += 1
        elif self._open and tag == "tr":
            self._close_cell()
            self._open[-1]["rows"].append([])
            if _is_hidden(dict(attrs)):
                self._open[-1]["hidden"].append(len(self._open[-1]["rows"]))
        elif self._open and tag in ("td", "th"):
            self._close_cell()
            table = self._open[-1]
            if not table["rows"]:
                table["rows"].append([])
            table["text"], table["span"] = (
                [],
                tuple(_span(attrs, name) for name in ("rowspan", "colspan")),
            )
        elif self._open and tag == "br" and self._open[-1]["text"] is not None:
            self._open[-1]["text"].append(_BREAK)

    def handle_endtag(self, tag: str) -> None:
        """Close a table or a cell."""
        if tag in ("script", "style"):
            self._silent = max(0, self._silent - 1)
        elif tag in ("td", "th", "tr") and self._open:
            self._close_cell()
        elif tag == "table" and self._open:
            self._close_cell()
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Add to the cell that is open."""
        if self._open and self._open[-1]["text"] is not None and not self._silent:
            self._open[-1]["text"].append(data.replace(_BREAK, " "))

    def close(self) -> None:
        """Close what the page leaves open: its last cell counts as well."""
        super().close()
        while self._open:
            self._close_cell()
            self._open.pop()

    def _close_cell(self) -> None:
        table = self._open[-1]
        if table["text"] is None:
            return
        row, number, (down, across) = table["rows"][-1], len(table["rows"]), table["span"]
        while (number, len(row)) in table["held"]:
            row.append("")
        column = len(row)
        lines = _SPACE.sub(" ", "".join(table["text"])).split(_BREAK)
        text = "\n".join(line.strip() for line in lines).strip()
        row += [text, *[""] * (across - 1)]
        if (down, across) != (1, 1):
            table["merges"].append((number, column, number + down - 1, column + across - 1))
            for held in range(1, down):
                for offset in range(across):
                    table["held"][number + held, column + offset] = True
        self._cells += down * across
        if self._cells > MOST_CELLS:
            raise Refusal("too_many_cells")
        table["text"] = None


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    return (
        "hidden" in attributes
        or attributes.get("height") == "0"
        or bool(_NOT_SHOWN.search(attributes.get("style") or ""))
    )


def _span(attributes: Attributes, name: str) -> int:
    text = dict(attributes).get(name) or ""
    return (
        min(max(int(text), 1), LARGEST_SPAN[name])
        if text.isascii() and text.isdigit() and len(text) < 6
        else 1
    )


def _rows(table: dict[str, Any]) -> Callable[[], Iterator[Row]]:
    def rows() -> Iterator[Row]:
        for number, row in enumerate(table["rows"], start=1):
            if any(cell.strip() for cell in row):
                yield number, row

    return rows


def sheets(text: str) -> list[Sheet]:
    """Return the tables of an HTML page. Raise Refusal for a page without any, and for spreadsheet XML."""
    if any(mark in text[:4000] for mark in _SPREADSHEET_XML):
        raise Refusal("spreadsheet_xml")
    parser = _Tables()
    parser.feed(text)
    parser.close()
    tables = [table for table in parser.tables if table["rows"]]
    if not tables:
        raise Refusal("no_table")
    return [
        Sheet(
            rows=_rows(table),
            name=f"table {number}" if len(tables) > 1 else None,
            merges=table["merges"],
            hidden_rows=table["hidden"],
        )
        for number, table in enumerate(tables, start=1)
    ]
