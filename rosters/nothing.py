"""What people and programs write for nothing: it is no value anywhere, proves nothing, and erases nothing.

A leaf. One list for rosters and for what CHSI's page shows.
"""

from .widths import compact

_SIGNS = frozenset("-—–―_/\\|…*#")
WORDS = frozenset(
    """
    无 暂无 没有 空 空白 空值 未填 未填写 未录入 未知 未定 不详 待补 待补充 待补录 待定 待填 待填写 待录入
    待查 待核 待核实 暂缺 缺 缺失 略 N/A NA #N/A NULL (NULL) NONE NIL NAN NAT <NA> UNDEFINED UNKNOWN EMPTY \\N
    """.split()
)
# What stands for the value of the cell above it.
DITTO = frozenset("同上 同前 上同 同左 〃 〃〃 ″ 〞 DITTO".split())


def is_nothing(text: str) -> bool:
    """Say whether a text is empty, or a sign or a word for nothing."""
    plain = compact(text).upper()
    return not plain or plain in WORDS or _SIGNS.issuperset(plain)


def is_ditto(text: str) -> bool:
    """Say whether a text stands for the cell above."""
    return compact(text).upper() in DITTO
