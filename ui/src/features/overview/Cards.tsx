// The four numbers at the top: what needs a person, what is proven, what is at risk, how the vault is.

import type { Schema } from "@/api/client";
import { MetricsCard } from "@/components/MetricsCard";
import { useNow } from "@/components/Moment";
import { bytes, savedPercent } from "@/lib/bytes";
import { duration } from "@/lib/time";

export function Cards({ overview }: { overview: Schema["Overview"] }) {
	const now = useNow();
	const { vault, needs_you: needs, most_at_risk: risk } = overview;
	const names = [...new Set(needs.map((each) => each.connection))];
	const saved = savedPercent(vault.stored_bytes, vault.protected_bytes);
	return (
		<div className="mb-4 grid grid-cols-2 gap-3 xl:grid-cols-4">
			<MetricsCard
				title="Needs you"
				tone={names.length > 0 ? "bad" : "ok"}
				value={names.length}
				unit={`of ${overview.databases.length} ${overview.databases.length === 1 ? "database" : "databases"}`}
				why={names.length === 0 ? "Everything answers and is backed up" : needWords(needs)}
			/>
			<MetricsCard
				title="Proven in the last 24 h"
				value={overview.proven_last_24h}
				unit={`of ${overview.backed_up} backed up`}
				why={
					overview.backed_up === 0
						? "Back up a database, then prove it"
						: "Loaded into a scratch database and compared"
				}
			/>
			<MetricsCard
				title="Data at risk now"
				value={risk == null ? "None" : risk.since_ms == null ? "All of it" : sinceThen(now - risk.since_ms)}
				unit={risk?.connection}
				why={
					risk == null
						? "No database is connected"
						: risk.since_ms == null
							? "It was never backed up"
							: "Time since its last good backup"
				}
			/>
			<MetricsCard
				title="Vault"
				tone={vault.state === "open" ? undefined : "warn"}
				value={
					vault.state === "open"
						? bytes(vault.stored_bytes)
						: vault.state === "locked"
							? "Locked"
							: "Unreachable"
				}
				unit={vault.protected_bytes > 0 && `holds ${bytes(vault.protected_bytes)}`}
				why={[saved && `${saved} saved`, vault.free_bytes != null && `${bytes(vault.free_bytes)} free`]
					.filter(Boolean)
					.join("; ")}
			/>
		</div>
	);
}

/** "Wiki: no answer; Sample shop: never backed up": the reasons come as sentences and not always with the name. */
function needWords(needs: readonly Schema["Need"][]): string {
	const words = needs.slice(0, 2).map(({ connection, reason }) => {
		const plain = reason.replace(/\.$/, "");
		return plain.includes(connection)
			? plain
			: `${connection}: ${plain.charAt(0).toLowerCase()}${plain.slice(1)}`;
	});
	const rest = needs.length - words.length;
	return [...words, ...(rest > 0 ? [`${rest} more`] : [])].join("; ");
}
/** A risk is not counted in tenths of seconds. */
function sinceThen(ms: number): string {
	return ms < 60_000 ? "< 1 min" : duration(ms);
}
