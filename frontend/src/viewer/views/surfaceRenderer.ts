/** Draws surfaces with WebGL 2: lit from the reader's side, opaque. Buffers go to the graphics card as they come. */
import type { Surface, Triple } from '../../voxels';
import type { Lines, Look } from './volumeMessages';

const VERTEX = `#version 300 es
uniform mat4 clip;
in vec3 position;
in vec3 normal;
out vec3 facing;
void main() {
  facing = normal;
  gl_Position = clip * vec4(position, 1.0);
}`;

const LIT = `#version 300 es
precision highp float;
uniform vec3 colour;
uniform vec3 towards;
in vec3 facing;
out vec4 pixel;
void main() {
  float light = abs(dot(normalize(facing), towards));
  float gloss = pow(light, 24.0) * 0.18;
  pixel = vec4(colour * (0.22 + 0.78 * light) + gloss, 1.0);
}`;

const PLAIN = `#version 300 es
precision highp float;
uniform vec3 colour;
out vec4 pixel;
void main() { pixel = vec4(colour, 1.0); }`;

/** Depth as three bytes: a click finds the point that was drawn under it. */
const DEPTH = `#version 300 es
precision highp float;
out vec4 pixel;
void main() {
  float depth = gl_FragCoord.z * 255.0;
  float rest = fract(depth) * 255.0;
  pixel = vec4(floor(depth) / 255.0, floor(rest) / 255.0, fract(rest), 1.0);
}`;

const NO_WEBGL =
  'This browser has no WebGL 2, so the 3-D view stays empty. Everything else works without it.';
const BACKGROUND: Triple = [0.043, 0.051, 0.059];

interface Program {
  readonly program: WebGLProgram;
  readonly clip: WebGLUniformLocation | null;
  readonly colour: WebGLUniformLocation | null;
  readonly towards: WebGLUniformLocation | null;
}

interface Mesh {
  readonly vertices: WebGLVertexArrayObject;
  readonly buffers: readonly WebGLBuffer[];
  readonly indices: number;
  colour: Triple;
}

export class SurfaceRenderer {
  private readonly gl: WebGL2RenderingContext;
  private readonly lit: Program;
  private readonly plain: Program;
  private readonly depth: Program;
  private readonly meshes = new Map<string, Mesh>();
  private readonly lines: Mesh;

  /** Throws where the browser has no WebGL 2. */
  constructor(canvas: OffscreenCanvas) {
    const gl = canvas.getContext('webgl2', { antialias: true, powerPreference: 'low-power' });
    if (gl === null) throw new Error(NO_WEBGL);
    this.gl = gl;
    this.lit = programOf(gl, LIT);
    this.plain = programOf(gl, PLAIN);
    this.depth = programOf(gl, DEPTH);
    this.lines = meshOf(gl, new Float32Array(0), new Float32Array(0), null, [0, 0, 0]);
  }

  set(key: string, { positions, normals, triangles }: Surface, colour: string): void {
    this.remove(key);
    this.meshes.set(key, meshOf(this.gl, positions, normals, triangles, rgbOf(colour)));
  }

  colour(key: string, colour: string): void {
    const mesh = this.meshes.get(key);
    if (mesh !== undefined) mesh.colour = rgbOf(colour);
  }

  remove(key: string): void {
    const mesh = this.meshes.get(key);
    if (mesh === undefined) return;
    for (const buffer of mesh.buffers) this.gl.deleteBuffer(buffer);
    this.gl.deleteVertexArray(mesh.vertices);
    this.meshes.delete(key);
  }

