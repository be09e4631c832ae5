/** How often a change is tried again when the job changed between two looks at it. */
export const maxLooks = 5;
