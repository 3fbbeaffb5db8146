// L.control.fullscreen({language}): the map over the whole screen. Absent where the browser forbids it, as in a frame
// without permission.

L.Control.Fullscreen = L.Control.extend({
  options: { position: "topleft", language: "en" },

  onAdd(map) {
    const words = wordsOf(this.options.language);
    const container = map.getContainer();
    const { bar, button } = makeButton(words.fullScreen, "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4", () => {
      if (document.fullscreenElement === container) document.exitFullscreen();
      else container.requestFullscreen();
    });
    bar.hidden = !document.fullscreenEnabled;
    this._onChange = () => {
      const on = document.fullscreenElement === container;
      nameButton(button, on ? words.leaveFullScreen : words.fullScreen);
      button.setAttribute("aria-pressed", String(on));
      map.invalidateSize();
    };
    document.addEventListener("fullscreenchange", this._onChange);
    return bar;
  },

  onRemove() {
    document.removeEventListener("fullscreenchange", this._onChange);
  },
});

L.control.fullscreen = (options) => new L.Control.Fullscreen(options);
