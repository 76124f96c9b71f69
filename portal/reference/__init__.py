"""Reference texts the portal is delivered with: units, forms."""
