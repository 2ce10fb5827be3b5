import type { Schema } from "@/api/client";
import { Fact, Facts } from "@/components/Panel";
import { bytes, counted, savedPercent } from "@/lib/bytes";
import { serverName } from "@/lib/text";
import { absolute, duration } from "@/lib/time";
import { plural } from "./BackupOptions";

/** Of a backup that is not one of the whole database. */
const kinds: Record<Schema["BackupKind"], string> = {
	full: "Chosen tables only",
	schema: "Schema only, no rows",
	data: "Data only, no structure",
};

export function BackupFacts({ detail, wide }: { detail: Schema["BackupDetail"]; wide?: boolean }) {
	const { backup, server, position, omissions, object_counts } = detail;
	const saved = savedPercent(backup.stored_bytes, backup.size_bytes);
	const holds =
		object_counts.length > 0
			? object_counts.map((each) => counted(each.count, each.kind, plural(each.kind)))
			: [counted(backup.table_count, "table")];
	return (
		<Facts>
			{backup.whole === false && <Fact name="Kind">{kinds[backup.kind]}</Fact>}
			{wide && detail.can_restore && <Fact name="Restores">{detail.can_restore}</Fact>}
			<Fact name="Snapshot">
				{absolute(backup.created_at_ms)}
				{position && (
					<span className="block text-text-2">
						{position.kind.toUpperCase().replaceAll("_", " ")}{" "}
						<code className="font-mono text-sm">{position.value}</code>
					</span>
				)}
			</Fact>
			{server && <Fact name="Source">{`${serverName(server)}, database ${backup.database}`}</Fact>}
			<Fact name="Holds">
				{[...holds.slice(0, wide ? 12 : 3), counted(backup.row_count, "row")].join(", ")}
			</Fact>
			<Fact name="New bytes">
				{backup.stored_bytes === 0
					? `none of ${bytes(backup.size_bytes)}; the vault held all of it already`
					: `${bytes(backup.stored_bytes)} of ${bytes(backup.size_bytes)}${saved ? ` (${saved} saved)` : ""}`}
			</Fact>
			{backup.duration_ms != null && <Fact name="Took">{duration(backup.duration_ms)}</Fact>}
			<Fact name="Sealed with">
				AES-256-GCM, zstd{"\u00a0"}
				{backup.compression}
			</Fact>
			{!wide && (
				<Fact name="Not captured">
					{omissions.length === 0 ? "nothing" : counted(omissions.length, "thing")}
				</Fact>
			)}
			{wide && (
				<Fact name="Id">
					<code className="font-mono text-sm select-all">{backup.id}</code>
				</Fact>
			)}
		</Facts>
	);
}
