import type { Schema } from "@/api/client";
import type { Tone } from "./Badge";

const tones: Record<Schema["HealthState"], Tone> = {
	healthy: "ok",
	warning: "warn",
	down: "bad",
	unknown: "neutral",
};

export function healthTone(state: Schema["HealthState"]): Tone {
	return tones[state];
}
