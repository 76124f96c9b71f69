"""Text that a spreadsheet program is going to open."""

_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


def not_a_formula(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would take it for a formula when it opens a CSV file."""
    return "'" + text if text.startswith(_FORMULA_BEGINNINGS) else text
