import type { Schema } from "@/api/client";

/** Why a backup stays, in words. */
export function reasonText(reason: Schema["KeepReason"]): string {
	switch (reason.kind) {
		case "no_rules":
			return "no rule is set";
		case "pinned":
			return "pinned";
		case "newest_proven":
			return "newest proven one";
		case "newest":
			return "newest one";
		case "last":
			return `number ${reason.place} of the last`;
		case "days":
			return "within the days";
		case "daily":
			return `day ${reason.day}`;
		case "weekly":
			return `week ${reason.week}`;
		case "monthly":
			return `month ${reason.month}`;
		case "yearly":
			return `year ${reason.year}`;
		case "clock_wrong":
			return "its time is doubtful: a clock was wrong";
		case "damaged":
			return "damaged: only you remove it";
	}
}
