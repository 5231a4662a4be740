/** The numbers of a policy: what they are called, between what they lie. */

type NumberName =
  | 'retrain_after'
  | 'every_hours'
  | 'forecast_gain'
  | 'members'
  | 'fixed_steps'
  | 'margin'
  | 'control_share'
  | 'diversity'
  | 'query_size'
  | 'slab_mm'
  | 'cube_mm'
  | 'cold_cases'
  | 'atlases';

export interface NumberAbout {
  readonly field: NumberName;
  readonly label: string;
  readonly words: string;
  readonly unit: string;
  readonly least: number;
  readonly most: number;
  readonly digits?: number;
  /** What an empty field means. */
  readonly never?: string;
}

interface Numbers {
  readonly when: readonly NumberAbout[];
  readonly training: readonly NumberAbout[];
  readonly gate: readonly NumberAbout[];
  readonly reading: readonly NumberAbout[];
  readonly slab: NumberAbout;
  readonly cube: NumberAbout;
}

export const NUMBERS: Numbers = {
  when: [
    {
      field: 'retrain_after',
      label: 'After',
      words: 'newly accepted',
      unit: 'cases',
      least: 1,
      most: 1000,
    },
    {
      field: 'every_hours',
      label: 'Every',
      words: 'where anything new was accepted',
      unit: 'hours',
      least: 1,
      most: 8760,
      never: 'never',
    },
    {
      field: 'forecast_gain',
      label: 'For a gain of',
      words: 'expected of the mean test Dice',
      unit: 'Dice',
      least: 0.001,
      most: 1,
      digits: 3,
      never: 'never',
    },
  ],
  training: [
    {
      field: 'members',
      label: 'Networks',
      words: 'of different seeds, averaged; they share the time',
      unit: '',
      least: 1,
      most: 5,
    },
    {
      field: 'fixed_steps',
      label: 'Steps',
      words: 'of each network; with a number, repeatable',
      unit: '',
      least: 1,
      most: 10_000_000,
      never: 'as the time allows',
    },
  ],
  gate: [
    {
      field: 'margin',
      label: 'Margin',
      words: 'a structure may lose of Dice and of surface Dice',
      unit: 'Dice',
      least: 0,
      most: 1,
      digits: 3,
    },
  ],
  reading: [
    {
      field: 'query_size',
      label: 'Chosen at a time',
      words: 'after each training',
      unit: 'cases',
      least: 1,
      most: 1000,
    },
    {
      field: 'control_share',
      label: 'Drawn as a control',
      words: 'by lot, to tell what the strategy is worth; at least 5',
      unit: '%',
      least: 5,
      most: 100,
    },
    {
      field: 'diversity',
      label: 'Diversity within a choice',
      words: 'what a scan just like a chosen one loses; 0 = none',
      unit: 'SD of score',
      least: 0,
      most: 5,
      digits: 1,
    },
    {
      field: 'cold_cases',
      label: 'First cases',
      words: 'read before there is a model',
      unit: 'cases',
      least: 0,
      most: 1000,
    },
    {
      field: 'atlases',
      label: 'Labelled cases as atlases',
      words: 'pre-annotate before there is a model; 0 = none',
      unit: 'cases',
      least: 0,
      most: 8,
    },
  ],
  slab: {
    field: 'slab_mm',
    label: 'Thickness of a slab',
    words: 'to the nearest centimetre or so',
    unit: 'mm',
    least: 1,
    most: 2000,
  },
  cube: {
    field: 'cube_mm',
    label: 'Edge of a cube',
    words: 'to the nearest centimetre or so',
    unit: 'mm',
    least: 10,
    most: 2000,
  },
};

/** What a reader is given of a case that was chosen. */
export const UNITS: readonly { readonly value: string; readonly label: string }[] = [
  { value: 'volume', label: 'whole scans' },
  { value: 'slab', label: 'axial slabs' },
  { value: 'cube', label: 'cubes' },
];

export const NETWORKS: readonly { readonly value: string; readonly label: string }[] = [
  { value: 'plain_unet', label: 'U-Net (plain_unet)' },
  { value: 'resenc_unet', label: 'residual encoder U-Net (resenc_unet)' },
  { value: 'attention_unet', label: 'attention U-Net (attention_unet)' },
  { value: 'swin_unetr', label: 'Swin UNETR (swin_unetr)' },
  { value: 'unetr', label: 'UNETR (unetr)' },
  { value: 'segresnet', label: 'SegResNet (segresnet)' },
  { value: 'highresnet', label: 'HighResNet (highresnet)' },
  { value: 'vnet', label: 'V-Net (vnet)' },
];
