// How far a backup is proven. The badge never claims more than was done: no level without a finished check, damage
// before any level, and what is not captured is said beside it.

import type { Schema } from "@/api/client";
import { absolute } from "@/lib/time";
import { Badge, type Tone } from "./Badge";
import { classes } from "./classes";

type Facts = Pick<Schema["Backup"], "state" | "level" | "level_at_ms" | "damaged" | "omission_count">;

const levels: Record<Schema["Level"], { text: string; tone: Tone; pips: number; means: string }> = {
	stored: {
		text: "Stored",
		tone: "neutral",
		pips: 1,
		means: "All objects are in the vault and their hashes match. Nothing was decoded or loaded yet.",
	},
	decoded: {
		text: "Decoded",
		tone: "accent",
		pips: 2,
		means:
			"Every chunk decrypts, decompresses and has the right content. It was not loaded into a database yet.",
	},
	restored: {
		text: "Restored",
		tone: "ok",
		pips: 3,
		means:
			"It was loaded into a scratch database: row counts and content hashes of every table equal the snapshot's.",
	},
};

const unfinished: Partial<Record<Schema["BackupState"], { text: string; tone: Tone; means: string }>> = {
	running: { text: "Running", tone: "accent", means: "It is being made and cannot be used yet." },
	failed: { text: "Failed", tone: "bad", means: "It did not finish. There is nothing to restore." },
	cancelled: { text: "Cancelled", tone: "neutral", means: "It was stopped. There is nothing to restore." },
	interrupted: {
		text: "Interrupted",
		tone: "warn",
		means: "Holdfast ended while it was being made. There is nothing to restore.",
	},
};

export function LevelBadge({ backup }: { backup: Facts }) {
	const stopped = unfinished[backup.state];
	if (stopped)
		return (
			<Badge tone={stopped.tone} title={stopped.means}>
				{stopped.text}
			</Badge>
		);
	if (backup.damaged)
		return (
			<Badge tone="bad" title="The last check found damage; this backup may not restore.">
				Damaged
			</Badge>
		);
	const level = backup.level == null ? null : levels[backup.level];
	const when = backup.level_at_ms == null ? "" : ` Checked ${absolute(backup.level_at_ms)}.`;
	return (
		<span className="inline-flex items-center gap-1">
			{level === null ? (
				<Badge tone="warn" title="No check has finished yet.">
					Unchecked
				</Badge>
			) : (
				<Badge tone={level.tone} title={level.means + when}>
					<Pips filled={level.pips} />
					{level.text}
				</Badge>
			)}
			{backup.state === "partial" && (
				<Badge
					tone="warn"
					title={`${backup.omission_count} thing(s) in the source are not captured; open the backup to see which.`}
				>
					Partial
				</Badge>
			)}
		</span>
	);
}

/** Three steps, so that the level can be told without colour. */
function Pips({ filled }: { filled: number }) {
	return (
		<span aria-hidden className="inline-flex items-end gap-[1.5px]">
			{[1, 2, 3].map((step) => (
				<span
					key={step}
					className={classes("w-[2.5px] rounded-[1px] bg-current", step > filled && "opacity-25")}
					style={{ height: 3 + step * 2 }}
				/>
			))}
		</span>
	);
}

export function levelText(level: Schema["Level"]): string {
	return levels[level].text;
}
