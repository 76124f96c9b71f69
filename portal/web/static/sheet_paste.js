// A block copied from a spreadsheet becomes answers: one row of the block to one row of the sheet. `beyond` counts the
// rows for which the sheet has none.

// The last column that holds anything numeric is the one meant: people copy the name or the unit along with it.
export function pasteBlock(text, boxes) {
  const rows = text.replace(/[\r\n]+$/, "").split(/\r\n|\n|\r/).map((line) => line.split("\t"));
  const column = answerColumn(rows);
  const cells = rows.slice(0, boxes.length).map((row, index) => ({ box: boxes[index], value: fitting(boxes[index], tidy(row[column] || "")) }));
  return { cells, beyond: rows.length - cells.length };
}

// In a cross table the block lies over the cells as it lay in the spreadsheet, from the box on; what would fall on a
// cell that is worked out, or beside the table, is left out.
export function pasteAcross(text, box, boxes) {
  const rows = text.replace(/[\r\n]+$/, "").split(/\r\n|\n|\r/).map((line) => line.split("\t"));
  const lines = [...new Set(boxes.map((each) => Number(each.dataset.line)))].sort((one, other) => one - other);
  const first = lines.indexOf(Number(box.dataset.line));
  const found = rows.flatMap((row, down) => row.map((value, right) => {
    const [line, column] = [lines[first + down], Number(box.dataset.column) + right];
    const target = boxes.find((each) => Number(each.dataset.line) === line && Number(each.dataset.column) === column);
    return target && { box: target, value: fitting(target, tidy(value)) };
  }));
  const cells = found.filter(Boolean);
  return { cells, beyond: found.length - cells.length };
}

function answerColumn(rows) {
  const width = Math.max(...rows.map((row) => row.length));
  for (let column = width - 1; column > 0; column -= 1) {
    if (rows.some((row) => /\d/.test(tidy(row[column] || "")))) return column;
  }
  return 0;
}

// Full-width digits and signs become plain, thousands commas and spaces go. The server reads the rest.
export function tidy(text) {
  const plain = text.normalize("NFKC").trim().replace(/^"(.*)"$/s, "$1");
  return /^[+-]?\d{1,3}([, ]\d{3})+(\.\d+)?$/.test(plain) ? plain.replace(/[, ]/g, "") : plain;
}

// A list takes only what it offers; anything else would show as empty.
function fitting(box, value) {
  if (box.tagName !== "SELECT") return value;
  return [...box.options].some((option) => option.value === value) ? value : box.value;
}
