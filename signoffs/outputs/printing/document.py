"""A PDF that leaves while it is drawn: what is finished is written at once, and forgotten.

reportlab's own document keeps every page and formats all of it at the end. This one keeps where each object
begins, and no more. The fonts come last, since nobody knows their glyphs before the last page; and with them
the tree of pages, the bookmarks and the table of objects. So a file that broke off has neither tree nor
table, and no reader takes it for a whole one.
"""

import zlib
from typing import Any

from reportlab.pdfbase import pdfdoc

# zlib's, of pages: the higher ones make strokes a seventh smaller, and a print half again as slow.
LEVEL = 1


class _Deflate(pdfdoc.PDFStreamFilterZCompress):
    """reportlab's filter, at our level."""

    def encode(self, text: str | bytes) -> bytes:
        """Return the content of a stream, compressed."""
        return zlib.compress(text.encode() if isinstance(text, str) else text, LEVEL)


class StreamedDocument(pdfdoc.PDFDocument):
    """The document behind a canvas; `taken` hands over what was written since the last time."""

    # reportlab's own, as its stubs leave them out; None in idToObject: it is written.
    _pdfVersion: Any  # noqa: N815
    Pages: Any
    Catalog: Any
    idToObject: dict[str, Any]  # noqa: N815

    def __init__(self, **options: Any) -> None:
        """Take what reportlab's document takes; write the file's first line."""
        super().__init__(**options)
        self._file = pdfdoc.PDFFile(self._pdfVersion)
        # Every page names its parent. Were it registered by the first one, it would be written after it.
        self.Reference(self.Pages)

    def addPage(self, page: pdfdoc.PDFPage) -> None:
        """Write a page that is done."""
        page.Contents = pdfdoc.PDFStream(content=page.stream, filters=[_Deflate()])
        page.stream = None
        contents, name = self.Reference(page.Contents), self.thisPageName()
        super().addPage(page)
        self._write(contents.name)
        self._write(name)
        self.Pages.pages[-1] = pdfdoc.PDFObjectReference(name)

    def addForm(self, name: str, form: pdfdoc.PDFFormXObject) -> None:
        """Write a drawing that pages share."""
        super().addForm(name, form)
        self._write(pdfdoc.xObjectName(name))

    def remark(self, text: str) -> None:
        """Write a comment between two objects: readers pass over it."""
        self._file.add(f"%{text}\n")

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        content = b"".join(self._file.strings)
        self._file.strings.clear()
        return content

    def _write(self, name: str) -> None:
        written = pdfdoc.PDFIndirectObject(name, self.idToObject[name]).format(self)
        self.idToOffset[name] = self._file.add(written)
        self.idToObject[name] = None

    def format(self) -> bytes:
        """Write what has waited for the end, and the table of all objects; return what was not yet taken."""
        root, info = self.Reference(self.Catalog), self.Reference(self.info)
        number = 1
        while number in self.numberToId:  # an object that is formatted may name new ones
            if self.numberToId[number] not in self.idToOffset:
                self._write(self.numberToId[number])
            number += 1
        table = pdfdoc.PDFCrossReferenceTable()
        table.addsection(0, [self.numberToId[one] for one in range(1, number)])
        begins = self._file.add(table.format(self))
        trailer = pdfdoc.PDFTrailer(startxref=begins, Size=number, Root=root, Info=info, ID=self.ID())
        self._file.add(trailer.format(self))
        return self.taken()
