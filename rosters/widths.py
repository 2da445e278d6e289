"""Full width and half width: Chinese input writes letters, digits and signs in either.

A leaf.
"""

# The half-width character of each that has one, the wide space among them; for str.translate.
HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def compact(text: str) -> str:
    """Return the text in half width, without spaces."""
    return "".join(text.translate(HALF_WIDTH).split())
