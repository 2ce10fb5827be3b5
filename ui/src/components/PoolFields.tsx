// Limits of the sessions that are kept open for a connection.

import type { Schema } from "@/api/client";
import { NumberField } from "./NumberField";

interface PoolFieldsProps {
	pool: Schema["PoolSettings"];
	onPool: (pool: Schema["PoolSettings"]) => void;
	disabled?: boolean;
}

export function PoolFields({ pool, onPool, disabled }: PoolFieldsProps) {
	const field = (
		name: keyof Schema["PoolSettings"],
		label: string,
		range: readonly [number, number],
		hint: string,
	) => (
		<NumberField
			label={label}
			value={pool[name]}
			least={range[0]}
			most={range[1]}
			hint={hint}
			disabled={disabled}
			onSave={(value) => onPool({ ...pool, [name]: value })}
		/>
	);
	return (
		<div className="grid grid-cols-1 gap-x-4 gap-y-3 sm:grid-cols-3">
			{field("size", "Stay open", [0, 16], "Sessions that wait for the next use. 0: each use opens its own.")}
			{field("overflow", "More when needed", [0, 16], "At the same time, beyond those; closed after use.")}
			{field("wait_seconds", "Wait for one (seconds)", [1, 300], "Then a use fails and says so.")}
			{field("idle_seconds", "Close when unused (seconds)", [5, 86_400], "Frees a place on the server.")}
			{field("recycle_seconds", "Use at most (seconds)", [60, 86_400], "An older session is replaced.")}
		</div>
	);
}
