export { fetchMe, signIn, signOut } from './account';
export * from './calls';
export { ApiError, NetworkError } from './client';
export * from './queries';
export type * from './types';
