// What a database does not need any more: found, deleted by rules, or a whole table emptied.

import { TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Schema } from "@/api/client";
import { Button } from "@/components/Button";
import { Note } from "@/components/Panel";
import { Candidates } from "./Candidates";
import { ClearedNow } from "./ClearedNow";
import { ClearHistory } from "./ClearHistory";
import { ClearTable } from "./ClearTable";
import { Rules } from "./Rules";

export function CleanupTab({ connection }: { connection: Schema["Connection"] }) {
	const [started, setStarted] = useState<string | null>(null);
	/** Open, with or without a table to begin with. */
	const [clearing, setClearing] = useState<{ first?: string } | null>(null);
	const top = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (started !== null && top.current !== null) top.current.scrollTop = 0;
	}, [started]);
	return (
		<div ref={top} className="scroll-thin flex h-full flex-col gap-3 overflow-y-auto pr-2 pb-4 *:shrink-0">
			{connection.read_only && (
				<Note>
					This connection is read-only: nothing is deleted through it. It can still be looked for unused data.
				</Note>
			)}
			{started !== null && <ClearedNow key={started} jobId={started} onClose={() => setStarted(null)} />}
			<Candidates connection={connection} onClear={(first) => setClearing({ first })} />
			<Rules connection={connection} onStarted={setStarted} />
			<section
				aria-label="Clear a table"
				className="flex items-center gap-4 rounded-lg border border-bad/35 bg-panel px-4 py-3"
			>
				<div className="min-w-0">
					<h2 className="flex items-center gap-1.5 font-semibold">
						<TriangleAlert aria-hidden className="size-3.5 text-bad" />
						Clear a table
					</h2>
					<p className="text-text-2">
						Deletes all its rows, after a proven backup of the whole database and its name typed.
					</p>
				</div>
				<Button
					tone="danger"
					className="ml-auto"
					disabled={connection.read_only}
					onClick={() => setClearing({})}
					data-testid="clear-open"
				>
					Clear a table…
				</Button>
			</section>
			<ClearHistory connection={connection.id} />
			{clearing && (
				<ClearTable
					connection={connection}
					first={clearing.first}
					onStarted={setStarted}
					onClose={() => setClearing(null)}
				/>
			)}
		</div>
	);
}
