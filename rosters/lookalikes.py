"""Characters that look like a hanzi and are another for a computer: what a comparison takes them as.

A leaf. Three kinds. Radicals (⽂, ⻢) and compatibility ideographs, as a PDF's text has them; and the private
places of GBK where GB 18030-2005 and -2022 have real characters, as an old system exports rare names. What is
stored stays as it was written.
"""

import unicodedata

from .widths import HALF_WIDTH

_RADICALS = (range(0x2E80, 0x2EF4), range(0x2F00, 0x2FD6))
_COMPATIBILITY = (range(0xF900, 0xFB00), range(0x2F800, 0x2FA20))
# Radicals that stand as hanzi of their own, for which Unicode's normalisation knows none.
_ALONE = dict(
    zip(
        "⺁⺄⺈⺋⺌⺍⺎⺏⺐⺒⺓⺔⺗⺛⺜⺝⺞⺠⺥⺧⺩⺫⺬⺯⺰⺳⺶⺻⺼⺿⻀⻁⻄⻅⻆⻈⻉⻋⻏⻐⻑⻒⻓⻔⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲",
        "厂乙刀㔾小小兀尣尢巳幺彑㣺旡日月歺民爫牛王目示糹纟㓁羊聿肉艹艹虎西见角讠贝车邑钅長镸长门雨青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀",
        strict=True,
    )
)
# GBK's second bytes FE50 to FEA0, one private place each.
_GBK_FIRST, _GBK_BYTES = 0xE815, [byte for byte in range(0x50, 0xA1) if byte != 0x7F]
# What GB 18030-2005 and -2022 put there later than Python's codec.
_GBK_LATER = {
    0xE816: "\U00020087", 0xE817: "\U00020089", 0xE818: "\U000200cc", 0xE81E: "\u9fb4", 0xE826: "\u9fb5",
    0xE82B: "\u9fb6", 0xE82C: "\u9fb7", 0xE831: "\U000215d7", 0xE832: "\u9fb8", 0xE83B: "\U0002298f",
    0xE843: "\u9fb9", 0xE854: "\u9fba", 0xE855: "\U000241fe", 0xE864: "\u9fbb",
}  # fmt: skip


def _shown_by_unicode() -> dict[int, str]:
    shown = {}
    for codes in (*_RADICALS, *_COMPATIBILITY):
        for code in codes:
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and ord(plain) != code and unicodedata.category(plain) == "Lo":
                shown[code] = plain
    return shown


def _shown_by_gbk() -> dict[int, str]:
    private = {
        code: bytes((0xFE, byte)).decode("gb18030") for code, byte in enumerate(_GBK_BYTES, start=_GBK_FIRST)
    }
    return private | _GBK_LATER


# What each looks like, by its code.
SHOWN: dict[int, str] = _shown_by_unicode() | {ord(radical): plain for radical, plain in _ALONE.items()}
SHOWN |= {code: plain.translate(SHOWN) for code, plain in _shown_by_gbk().items()}
# For str.translate: those, and half width beside them.
FOLDED = HALF_WIDTH | SHOWN
