// Runs the browser's operations in Node for the tests beside: one request per line in, one answer per line out.
// Arrays travel in files of the folder given as second argument, i fastest.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [bundle, folder] = process.argv.slice(2);
const module = (name) => import(pathToFileURL(join(bundle, `${name}.js`)).href);
const INTEGERS = { u1: Uint8Array, i2: Int16Array, i4: Int32Array, u4: Uint32Array };
const ARRAYS = { ...INTEGERS, f4: Float32Array, f8: Float64Array };

const { OPERATIONS } = await module('registry');
const { OperationRefused } = await module('operation');
let written = 0;

function read({ file, dtype }) {
  const bytes = readFileSync(join(folder, file));
  return new ARRAYS[dtype](bytes.buffer, bytes.byteOffset, bytes.byteLength / ARRAYS[dtype].BYTES_PER_ELEMENT);
}

function write(array) {
  const dtype = Object.keys(ARRAYS).find((name) => array instanceof ARRAYS[name]);
  const file = `answer-${written++}`;
  writeFileSync(join(folder, file), array);
  return { file, dtype };
}

/** Typed arrays are named by their files, wherever they stand in what is sent. */
function decoded(value) {
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== 'object') return value;
  if ('file' in value && 'dtype' in value) return read(value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decoded(inner)]));
}

function encoded(value) {
  if (ArrayBuffer.isView(value)) return write(value);
  if (Array.isArray(value)) return value.map(encoded);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, encoded(inner)]));
}

/** Box of the voxels of some structures, as the page would look it up. */
function boundingBox(labels, [ni, nj, nk], structures) {
  const low = [ni, nj, nk];
  const high = [-1, -1, -1];
  for (const { layer, value } of structures) {
    for (let at = labels[layer].indexOf(value); at >= 0; at = labels[layer].indexOf(value, at + 1)) {
      const voxel = [at % ni, Math.floor(at / ni) % nj, Math.floor(at / (ni * nj))];
      for (const axis of [0, 1, 2]) {
        low[axis] = Math.min(low[axis], voxel[axis]);
        high[axis] = Math.max(high[axis], voxel[axis]);
      }
    }
  }
  return high[0] < 0 ? null : { low, size: low.map((first, axis) => high[axis] - first + 1) };
}

/** Calls back with where each row of the box starts in an array of the scan and in one of the box. */
function eachRow([ni, nj], { low, size }, each) {
  for (let k = 0; k < size[2]; k += 1) {
    for (let j = 0; j < size[1]; j += 1) {
      each(low[0] + ni * (low[1] + j + nj * (low[2] + k)), size[0] * (j + size[1] * k));
    }
  }
}

function cut(array, shape, box) {
  const part = new array.constructor(box.size[0] * box.size[1] * box.size[2]);
  eachRow(shape, box, (whole, own) => part.set(array.subarray(whole, whole + box.size[0]), own));
  return part;
}

function paste(array, shape, box, part) {
  eachRow(shape, box, (whole, own) => array.set(part.subarray(own, own + box.size[0]), whole));
  return array;
}

/** What the page does with an operation: asks what it needs, cuts that out, runs it, puts the proposal back. */
function operate({ name, params, shape, spacing_mm, labels, hu }) {
  const operation = OPERATIONS[name];
  const about = { shape, spacing_mm, boundingBox: (structures) => boundingBox(labels, shape, structures) };
  const need = operation.needs(params, about);
  if (need.box === null) return { box: null, changes: [], note: null, shares: [] };
  if (need.hu && hu === null) throw new Error(`${name} asks for the image`);
  const region = {
    ...need.box,
    spacing_mm,
    labels: labels.map((layer) => cut(layer, shape, need.box)),
    hu: need.hu ? cut(hu, shape, need.box) : null,
  };
  const before = region.labels.map((layer) => layer.slice());
  const shares = [];
  const proposal = operation.run(region, params, { report: (share) => shares.push(share) });
  region.labels.forEach((layer, number) => {
    if (Buffer.compare(layer, before[number]) !== 0) throw new Error(`${name} wrote into its region`);
  });
  const changes = proposal.changes.map(({ layer, values }) => ({
    layer,
    values: paste(labels[layer].slice(), shape, need.box, values),
  }));
  return { box: need.box, changes, note: proposal.note ?? null, shares };
}

async function answer(request) {
  if (request.call === 'operate') return operate(decoded(request));
  const made = await module(request.module);
  return made[request.name](...decoded(request.args));
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = { result: encoded(await answer(JSON.parse(line))) };
  } catch (error) {
    reply = error instanceof OperationRefused ? { refused: error.message } : { error: String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
