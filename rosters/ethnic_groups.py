"""The ethnic groups by name and code (GB/T 3304-1991), and the older or shorter ways to write them.

A leaf: text in, text out. For students of 港澳台 the field may hold the region, and for foreign students
anything; those are not in the table and are kept as written.
"""

# In the order of their two-digit codes, from 01.
NAMES = """
汉族 蒙古族 回族 藏族 维吾尔族 苗族 彝族 壮族 布依族
朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 傣族
黎族 傈僳族 佤族 畲族 高山族 拉祜族 水族 东乡族 纳西族
景颇族 柯尔克孜族 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族
仡佬族 锡伯族 阿昌族 普米族 塔吉克族 怒族 乌孜别克族 俄罗斯族 鄂温克族
德昂族 保安族 裕固族 京族 塔塔尔族 独龙族 鄂伦春族 赫哲族 门巴族
珞巴族 基诺族
""".split()

# Names of earlier editions, and common other writings.
_ALIASES = {
    "毛难族": "毛南族",
    "崩龙族": "德昂族",
    "乌兹别克族": "乌孜别克族",
    "布衣族": "布依族",
    "维族": "维吾尔族",
    "哈族": "哈萨克族",
    "柯族": "柯尔克孜族",
    "僮族": "壮族",
    "傜族": "瑶族",
    "畬族": "畲族",
    "穿青人": "穿青人族",
    "穿青人族": "穿青人族",
}

_BY_CODE = {f"{code:02d}": name for code, name in enumerate(NAMES, start=1)}
_BY_TEXT = {**{name: name for name in NAMES}, **{name.removesuffix("族"): name for name in NAMES}, **_ALIASES}


def standard_name(text: str) -> str | None:
    """Return the standard's name for a name, a short one, an alias or a code (`1` is `01`); else None."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return _BY_CODE.get(text.zfill(2))
    return _BY_TEXT.get(text)
