/** Colours of charts: Okabe and Ito's for marks (told apart in every kind of colour blindness), greys for the rest. */

export interface Palette {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly panel: string;
  readonly accent: string;
  readonly needsYou: string;
  readonly loss: string;
  /** Of what others published, and of the project's readers against themselves. */
  readonly band: string;
  readonly ownBand: string;
  readonly model: string;
  readonly series: readonly string[];
}

export const LIGHT: Palette = {
  text: '#1c2126',
  muted: '#5b646c',
  line: '#dfe3e6',
  panel: '#ffffff',
  accent: '#2b8079',
  needsYou: '#b3730f',
  loss: '#b3322e',
  band: '#d3d7da',
  ownBand: '#a9d4d0',
  model: '#b34a00',
  series: ['#0072b2', '#b34a00', '#008a63', '#a3477d', '#7a6a00', '#3f7fa6', '#5b646c'],
};

export const DARK: Palette = {
  text: '#d5d9dd',
  muted: '#8b939b',
  line: '#30363c',
  panel: '#171a1d',
  accent: '#4aa8a0',
  needsYou: '#e5b465',
  loss: '#ec8480',
  band: '#3b4249',
  ownBand: '#25514e',
  model: '#f08a3c',
  series: ['#56b4e9', '#f08a3c', '#2fbf90', '#d98bb8', '#d8c94a', '#8fc4e6', '#a7afb6'],
};