  /** `lines`: pairs of points, drawn where no surface hides them and faintly elsewhere. */
  draw(look: Look, lines: readonly Lines[]): void {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.enable(gl.DEPTH_TEST);
    gl.clearColor(...BACKGROUND, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    this.drawMeshes(this.lit, look);
    // biome-ignore lint/correctness/useHookAtTopLevel: a call of WebGL, no hook
    gl.useProgram(this.plain.program);
    gl.uniformMatrix4fv(this.plain.clip, false, look.clip);
    gl.bindVertexArray(this.lines.vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.lines.buffers[0] ?? null);
    for (const { points, colour } of lines) {
      gl.bufferData(gl.ARRAY_BUFFER, points, gl.DYNAMIC_DRAW);
      gl.uniform3f(this.plain.colour, ...colour);
      gl.drawArrays(gl.LINES, 0, points.length / 3);
    }
    gl.bindVertexArray(null);
  }

  /**
   * Depth of the surface that is seen where a look's clip space has its middle, -1 to 1; null beside surfaces. Drawn
   * on one pixel of its own and read when the graphics card is done: the page does not wait for it.
   */
  async depthInMiddle(look: Look): Promise<number | null> {
    const { gl } = this;
    const target = onePixel(gl);
    gl.viewport(0, 0, 1, 1);
    gl.enable(gl.DEPTH_TEST);
    gl.clearColor(1, 1, 1, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    this.drawMeshes(this.depth, look);
    const answer = gl.createBuffer();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, answer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, 4, gl.STREAM_READ);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    target.free();
    await isDone(gl);
    const pixel = new Uint8Array(4);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, answer);
    gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, pixel);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    gl.deleteBuffer(answer);
    const [high = 0, middle = 0, low = 0, alpha = 0] = pixel;
    return alpha === 0 ? null : ((high + (middle + low / 255) / 255) / 255) * 2 - 1;
  }

  /** The graphics card has done what it was told so far. */
  isDone(): Promise<void> {
    return isDone(this.gl);
  }

  private drawMeshes(program: Program, { clip, towards }: Look): void {
    const { gl } = this;
    // biome-ignore lint/correctness/useHookAtTopLevel: a call of WebGL, no hook
    gl.useProgram(program.program);
    gl.uniformMatrix4fv(program.clip, false, clip);
    if (program.towards !== null) gl.uniform3f(program.towards, ...towards);
    for (const { vertices, indices, colour } of this.meshes.values()) {
      if (program.colour !== null) gl.uniform3f(program.colour, ...colour);
      gl.bindVertexArray(vertices);
      gl.drawElements(gl.TRIANGLES, indices, gl.UNSIGNED_INT, 0);
    }
    gl.bindVertexArray(null);
  }
}

/** A framebuffer of one pixel, bound. */
function onePixel(gl: WebGL2RenderingContext): { free(): void } {
  const frame = gl.createFramebuffer();
  const [colour, depth] = [gl.createRenderbuffer(), gl.createRenderbuffer()];
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  for (const [buffer, format, attachment] of [
    [colour, gl.RGBA8, gl.COLOR_ATTACHMENT0],
    [depth, gl.DEPTH_COMPONENT24, gl.DEPTH_ATTACHMENT],
  ] as const) {
    gl.bindRenderbuffer(gl.RENDERBUFFER, buffer);
    gl.renderbufferStorage(gl.RENDERBUFFER, format, 1, 1);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, attachment, gl.RENDERBUFFER, buffer);
  }
  return {
    free() {
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.deleteFramebuffer(frame);
      gl.deleteRenderbuffer(colour);
      gl.deleteRenderbuffer(depth);
    },
  };
}

const LOOK_AGAIN_MS = 4;

async function isDone(gl: WebGL2RenderingContext): Promise<void> {
  const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  if (fence === null) return;
  gl.flush();
  while (!gl.isContextLost() && gl.clientWaitSync(fence, 0, 0) === gl.TIMEOUT_EXPIRED) {
    await new Promise((resume) => setTimeout(resume, LOOK_AGAIN_MS));
  }
  gl.deleteSync(fence);
}

function programOf(gl: WebGL2RenderingContext, fragment: string): Program {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type);
    if (shader === null) throw new Error('The graphics card gives no shader.');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.bindAttribLocation(program, 0, 'position');
  gl.bindAttribLocation(program, 1, 'normal');
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) {
    throw new Error(`Surfaces cannot be drawn: ${gl.getProgramInfoLog(program) ?? 'no reason given'}`);
  }
  const at = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
  return { program, clip: at('clip'), colour: at('colour'), towards: at('towards') };
}

/** Without triangles the positions are meant as lines and are filled in later. */
function meshOf(
  gl: WebGL2RenderingContext,
  positions: Float32Array,
  normals: Float32Array,
  triangles: Uint32Array | null,
  colour: Triple,
): Mesh {
  const vertices = gl.createVertexArray();
  gl.bindVertexArray(vertices);
  const buffers = [positions, normals].map((values, attribute) => {
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    if (triangles !== null || attribute === 0) {
      gl.enableVertexAttribArray(attribute);
      gl.vertexAttribPointer(attribute, 3, gl.FLOAT, false, 0, 0);
    }
    return buffer;
  });
  if (triangles !== null) {
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles, gl.STATIC_DRAW);
    buffers.push(buffer);
  }
  gl.bindVertexArray(null);
  return { vertices, buffers, indices: triangles?.length ?? 0, colour };
}

function rgbOf(colour: string): Triple {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  const part = (n: number): number => (match === null ? 0.5 : Number.parseInt(match[n] as string, 16) / 255);
  return [part(1), part(2), part(3)];
}
