// What the dashboards draw. A new chart that needs another trace type adds its line here; then `npm install && npm run build`.
import Plotly from "plotly.js/lib/core";
import bar from "plotly.js/lib/bar";
import choropleth from "plotly.js/lib/choropleth";
import scattergeo from "plotly.js/lib/scattergeo";
import chinese from "plotly.js/lib/locales/zh-cn";

// Plotly draws no map before it has a world map, which it would fetch from another host. This one is empty.
const layers = ["coastlines", "land", "ocean", "lakes", "rivers", "countries", "subunits"];
const empty = () => ({ type: "GeometryCollection", geometries: [] });
window.PlotlyGeoAssets = {
  topojson: {
    world_110m: {
      type: "Topology",
      arcs: [],
      objects: Object.fromEntries(layers.map((layer) => [layer, empty()])),
    },
  },
};

Plotly.register([bar, choropleth, scattergeo, chinese]);

export default Plotly;
