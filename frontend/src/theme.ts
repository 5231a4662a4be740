import { createTheme, defaultVariantColorsResolver, type MantineColorsTuple } from '@mantine/core';

/** One accent. Shade 5 is the accent itself; light pages use shade 8, which white text can be read on. */
const accent: MantineColorsTuple = [
  '#e9f6f5',
  '#d3ebe9',
  '#a6d7d3',
  '#79c3bc',
  '#5fb5ad',
  '#4aa8a0',
  '#3b938b',
  '#2e7a74',
  '#23655f',
  '#174d48',
];

/** Mantine's dark scale from text (0) to page (7), on the tokens of the reader's dark room. */
const dark: MantineColorsTuple = [
  '#d5d9dd',
  '#b4bac0',
  '#8b939b',
  '#6b737b',
  '#262b30',
  '#1e2226',
  '#171a1d',
  '#0f1113',
  '#0b0d0e',
  '#000000',
];

export const theme = createTheme({
  colors: { accent, dark },
  primaryColor: 'accent',
  primaryShade: { light: 8, dark: 5 },
  autoContrast: true,
  luminanceThreshold: 0.27,
  // The text on a filled button follows the shade of the scheme in use; by itself it follows the light one.
  variantColorResolver: (input) => {
    const colours = defaultVariantColorsResolver(input);
    const isAccent = input.color === undefined || input.color === 'accent';
    return input.variant === 'filled' && isAccent
      ? { ...colours, color: 'var(--mantine-primary-color-contrast)' }
      : colours;
  },
  // By itself a chosen chip has white words, which cannot be read on the accent of dark pages.
  components: { Chip: { defaultProps: { variant: 'filled' } } },
  defaultRadius: 6,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  headings: { fontWeight: '600' },
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '15px', xl: '18px' },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  cursorType: 'pointer',
});
