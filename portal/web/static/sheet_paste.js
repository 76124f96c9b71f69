// A block copied from a spreadsheet becomes answers: one row of the block to one row of the sheet.

// The last column that holds anything numeric is the one meant: people copy the name or the unit along with it.
export function pasteBlock(text, boxes) {
  const rows = text.replace(/[\r\n]+$/, "").split(/\r\n|\n|\r/).map((line) => line.split("\t"));
  const column = answerColumn(rows);
  return rows.slice(0, boxes.length).map((row, index) => ({ box: boxes[index], value: fitting(boxes[index], tidy(row[column] || "")) }));
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
