// Builds ../assets/plotly.portal.min.js, which is kept in the repository: running the portal needs no Node.
import { readFileSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync("node_modules/plotly.js/package.json", "utf8"));
const licence = readFileSync("node_modules/plotly.js/LICENSE", "utf8").trim();

await build({
  entryPoints: ["entry.js"],
  outfile: "../assets/plotly.portal.min.js",
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "PlotlyModule",
  target: "es2017",
  loader: { ".css": "empty" }, // the style sheet of the tile maps, which are not in the bundle
  define: { global: "window", "define.amd": "false" },
  banner: { js: `/*!\nplotly.js ${version}, reduced to the traces of dashboards/bundle/entry.js\n\n${licence}\n*/` },
  footer: { js: "window.Plotly = PlotlyModule.default;" },
  legalComments: "none",
});
