"""Reads: (session, actor, …) → frozen rows."""
