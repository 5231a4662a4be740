import { type Panel, type SideTab, useRead } from '../../readStore';
import { call } from '../handlers';
import type { Action } from './action';

const { getState: read } = useRead;

const GUIDANCE: readonly Action[] = [
  {
    id: 'guidance.next',
    group: 'Guidance',
    words: 'Next suspicious region',
    key: 'n',
    press: () => void call('walkRegions', 1),
  },
  {
    id: 'guidance.previous',
    group: 'Guidance',
    words: 'Previous suspicious region',
    key: 'shift+n',
    press: () => void call('walkRegions', -1),
  },
  {
    id: 'guidance.heat',
    group: 'Guidance',
    words: 'Where the model is unsure (heat map)',
    key: 'shift+h',
    press: () => void call('toggleHeatMap'),
  },
];

const TABS: readonly (readonly [SideTab, string, string])[] = [
  ['structures', 'Structures', 'alt+s'],
  ['pins', 'Pins', 'alt+p'],
  ['guidance', 'Guidance', 'alt+g'],
  ['compare', 'Compare', 'alt+c'],
  ['history', 'History', 'alt+h'],
  ['guideline', 'Guideline', 'alt+l'],
];

const PANELS: readonly Action[] = [
  ...TABS.map(
    ([tab, words, key]): Action => ({
      id: `tab.${tab}`,
      group: 'Panels',
      words,
      key,
      press: () => read().set({ tab }),
    }),
  ),
  {
    id: 'panel.palette',
    group: 'Panels',
    words: 'Find any action or structure',
    key: 'ctrl+k',
    press: () => toggle('palette'),
  },
  { id: 'panel.keys', group: 'Panels', words: 'This overview', key: '?', press: () => toggle('keys') },
  {
    id: 'panel.key_settings',
    group: 'Panels',
    words: 'Choose your own keys',
    key: 'ctrl+,',
    press: () => toggle('key_settings'),
  },
];

const ADJUDICATION: readonly Action[] = [
  {
    id: 'differences.next',
    group: 'Finish',
    words: 'Next difference',
    key: 'tab',
    onlyIn: 'adjudicate',
    press: () => void call('walkChanges', 1),
  },
  {
    id: 'differences.previous',
    group: 'Finish',
    words: 'Previous difference',
    key: 'shift+tab',
    onlyIn: 'adjudicate',
    press: () => void call('walkChanges', -1),
  },
  {
    id: 'differences.take_a',
    group: 'Finish',
    words: 'Take reader A here, and go on',
    key: 'left',
    onlyIn: 'adjudicate',
    press: () => void call('takeA'),
  },
  {
    id: 'differences.take_b',
    group: 'Finish',
    words: 'Take reader B here, and go on',
    key: 'right',
    onlyIn: 'adjudicate',
    press: () => void call('takeB'),
  },
  {
    id: 'differences.take_majority',
    group: 'Finish',
    words: 'Take the majority of A, B and the prediction here, and go on',
    key: '.',
    onlyIn: 'adjudicate',
    press: () => void call('takeMajority'),
  },
  {
    id: 'finish.adjudicate',
    group: 'Finish',
    words: 'Apply what is previewed; else finish (asks where differences are left)',
    key: 'enter',
    onlyIn: 'adjudicate',
    press: () => applyOr(() => void call('finish')),
  },
];

const FINISH: readonly Action[] = [
  {
    id: 'save.now',
    group: 'Finish',
    words: 'Save now (it saves by itself)',
    key: 'ctrl+s',
    press: () => void call('save'),
  },
  {
    id: 'finish.submit',
    group: 'Finish',
    words: 'Apply what is previewed; else submit (asks once)',
    key: 'enter',
    onlyIn: 'annotate',
    press: () => applyOr(() => void call('submit')),
  },
  {
    id: 'finish.apply',
    group: 'Finish',
    words: 'Apply what is previewed; else the verdict (asks where structures are left)',
    key: 'enter',
    onlyIn: 'review',
    press: () => applyOr(() => void call('finish')),
  },
  {
    id: 'finish.accept',
    group: 'Finish',
    words: 'Accept the active structure and go to the next',
    key: 'y',
    onlyIn: 'review',
    press: () => void call('accept'),
  },
  {
    id: 'finish.complete',
    group: 'Finish',
    words: 'Mark the active structure, left out by the reader, as completed',
    key: 'shift+y',
    onlyIn: 'review',
    press: () => void call('complete'),
  },
  {
    id: 'finish.return',
    group: 'Finish',
    words: 'Return the active structure, with a pin at the crosshair',
    key: 'r',
    onlyIn: 'review',
    press: () => void call('return'),
  },
  {
    id: 'pin.drop',
    group: 'Finish',
    words: 'Pin at the crosshair',
    key: '.',
    onlyIn: 'review',
    press: () => void call('pin'),
  },
  {
    id: 'pin.next',
    group: 'Finish',
    words: 'Next pin',
    key: ',',
    press: () => void call('walkPins', 1),
  },
  ...ADJUDICATION,
  {
    id: 'changes.next',
    group: 'Finish',
    words: 'Next change',
    key: 'tab',
    onlyIn: 'review',
    press: () => void call('walkChanges', 1),
  },
  {
    id: 'changes.previous',
    group: 'Finish',
    words: 'Previous change',
    key: 'shift+tab',
    onlyIn: 'review',
    press: () => void call('walkChanges', -1),
  },
  {
    id: 'panel.close',
    group: 'Finish',
    words: 'Close; drop a preview; all planes',
    key: 'esc',
    press: closeOrRestore,
  },
];

export const PAGE_ACTIONS: readonly Action[] = [...GUIDANCE, ...PANELS, ...FINISH];

function toggle(panel: Panel): void {
  read().set({ panel: read().panel === panel ? null : panel });
}

function applyOr(otherwise: () => void): void {
  const tools = read().port?.tools;
  if (tools?.operation.kind === 'preview') {
    tools.apply();
  } else {
    otherwise();
  }
}

function closeOrRestore(): void {
  const { panel, maximised, port, set } = read();
  if (panel !== null) {
    set({ panel: null });
  } else if (port !== null && port.tools.operation.kind !== 'none') {
    port.tools.dismiss();
  } else if (maximised !== null) {
    port?.maximise(null);
  }
}
