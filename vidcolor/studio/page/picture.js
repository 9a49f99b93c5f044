// A frame on a canvas: luma once, chroma small, put together by WebGL, or by hand where there is none.

const VERTEX = `#version 300 es
in vec2 corner;
uniform vec4 place;   // x, y, width, height in clip space
out vec2 at;
void main() {
  at = corner;
  gl_Position = vec4(place.xy + corner * place.zw, 0.0, 1.0);
}`;

// Chroma is enlarged along the edges of luma: of the sixteen samples around, those count whose luma
// is like the pixel's (joint bilateral upsampling, Kopf et al. 2007).
const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at;
uniform sampler2D luma, chroma, mask;
uniform vec2 small;       // width and height of chroma
uniform float level;      // mip level of luma at chroma's size
uniform float gain, split, masked;
uniform vec2 weights;     // of red and blue in luma
out vec4 color;

vec2 chromaAt(ivec2 place) {
  ivec2 inside = clamp(place, ivec2(0), ivec2(small) - 1);
  float blue = texelFetch(chroma, inside, 0).r;
  float red = texelFetch(chroma, inside + ivec2(0, int(small.y)), 0).r;
  return vec2(blue, red) - 128.0 / 255.0;
}

void main() {
  float light = texture(luma, at).r;
  if (at.x < split) { color = vec4(vec3(light), 1.0); return; }
  vec2 place = at * small - 0.5;
  ivec2 base = ivec2(floor(place));
  vec2 sum = vec2(0.0);
  float all = 0.0;
  for (int y = -1; y <= 2; y++) for (int x = -1; x <= 2; x++) {
    ivec2 there = base + ivec2(x, y);
    vec2 away = vec2(there) - place;
    float theirs = textureLod(luma, (vec2(there) + 0.5) / small, level).r;
    float apart = (theirs - light) * 12.0;
    float weight = exp(-dot(away, away) * 0.9 - apart * apart) + 1e-5;
    sum += weight * chromaAt(there);
    all += weight;
  }
  vec2 c = gain * sum / all;
  float blue = 1.772 * c.x, red = 1.402 * c.y;
  float green = -(weights.x * red + weights.y * blue) / (1.0 - weights.x - weights.y);
  vec3 offset = vec3(red, green, blue);
  float high = max(offset.r, max(offset.g, offset.b)), low = min(offset.r, min(offset.g, offset.b));
  float fits = min(1.0, min((1.0 - light) / max(high, 1e-4), light / max(-low, 1e-4)));
  vec3 made = vec3(light) + fits * offset;
  if (masked > 0.5) {
    float reached = texture(mask, at).r;
    made = mix(made * 0.28, made, reached) + vec3(0.30, 0.10, 0.38) * smoothstep(0.06, 0.5, reached) * 0.45;
  }
  color = vec4(made, 1.0);
}`;

export class Picture {
  constructor(canvas, forced2d = false) {
    this.canvas = canvas;
    this.weights = [0.299, 0.114];
    this.gain = 1; this.split = 0; this.masked = false; this.grey = false;
    this.place = { x: 0, y: 0, width: 1, height: 1 };
    this.luma = null; this.chroma = null; this.mask = null;
    this.gl = forced2d ? null : canvas.getContext("webgl2", { antialias: false, alpha: false, preserveDrawingBuffer: true });
    if (this.gl) this.prepare(); else this.flat = canvas.getContext("2d");
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.prepare();
      for (const kind of ["luma", "chroma", "mask"]) if (this[kind]) this.upload(kind, this[kind]);
      this.draw();
    });
  }

  get kind() { return this.gl ? "webgl" : "2d"; }

  prepare() {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    gl.useProgram(program);
    this.at = (name) => gl.getUniformLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
    const corner = gl.getAttribLocation(program, "corner");
    gl.enableVertexAttribArray(corner);
    gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0);
    this.textures = {};
    ["luma", "chroma", "mask"].forEach((name, unit) => {
      this.textures[name] = gl.createTexture();
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, this.textures[name]);
      gl.uniform1i(this.at(name), unit);
      const filter = name === "chroma" ? gl.NEAREST : gl.LINEAR;
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, name === "luma" ? gl.LINEAR_MIPMAP_LINEAR : filter);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, 1, 1, 0, gl.RED, gl.UNSIGNED_BYTE, new Uint8Array([128]));
    });
  }

  upload(kind, bitmap) {
    const gl = this.gl;
    gl.activeTexture(gl.TEXTURE0 + ["luma", "chroma", "mask"].indexOf(kind));
    gl.bindTexture(gl.TEXTURE_2D, this.textures[kind]);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, gl.RED, gl.UNSIGNED_BYTE, bitmap);
    if (kind === "luma") gl.generateMipmap(gl.TEXTURE_2D);
  }

  set(kind, bitmap) {
    this[kind] = bitmap;
    if (this.gl && bitmap) this.upload(kind, bitmap);
    this.made = null;
  }

  draw() {
    if (!this.luma) return;
    if (this.gl) this.drawGl(); else this.drawFlat();
  }

  drawGl() {
    const { gl, canvas, place } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    const stage = getComputedStyle(canvas.parentElement).backgroundColor.match(/[\d.]+/g).map(Number);
    gl.clearColor(stage[0] / 255, stage[1] / 255, stage[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const small = this.chroma ? [this.chroma.width, this.chroma.height / 2] : [1, 1];
    gl.uniform4f(this.at("place"), (place.x / canvas.width) * 2 - 1, 1 - (place.y / canvas.height) * 2,
      (place.width / canvas.width) * 2, (-place.height / canvas.height) * 2);
    gl.uniform2f(this.at("small"), ...small);
    gl.uniform1f(this.at("level"), Math.max(0, Math.log2(this.luma.width / small[0])));
    gl.uniform1f(this.at("gain"), this.grey || !this.chroma ? 0 : this.gain);
    gl.uniform1f(this.at("split"), this.split);
    gl.uniform1f(this.at("masked"), this.masked && this.mask ? 1 : 0);
    gl.uniform2f(this.at("weights"), ...this.weights);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  drawFlat() {
    const { flat, canvas, place } = this;
    flat.fillStyle = getComputedStyle(canvas.parentElement).backgroundColor;
    flat.fillRect(0, 0, canvas.width, canvas.height);
    const key = [this.gain, this.split, this.grey, this.masked].join();
    if (!this.made || this.key !== key) { this.made = this.together(); this.key = key; }
    flat.imageSmoothingQuality = "high";
    flat.drawImage(this.made, place.x, place.y, place.width, place.height);
  }

  together() {
    const { width, height } = this.luma;
    const pixels = (bitmap, part = [0, 0, bitmap.width, bitmap.height]) => {
      const sheet = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      sheet.imageSmoothingEnabled = true;
      sheet.drawImage(bitmap, ...part, 0, 0, width, height);
      return sheet.getImageData(0, 0, width, height).data;
    };
    const light = pixels(this.luma), c = this.chroma;
    const made = new ImageData(width, height), out = made.data;
    const cb = c && pixels(c, [0, 0, c.width, c.height / 2]), cr = c && pixels(c, [0, c.height / 2, c.width, c.height / 2]);
    const mask = this.masked && this.mask ? pixels(this.mask) : null;
    const [kr, kb] = this.weights, gain = this.grey || !c ? 0 : this.gain, edge = this.split * width;
    for (let i = 0, n = 0; i < out.length; i += 4, n++) {
      const y = light[i], here = n % width < edge ? 0 : gain;
      const blue = here ? 1.772 * here * (cb[i] - 128) : 0, red = here ? 1.402 * here * (cr[i] - 128) : 0;
      const green = -(kr * red + kb * blue) / (1 - kr - kb);
      const high = Math.max(red, green, blue, 1e-3), low = Math.min(red, green, blue, -1e-3);
      const fits = Math.min(1, (255 - y) / high, y / -low), dark = mask ? 0.28 + 0.72 * mask[i] / 255 : 1;
      out[i] = dark * (y + fits * red); out[i + 1] = dark * (y + fits * green); out[i + 2] = dark * (y + fits * blue); out[i + 3] = 255;
    }
    const sheet = new OffscreenCanvas(width, height);
    sheet.getContext("2d").putImageData(made, 0, 0);
    return sheet;
  }

  // The colour shown at a place of the canvas, as #rrggbb.
  colorAt(x, y) {
    let pixel;
    if (this.gl) {
      pixel = new Uint8Array(4);
      const masked = this.masked; this.masked = false; this.draw();
      this.gl.readPixels(Math.round(x), this.canvas.height - 1 - Math.round(y), 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, pixel);
      this.masked = masked; if (masked) this.draw();
    } else {
      pixel = this.flat.getImageData(Math.round(x), Math.round(y), 1, 1).data;
    }
    return "#" + [0, 1, 2].map((i) => pixel[i].toString(16).padStart(2, "0")).join("");
  }
}
