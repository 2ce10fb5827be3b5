import type { Schema } from "@/api/client";

/** Who is connected, as people recognise it. */
export function Sessions({ sessions }: { sessions: readonly Schema["ServerSession"][] }) {
	return (
		<details className="mt-0.5">
			<summary className="w-fit rounded-sm text-sm text-text-2 hover:text-text">Who they are</summary>
			<ul className="scroll-thin mt-1 max-h-36 overflow-y-auto text-sm">
				{sessions.map((each) => (
					<li key={each.id} className="flex gap-3 border-line-soft border-b py-0.5 last:border-0">
						<span className="tabular w-12 shrink-0 text-right text-text-2">{each.id}</span>
						<span className="w-28 shrink-0 truncate">{each.user ?? ""}</span>
						<span className="w-28 shrink-0 truncate text-text-2">{each.application ?? ""}</span>
						<span className="w-24 shrink-0 truncate text-text-2">{each.client ?? "local"}</span>
						<span className="text-text-2">{each.state ?? ""}</span>
					</li>
				))}
			</ul>
		</details>
	);
}
