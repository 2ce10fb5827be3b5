// Short messages in the corner, read out by screen readers. Errors keep their hint and the server's code.

import { toast } from "sonner";
import { toCallError } from "@/api/client";

export function sayDone(text: string): void {
	toast.success(text);
}

export function sayError(reason: unknown): void {
	const error = toCallError(reason);
	const about = [error.hint, error.native].filter(Boolean).join(" · ");
	toast.error(error.message, { description: about === "" ? undefined : about, duration: 12_000 });
}
