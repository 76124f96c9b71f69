"""Reasons that people give for what they decide."""

from portal.errors import InvalidInput


def sound_reason(reason: str, longest: int, *, required: bool = True) -> str:
    """The reason without blanks around it; empty if there is none and none is required.

    Raises:
        InvalidInput: there is none though one is required, or it has more than `longest` characters.
    """
    reason = reason.strip()
    if required and not reason:
        raise InvalidInput("reason", "required")
    if len(reason) > longest:
        raise InvalidInput("reason", "too_long")
    return reason
