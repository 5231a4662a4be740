/** Roles and levels in words, the same wherever people are spoken of. */

import type { Level, Role } from '../../../api';

export const ROLES: Readonly<Record<Role, string>> = {
  annotator: 'Annotator',
  reviewer: 'Reviewer',
  lead: 'Lead',
};

/** What a role may do, for who has to choose one. */
export const ROLE_NOTES: Readonly<Record<Role, string>> = {
  annotator: 'reads cases',
  reviewer: 'reads cases and reviews those of others',
  lead: 'sees and decides everything',
};

export const LEVELS: Readonly<Record<Level, string>> = { 1: 'Junior', 2: 'Experienced', 3: 'Expert' };

export const ROLE_CHOICES = Object.entries(ROLES).map(([value, label]) => ({ value, label }));
export const LEVEL_CHOICES = Object.entries(LEVELS).map(([value, label]) => ({ value, label }));

export const levelOf = (value: string): Level => Number(value) as Level;

export function people(count: number): string {
  return count === 1 ? '1 person' : `${count} people`;
}

/** The address of a link; its secret stands behind #, which browsers do not send. */
export function linkOf(token: string, origin: string): string {
  return `${origin}/invitation#${token}`;
}

/** What becomes of the open reads of who leaves. */
export function leavingSentence(name: string, open: number): string {
  const reads =
    open === 0
      ? ''
      : open === 1
        ? ' The open read goes back to the pool; what was drawn in it is kept.'
        : ` The ${open} open reads go back to the pool; what was drawn in them is kept.`;
  return `${name} will see nothing of this project any more.${reads} Finished reads stay.`;
}
