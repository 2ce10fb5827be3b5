import { clsx } from "clsx";

/** Class names that may be absent. */
export const classes = clsx;
