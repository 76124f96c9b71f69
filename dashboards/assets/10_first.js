// Must run before any library: Dash asks for files in the order of their names.
(function () {
  "use strict";
  var nonce = document.currentScript.nonce;
  var plotly = document.querySelector("meta[name=plotly-bundle]").content;

  // Libraries put <style> elements on the page; the content security policy applies only those with the page's nonce.
  var createElement = document.createElement;
  document.createElement = function (name, options) {
    var element = createElement.call(document, name, options);
    if (String(name).toLowerCase() === "style") {
      element.nonce = nonce;
    }
    return element;
  };

  // Where Dash fetches Plotly from when a page has a chart: our own bundle of the trace types in use.
  Object.defineProperty(window, "_dashPlotlyJSURL", {
    get: function () { return plotly; },
    set: function () {}
  });
})();
