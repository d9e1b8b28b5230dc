"""The numbers behind a native chart, as the smallest workbook that Excel and LibreOffice open.

Texts are inline strings, so none is ever read as a formula or a link, whoever wrote it. The same
numbers give the same bytes.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

Cell = str | float | None
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STEADY = (1980, 1, 1, 0, 0, 0)
_PARTS: Mapping[str, str] = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    # The second style is a date.
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Arial"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>'
    ),
}  # fmt: skip


class Book:
    """The sheet of numbers, filled column by column."""

    def __init__(self) -> None:
        self.rows: list[list[Cell]] = []
        self.dates: list[int] = []
        self._columns = 0

    def add(self, head: str, values: Sequence[Cell], *, is_date: bool = False) -> str:
        """Write a column and return where it is."""
        column = self._columns
        self._columns += 1
        if is_date:
            self.dates.append(column)
        for place, value in enumerate([head, *values]):
            if place == len(self.rows):
                self.rows.append([])
            row = self.rows[place]
            row.extend([None] * (column - len(row)))
            row.append(value)
        name = letters(column)
        return f"Sheet1!${name}$2:${name}${len(values) + 1}"

    def packed(self) -> bytes:
        """Write it as an xlsx file; None leaves a cell empty."""
        lines = []
        for place, row in enumerate(self.rows, start=1):
            cells = (_cell(value, place, column, self.dates) for column, value in enumerate(row))
            lines.append(f'<row r="{place}">{"".join(cells)}</row>')
        sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
        return zipped({**_PARTS, "xl/worksheets/sheet1.xml": sheet})


def _cell(value: Cell, row: int, column: int, date_columns: Sequence[int]) -> str:
    place = f"{letters(column)}{row}"
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    style = ' s="1"' if column in date_columns else ""
    return f'<c r="{place}"{style}><v>{value!r}</v></c>'


def letters(column: int) -> str:
    """Name a column of a sheet.

    Examples
    --------
    >>> letters(0), letters(25), letters(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """Pack parts into a file that says nothing of when and where it was made."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            about = zipfile.ZipInfo(name, _STEADY)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.create_system = 0
            archive.writestr(about, f"{_HEAD}{part}" if isinstance(part, str) else part)
    return packed.getvalue()
