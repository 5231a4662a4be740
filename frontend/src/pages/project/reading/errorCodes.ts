/** Error codes of pins, in words. */
export const ERROR_CODES: Readonly<Record<string, string>> = {
  missing: 'missing part',
  leak: 'leak',
  level: 'wrong level',
  swap: 'left–right swap',
  boundary: 'boundary',
  artefact: 'artefact',
  other: 'other',
};
