// What a loss would cost now: time since the last good backup, when one was last proven by a restore, and how long that
// restore took.

import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { RelativeTime, useNow } from "@/components/Moment";
import { ProgressBar } from "@/components/ProgressIndicator";
import { duration } from "@/lib/time";
import { DrillButton, useDrill } from "./Drill";

export function Recovery({ connection }: { connection: Schema["Connection"] }) {
	const overview = useRead("overview.get", {});
	const running = useDrill(connection);
	const now = useNow();
	const own = overview.data?.databases.find((each) => each.connection.id === connection.id);
	if (own === undefined || own.last_backup == null) return null;
	const { last_backup, last_proven } = own;
	const restore = last_proven?.restore_ms ?? own.restore_ms;
	return (
		<section
			aria-label="Recovery"
			data-testid="recovery"
			className="flex shrink-0 items-center gap-x-7 gap-y-1 rounded-lg border border-line bg-panel px-4 py-2"
		>
			<dl className="flex min-w-0 flex-wrap gap-x-7 gap-y-1">
				<Figure name="Data at risk">
					{now - last_backup.created_at_ms < 60_000 ? "< 1 min" : duration(now - last_backup.created_at_ms)}
				</Figure>
				<Figure name="Last proven">
					{last_proven ? (
						<>
							<RelativeTime at={last_proven.proven_at_ms} />
							{last_proven.backup_id !== last_backup.id && (
								<span className="font-normal text-text-2">
									, backup of <RelativeTime at={last_proven.backup_made_at_ms} />
								</span>
							)}
						</>
					) : (
						<span className="text-warn">never</span>
					)}
				</Figure>
				<Figure name="Time to restore">
					{restore == null ? (
						<span className="font-normal text-text-3">not measured</span>
					) : (
						duration(restore)
					)}
				</Figure>
			</dl>
			<div className="ml-auto flex shrink-0 items-center gap-3">
				{running && (
					<ProgressBar progress={running.progress} label={running.title} className="w-[90px] xl:w-[140px]" />
				)}
				<DrillButton connection={connection} />
			</div>
		</section>
	);
}

function Figure({ name, children }: { name: string; children: React.ReactNode }) {
	return (
		<div className="min-w-0">
			<dt className="text-sm text-text-2">{name}</dt>
			<dd className="tabular font-medium">{children}</dd>
		</div>
	);
}
