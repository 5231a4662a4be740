export { ActiveClock } from './activeClock';
export { lastClosed, noteClosing } from './closing';
export { newKey } from './newKey';
export { Outbox, type Waiting } from './outbox';
export { SaveQueue } from './saveQueue';
export type { SaveState } from './saveState';
export type { DrawnStroke } from './strokeKeeper';
export { lockAssignment } from './tabLock';
