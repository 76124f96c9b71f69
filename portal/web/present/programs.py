"""What a browser or a program calls itself, as people know it."""

import re

# The first that fits: most browsers also claim to be Chrome and Safari.
_PROGRAMS = (
    ("Edge", r"Edg(?:e|A|iOS)?/(\d+)"),
    ("QQ", r"QQBrowser/(\d+)"),
    ("微信", r"MicroMessenger/(\d+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"(?:Chrome|CriOS)/(\d+)"),
    ("Safari", r"Version/(\d+).*Safari/"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iOS", "iPhone|iPad"),
    ("macOS", "Mac OS X"),
    ("Linux", "Linux"),
)


def program_name(user_agent: str) -> str:
    """Browser and system, `Edge 131 · Windows`; for a program the first word it says of itself."""
    browser = next((f"{name} {found[1]}" for name, says in _PROGRAMS if (found := re.search(says, user_agent))), "")
    if not browser:
        return user_agent.partition(" ")[0]
    system = next((name for name, says in _SYSTEMS if re.search(says, user_agent)), "")
    return f"{browser} · {system}" if system else browser
