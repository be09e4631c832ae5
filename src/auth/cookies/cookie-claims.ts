/** Names of the two cookies of compat `POST /jobs`. */
export const cookieNames = { authorization: 'authorization', userInfo: 'user-info' } as const;

/** Claims of their tokens. */
export const cookieClaims = {
  role: 'accreditation/role',
  userId: 'user/uuid',
  firstName: 'user/firstName',
  lastName: 'user/lastName',
} as const;

/** The only role that may start jobs with cookies. */
export const dataAdministrator = 'role/dataadministrator';

/** The audience of the authorization cookie, by the setting `STACK`. */
export const cookieAudience = (stack: string | null): string => (stack === 'qa' ? 'datastore-qa' : 'datastore');
