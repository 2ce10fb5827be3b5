// Schedules that most databases want, one press away. Each is only a filled-in form.

import type { CallKind } from "./calls";
import { blankWhen, type WhenDraft } from "./when";

export interface Preset {
	id: string;
	text: string;
	/** Of the schedule, after the database's name. */
	name: string;
	call: CallKind;
	when: WhenDraft;
}

export const presets: readonly Preset[] = [
	{ id: "daily", text: "Full, daily", name: "nightly", call: "full", when: blankWhen },
	{
		id: "weekly",
		text: "Full, weekly",
		name: "weekly",
		call: "full",
		when: { ...blankWhen, way: "weekly", days: ["sun"] },
	},
	{
		id: "often",
		text: "Every 6 hours",
		name: "every 6 hours",
		call: "full",
		when: { ...blankWhen, way: "every", amount: "6", unit: "hours" },
	},
	{
		id: "schema",
		text: "Schema, weekly",
		name: "schema, weekly",
		call: "schema",
		when: { ...blankWhen, way: "weekly", days: ["sun"], time: "03:30" },
	},
	{
		id: "start",
		text: "When Holdfast starts",
		name: "at start",
		call: "full",
		when: { ...blankWhen, way: "start" },
	},
	{
		id: "retention",
		text: "Retention, daily",
		name: "retention",
		call: "retention",
		when: { ...blankWhen, time: "05:00" },
	},
	{
		id: "drill",
		text: "Restore drill, weekly",
		name: "drill",
		call: "drill",
		when: { ...blankWhen, way: "weekly", days: ["sat"], time: "06:00" },
	},
	{
		id: "integrity",
		text: "Integrity, weekly",
		name: "integrity",
		call: "integrity",
		when: { ...blankWhen, way: "weekly", days: ["sat"], time: "01:00" },
	},
	{
		id: "analyze",
		text: "ANALYZE, daily",
		name: "analyze",
		call: "analyze",
		when: { ...blankWhen, time: "04:30" },
	},
	{
		id: "check",
		text: "Vault check, weekly",
		name: "vault check",
		call: "check-decoded",
		when: { ...blankWhen, way: "weekly", days: ["sun"], time: "04:00" },
	},
];
