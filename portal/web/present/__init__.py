"""From what queries give to what templates show. Plain functions: no request, no database."""
