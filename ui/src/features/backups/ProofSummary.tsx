// The newest proof in one box: what was done, when, on what, with which numbers. Never more than the record says.

import type { Schema } from "@/api/client";
import { levelText } from "@/components/LevelBadge";
import { RelativeTime } from "@/components/Moment";
import { proofHolds } from "@/components/ProofTable";
import { count, counted } from "@/lib/bytes";
import { serverName } from "@/lib/text";
import { duration } from "@/lib/time";

export function ProofSummary({ detail }: { detail: Schema["BackupDetail"] }) {
	const { backup, proofs } = detail;
	const newest = proofs[0];
	if (backup.level == null) return null;
	if (newest === undefined)
		return (
			<Box
				tone="plain"
				title={`${levelText(backup.level)}, not proven`}
				text="It was never loaded into a database. Prove it to know that it restores."
			/>
		);
	if (!newest.passed)
		return (
			<Box tone="bad" title="The last check failed">
				<RelativeTime at={newest.started_at_ms} />
				{newest.problems.length > 0 && `: ${newest.problems[0]}`}
				{newest.problems.length > 1 && ` And ${counted(newest.problems.length - 1, "more problem")}.`}
			</Box>
		);
	const proven = proofs.find((each) => each.level === "restored" && each.passed);
	if (proven === undefined)
		return (
			<Box tone="plain" title={`${levelText(newest.level)}, not proven to restore`}>
				Checked <RelativeTime at={newest.started_at_ms} /> in {duration(newest.duration_ms)}. It was never
				loaded into a database.
				{newest.not_restored && (
					<span className="mt-1 block" data-testid="not-restored">
						Why: {newest.not_restored.message} {newest.not_restored.hint}
					</span>
				)}
			</Box>
		);
	const equal = proven.tables.filter(proofHolds).length;
	const rows = proven.tables.reduce((sum, each) => sum + (each.found_rows ?? 0), 0);
	return (
		<Box tone="ok" title="Proven to restore">
			<RelativeTime at={proven.started_at_ms} /> in {duration(proven.restore_ms ?? proven.duration_ms)}
			{proven.server && ` on ${serverName(proven.server)}`}: {count(equal)} of{" "}
			{counted(proven.tables.length, "table")}, {counted(rows, "row")}
			{equal === proven.tables.length ? ", every content hash equal" : ""}
		</Box>
	);
}

const looks = {
	ok: ["border-ok/45 bg-ok-soft", "text-ok"],
	bad: ["border-bad/45 bg-bad-soft", "text-bad"],
	plain: ["border-line bg-line-soft", "text-text"],
} as const;

function Box({
	tone,
	title,
	text,
	children,
}: {
	tone: keyof typeof looks;
	title: string;
	text?: string;
	children?: React.ReactNode;
}) {
	const [frame, ink] = looks[tone];
	return (
		<div className={`rounded-md border px-3 py-2 ${frame}`} data-testid="proof-summary" data-tone={tone}>
			<p className={`font-semibold ${ink}`}>{title}</p>
			<p className="text-text-2 wrap-anywhere">{text ?? children}</p>
		</div>
	);
}
