// Sizes in bytes and spans in milliseconds, for a stage that reads like a story.

export const KiB = 1024;
export const MiB = 1024 ** 2;
export const GiB = 1024 ** 3;
export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
