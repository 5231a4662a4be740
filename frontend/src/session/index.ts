export { ActiveClock } from './activeClock';
export { lastClosed, noteClosing } from './closing';
export { newKey } from './newKey';
export { Outbox, type Waiting } from './outbox';
export { type DrawnStroke, SaveQueue, type SaveState } from './saveQueue';
export { lockAssignment } from './tabLock';
