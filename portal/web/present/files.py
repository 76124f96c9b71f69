"""Files handed to the browser."""

import io

from flask import Response, send_file

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook_response(content: bytes, filename: str) -> Response:
    """A workbook to be saved under that name."""
    return send_file(io.BytesIO(content), XLSX, as_attachment=True, download_name=filename)
