"""Words pasted from elsewhere as plain text: paragraphs stay, all else that a word processor adds goes."""

import re
import unicodedata

LONGEST_SECTION = 20_000
"""Characters of one section of a report's text."""

_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_BULLETS = re.compile("[\uf000-\uf0ff][\t ]*")  # signs of a symbol font, which nothing else can show
_BLANKS = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f]")
_INVISIBLE = {"Cc", "Cf", "Co", "Cs"}


def plain_prose(text: str) -> str:
    """The text with one character at each line end and none that cannot be seen; at most one blank line in a row."""
    text = _BLANKS.sub(" ", _BULLETS.sub("• ", _LINE_ENDS.sub("\n", text)))
    seen = "".join(each for each in text if each == "\n" or unicodedata.category(each) not in _INVISIBLE)
    lines = "\n".join(line.rstrip(" ") for line in seen.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()
