// Names on the map, with a halo; a name that would lie on another, or that is wider than its place, is left out.

const Labels = Canvas.extend({
  initialize(layers) {
    Canvas.prototype.initialize.call(this, { pane: "labels" });
    this._layers_of_names = layers;
  },

  _draw(context, frame) {
    const style = getComputedStyle(this._map.getContainer());
    const taken = [];
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const layer of this._layers_of_names.filter((candidate) => candidate.shown)) {
      context.font = layer.quiet ? `500 12px ${style.fontFamily}` : `600 13px ${style.fontFamily}`;
      for (const { text, x, y, width } of layer.labels) {
        if (x < frame.west || x > frame.east || y < frame.north || y > frame.south) continue;
        const length = context.measureText(text).width;
        const isPoint = layer.shapeDimension === 0;
        if (!isPoint && width * frame.scale < 0.7 * length) continue;
        const left = x * frame.scale - frame.originX + (isPoint ? 9 : -length / 2);
        const middle = y * frame.scale - frame.originY;
        const box = [left - 4, middle - 10, left + length + 4, middle + 10];
        if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
        taken.push(box);
        context.lineWidth = 3.5;
        context.strokeStyle = style.getPropertyValue("--m-halo");
        context.strokeText(text, left, middle);
        context.fillStyle = style.getPropertyValue(layer.quiet ? "--m-label-2" : "--m-label");
        context.fillText(text, left, middle);
      }
    }
  },
});
