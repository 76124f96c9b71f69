// Draws dashboards/markup.py's component: HTML that the server made and escaped.
(function () {
  "use strict";
  var React = window.React;

  function Markup() { React.Component.apply(this, arguments); }
  Markup.prototype = Object.create(React.Component.prototype);
  Markup.prototype.constructor = Markup;

  Markup.prototype.render = function () {
    return React.createElement("div", {
      className: "markup",
      dangerouslySetInnerHTML: { __html: this.props.markup }
    });
  };

  function takeTitle() {
    var heading = document.querySelector(".dashboard h1");
    if (heading) {
      document.title = heading.textContent + " - " + document.title.split(" - ").pop();
    }
  }

  // New HTML takes the focus away from whoever works in the old with the keyboard: give it back.
  var focused = "";
  document.addEventListener("focusin", function (event) { focused = event.target.id; });

  function giveFocusBack() {
    var element = focused && document.getElementById(focused);
    if (element && document.activeElement === document.body) { element.focus({ preventScroll: true }); }
  }

  Markup.prototype.componentDidMount = Markup.prototype.componentDidUpdate = function () {
    takeTitle();
    giveFocusBack();
  };

  window.huizong_markup = { Markup: Markup };
})();
