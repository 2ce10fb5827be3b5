// What a rule that is being written would delete. Counting a large table takes the server time, so it waits until the
// typing pauses.

import type { Request, Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { useSettled } from "@/components/useSettled";

type Asked = Request<"cleanup.preview">;

export function useLivePreview(request: Asked | null) {
	// Neither the name nor what happens afterwards changes the count.
	const wanted = JSON.stringify(request && { ...request, name: "preview", batch_rows: null, archive: null });
	const settled = useSettled(wanted);
	const asked = JSON.parse(settled) as Asked | null;
	const question = useRead("cleanup.preview", asked ?? nothing, { enabled: asked !== null, staleTime: 0 });
	const waiting = settled !== wanted;
	const answer: Schema["CleanupPreview"] | null =
		request === null || waiting || asked === null ? null : (question.data ?? null);
	return { question, waiting, answer };
}

/** Never sent. */
const nothing: Asked = {
	name: "",
	connection: "",
	table: { name: "" },
	rows: { kind: "matching", condition: "" },
};
