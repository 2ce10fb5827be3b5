// Short messages in the corner, read out by screen readers. Errors keep their hint and the server's code.

import { toast } from "sonner";
import { toCallError } from "@/api/client";

/** Time to read two sentences. What failed is still told where it was asked for, or in Jobs. */
export const errorStays = 8_000;

export function sayDone(text: string): void {
	toast.success(text);
}

export function sayError(reason: unknown): void {
	const error = toCallError(reason);
	const about = [error.hint, error.native].filter(Boolean).join(" · ");
	toast.error(error.message, { description: about === "" ? undefined : about, duration: errorStays });
}
