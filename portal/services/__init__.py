"""Writes, named with the field's verbs. They check rights, change rows, record events and never commit."""
