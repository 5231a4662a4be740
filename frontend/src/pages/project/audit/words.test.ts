import { expect, test } from 'vitest';
import { type AuditRow, startOf } from '../../../api';
import { aboutOf, detailOf } from './words';

const row: AuditRow = {
  id: 1,
  at: '2026-01-01T00:00:00Z',
  person: 'ana',
  action: 'change',
  noun: 'mask',
  object: '12',
  case: 3,
  address: '10.0.0.1',
  route: 'completed',
  request: 'r',
  detail: {},
};

test('a row names its thing by kind and number', () => {
  expect(aboutOf(row)).toBe('mask 12');
  expect(aboutOf({ ...row, object: '' })).toBe('mask');
  expect(aboutOf({ ...row, action: 'sign_in', noun: 'session' })).toBe('');
});

test('columns stand by themselves, all else with its name', () => {
  expect(detailOf({ ...row, detail: { columns: ['state', 'due_at'], job: 4 } })).toBe(
    'state, due_at; job: 4',
  );
  expect(detailOf(row)).toBe('');
});

test('a day ends where the next one of this computer begins', () => {
  expect(new Date(startOf('2026-03-28', 1)).getDate()).toBe(29);
  expect(new Date(startOf('2026-03-28', 0)).getHours()).toBe(0);
  expect(startOf('2026-12-31', 1)).toBe(new Date(2027, 0, 1).toISOString());
});
