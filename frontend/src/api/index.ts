export { fetchMe, signIn, signOut } from './account';
export * from './calls';
export { ApiError, NetworkError } from './client';
export * from './dashboards';
export { packEvents, unpackEvents } from './packEvents';
export * from './queries';
export * from './reviewing';
export * from './team';
export type * from './types';
