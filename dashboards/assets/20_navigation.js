// Links and the context bar without loading a page, and what happens when the session has ended.
(function () {
  "use strict";

  function go(address) {
    history.pushState({}, "", address);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate")); // what Dash's own links say
  }

  // A link from one dashboard to another; with a key held down it is the browser's.
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest('a[href^="/dashboards/"]');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) { return; }
    event.preventDefault();
    var elsewhere = link.pathname !== location.pathname;
    go(link.href);
    if (elsewhere) { window.scrollTo(0, 0); }
  });

  function addressOf(form) {
    var query = new URLSearchParams(location.search);
    new FormData(form).forEach(function (value, name) {
      var text = name === "u" ? value.trim().split(/\s+/)[0] : value;
      if (text) { query.set(name, text); } else { query.delete(name); }
    });
    return new URL(form.action).pathname + "?" + query;
  }

  function contextBar(event) {
    return event.target.closest && event.target.closest("form.context-bar");
  }

  document.addEventListener("submit", function (event) {
    var form = contextBar(event);
    if (!form) { return; }
    event.preventDefault();
    go(addressOf(form));
  });

  document.addEventListener("change", function (event) {
    var form = contextBar(event);
    if (form) { go(addressOf(form)); }
  });

  // The unit box holds the present unit: choosing another starts with an empty box, leaving it brings the old one back.
  document.addEventListener("focusin", function (event) {
    if (event.target.id === "choose-unit") { event.target.select(); }
  });

  // A chart is as wide as the screen: make it as wide as an A4 page for the time of printing.
  function fitCharts(width) {
    document.querySelectorAll(".js-plotly-plot").forEach(function (chart) {
      window.Plotly.relayout(chart, { width: width, autosize: !width });
    });
  }
  window.addEventListener("beforeprint", function () { fitCharts(650); });
  window.addEventListener("afterprint", function () { fitCharts(null); });

  // Dash says nothing when a callback is refused, because the session has ended (401) or with it the token (400).
  // Loading the page again leads to the sign-in page, which leads back here; once, not for ever.
  var fetchFirst = window.fetch;
  window.fetch = function () {
    return fetchFirst.apply(this, arguments).then(function (response) {
      var before = Number(sessionStorage.getItem("huizong-reloaded") || 0);
      if ((response.status === 400 || response.status === 401) && Date.now() - before > 10000) {
        sessionStorage.setItem("huizong-reloaded", String(Date.now()));
        location.reload();
      }
      return response;
    });
  };
})();
