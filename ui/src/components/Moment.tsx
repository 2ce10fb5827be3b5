// Times and sizes as cells: relative with the absolute time on hover, tabular digits.

import { useSyncExternalStore } from "react";
import { bytes } from "@/lib/bytes";
import { absolute, relative } from "@/lib/time";

const listeners = new Set<() => void>();
let present = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
	// The clock stands still while nobody looks; React asks again right after subscribing.
	if (listeners.size === 0) present = Date.now();
	listeners.add(listener);
	timer ??= setInterval(() => {
		present = Date.now();
		for (const each of listeners) each();
	}, 20_000);
	return () => {
		listeners.delete(listener);
		if (listeners.size === 0 && timer !== undefined) {
			clearInterval(timer);
			timer = undefined;
		}
	};
}

/** The present, moving every 20 seconds: one clock for the whole page. */
export function useNow(): number {
	return useSyncExternalStore(subscribe, () => present);
}

/** What has just happened may be stamped a little after the page's own present, which moves in steps. */
const clocksApart = 40_000;

export function RelativeTime({ at }: { at: number | null | undefined }) {
	const now = useNow();
	if (at == null) return <span className="text-text-3">never</span>;
	return (
		<time dateTime={new Date(at).toISOString()} title={absolute(at)} className="tabular whitespace-nowrap">
			{relative(at, at > now && at - now < clocksApart ? at : now)}
		</time>
	);
}

export function Bytes({ value }: { value: number | null | undefined }) {
	if (value == null) return <span className="text-text-3">unknown</span>;
	return (
		<span className="tabular whitespace-nowrap" title={`${value.toLocaleString("en-GB")} bytes`}>
			{bytes(value)}
		</span>
	);
}
