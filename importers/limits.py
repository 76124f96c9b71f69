"""How much of a file is read before it is refused: absolute caps, since honest files compress 400 to 1."""

MAX_FILE_BYTES = 20 * 1024**2
MAX_BUNDLE_BYTES = 512 * 1024**2  # a zip of workbooks, which is never whole in memory
MAX_BUNDLE_TOTAL_BYTES = 1024**3
MAX_PARTS = 2_000
MAX_PART_BYTES = 400 * 1024**2
MAX_TOTAL_BYTES = 600 * 1024**2
RATIO_FROM_BYTES = 64 * 1024**2  # a small part may compress as well as it likes
MAX_RATIO = 100

MAX_SHEETS = 200
MAX_ROWS = 200_000
MAX_COLUMNS = 2_000
MAX_CELLS = 6_000_000  # elements seen, styled blanks included
MAX_KEPT_CELLS = 500_000  # cells with content in a report; a longer file is listed by `huizong cells` only
MAX_REPEATED_CELLS = 100_000  # cells an .ods states once and repeats
MAX_SHARED_TEXTS = 2_000_000
MAX_STYLES = 65_536
MAX_NAMES = 20_000
MAX_MERGED = 5_000  # ranges of a sheet that are noted; they only help to find the labels of a foreign layout
MAX_COMMENTS = 5_000  # of a sheet that are noted; there is a comment on every name of a template
MAX_FORMAT_CODE = 255

CHILD_MEMORY_BYTES = 512 * 1024**2
CHILD_CPU_SECONDS = 20
CHILD_WALL_SECONDS = 120.0
CHILD_OPEN_FILES = 32
