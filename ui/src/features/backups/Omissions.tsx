// Nothing is left out in silence.

import { TriangleAlert } from "lucide-react";
import type { Schema } from "@/api/client";
import { counted } from "@/lib/bytes";

export function Omissions({
	omissions,
	planned,
}: {
	omissions: readonly Schema["Omission"][];
	planned?: boolean;
}) {
	const unwanted = omissions.filter((each) => !each.by_request);
	const wanted = omissions.filter((each) => each.by_request);
	if (omissions.length === 0)
		return (
			<p className="text-text-2">
				Not captured: nothing. Everything in this database {planned ? "will be" : "is"} in the backup.
			</p>
		);
	return (
		<div className="flex flex-col gap-2">
			{unwanted.length > 0 && (
				<div className="rounded-lg border border-warn/35 bg-warn-soft px-3 py-2" data-testid="omissions">
					<p className="flex items-center gap-1.5 font-medium text-warn">
						<TriangleAlert aria-hidden className="size-3.5" />
						Not captured: {counted(unwanted.length, "thing")}, so the backup {planned ? "will be" : "is"}{" "}
						partial
					</p>
					<List omissions={unwanted} />
				</div>
			)}
			{wanted.length > 0 && (
				<div className="rounded-lg border border-line px-3 py-2">
					<p className="font-medium">Left out as you asked</p>
					<List omissions={wanted} />
				</div>
			)}
		</div>
	);
}

function List({ omissions }: { omissions: readonly Schema["Omission"][] }) {
	return (
		<ul className="scroll-thin mt-1 flex max-h-44 flex-col gap-1 overflow-y-auto">
			{omissions.map((each) => (
				<li key={`${each.kind} ${each.name}`} className="wrap-anywhere">
					<span className="text-text-2">{each.kind}</span>{" "}
					<code className="font-mono text-sm">{each.name}</code>
					<span className="text-text-2"> {each.reason}</span>
				</li>
			))}
		</ul>
	);
}
