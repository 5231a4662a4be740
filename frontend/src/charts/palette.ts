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
  /** From unusable to usable as it is, and what is written on them. */
  readonly grades: readonly { readonly fill: string; readonly ink: string }[];
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
  grades: [
    { fill: '#b34a00', ink: '#ffffff' },
    { fill: '#e8a878', ink: '#1c2126' },
    { fill: '#dfe3e6', ink: '#1c2126' },
    { fill: '#8cbfdf', ink: '#1c2126' },
    { fill: '#0072b2', ink: '#ffffff' },
  ],
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
  grades: [
    { fill: '#f08a3c', ink: '#171a1d' },
    { fill: '#8f5a33', ink: '#f1e4da' },
    { fill: '#4b535b', ink: '#d5d9dd' },
    { fill: '#2f6288', ink: '#e2eef7' },
    { fill: '#56b4e9', ink: '#171a1d' },
  ],
};
