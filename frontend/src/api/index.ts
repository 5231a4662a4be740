export { fetchMe, signIn, signOut } from './account';
export * from './calls';
export { ApiError, NetworkError } from './client';
export { packEvents, unpackEvents } from './packEvents';
export * from './queries';
export * from './team';
export type * from './types';
