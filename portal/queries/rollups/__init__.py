"""Roll-ups (汇总): figures added up the tree, what they are made of, and what they are held against."""
