/** Every action of the page, once. */
import type { Action } from './action';
import { PAGE_ACTIONS } from './pageActions';
import { STRUCTURE_ACTIONS } from './structureActions';
import { TOOL_ACTIONS } from './toolActions';
import { VIEW_ACTIONS } from './viewActions';

export { ACTION_GROUPS, type Action, type ActionGroup } from './action';

export const ACTIONS: readonly Action[] = [
  ...TOOL_ACTIONS,
  ...STRUCTURE_ACTIONS,
  ...VIEW_ACTIONS,
  ...PAGE_ACTIONS,
];

export type Role = 'review' | 'annotate' | 'adjudicate';

export function actionsFor(role: Role): readonly Action[] {
  return ACTIONS.filter(({ onlyIn }) => onlyIn === undefined || onlyIn === role);
}
