// What an eraser leaves of dots and strokes.

const SAMPLES = 0.25;    // of its reach: how finely a stroke is looked at

// The pieces that are left of a stroke, each a list of points; null where the eraser did not touch it.
//
// `way`: the places the eraser was moved through; `reach`: how far around them it takes away.
export function leftOf(points, way, reach) {
  const fine = sampled(points, Math.max(0.5, reach * SAMPLES));
  const gone = fine.map((point) => near(point, way, reach));
  if (!gone.includes(true)) return null;
  const pieces = [];
  fine.forEach((point, i) => {
    if (gone[i]) return;
    if (i === 0 || gone[i - 1]) pieces.push([]);
    pieces.at(-1).push(point);
  });
  // A sliver between two strokes of the eraser was not meant to stay.
  return pieces.filter((piece) => piece.length > 2).map(thinned);
}

export function apart([x, y], [ax, ay], [bx, by]) {
  const long = (bx - ax) ** 2 + (by - ay) ** 2;
  const share = long ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long)) : 0;
  return Math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay));
}

const near = (point, way, reach) => way.some((from, i) => apart(point, from, way[i + 1] ?? from) <= reach);

// The same line with points at most `step` apart.
function sampled(points, step) {
  return points.flatMap((from, i) => {
    const to = points[i + 1];
    if (!to) return [from];
    const count = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / step));
    return Array.from({ length: count }, (_, k) => [from[0] + (to[0] - from[0]) * k / count, from[1] + (to[1] - from[1]) * k / count]);
  });
}

// Without points that lie on the line between their neighbours.
function thinned(points) {
  return points.reduce((kept, point, i) => {
    const next = points[i + 1];
    if (kept.length && next && apart(point, kept.at(-1), next) < 0.2) return kept;
    return [...kept, point];
  }, []);
}
