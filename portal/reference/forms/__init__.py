"""Form files the portal is delivered with, read by `portal.domain.form_file`."""
