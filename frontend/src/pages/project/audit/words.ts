/** The audit in words. */

import type { AuditAction, AuditRow } from '../../../api';

export const ACTIONS: Readonly<Record<AuditAction, string>> = {
  read: 'looked at',
  create: 'made',
  change: 'changed',
  delete: 'removed',
  refused: 'was refused',
  sign_in: 'signed in',
  sign_in_failed: 'failed to sign in',
  sign_out: 'signed out',
  export: 'exported',
  erase: 'erased',
};

/** What a row is about: the kind of thing and its number; signing in needs no more words. */
export function aboutOf({ noun, object, action }: AuditRow): string {
  return action.startsWith('sign_') ? '' : `${noun} ${object}`.trim();
}

/** The rest, as short as it can be said: columns that changed, or names with their values. */
export function detailOf({ detail }: AuditRow): string {
  return Object.entries(detail)
    .map(([name, value]) => {
      const said = Array.isArray(value) ? value.join(', ') : String(value);
      return name === 'columns' ? said : `${name}: ${said}`;
    })
    .join('; ');
}
