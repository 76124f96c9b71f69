"""Background work, through procrastinate."""
