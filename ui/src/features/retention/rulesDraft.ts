// Retention rules while they are typed: of one database or of a group.

import { useState } from "react";
import type { Schema } from "@/api/client";

type Rules = Schema["RetentionRules"];

export const ruleFields: readonly { rule: keyof Rules; label: string; after: string }[] = [
	{ rule: "keep_last", label: "Keep the last", after: "backups" },
	{ rule: "keep_days", label: "All of the last", after: "days" },
	{ rule: "daily", label: "One a day for", after: "days" },
	{ rule: "weekly", label: "One a week for", after: "weeks" },
	{ rule: "monthly", label: "One a month for", after: "months" },
	{ rule: "yearly", label: "One a year for", after: "years" },
];

export interface RulesDraft {
	text: Record<string, string>;
	setText: (text: Record<string, string>) => void;
	zone: string;
	setZone: (zone: string) => void;
	/** Fields that hold no number. */
	bad: (keyof Rules)[];
	rules: Rules;
	/** It differs from what is set. */
	changed: boolean;
	/** No rule at all: everything stays. */
	none: boolean;
}

export function useRulesDraft(set: { rules: Rules; zone: string }): RulesDraft {
	const [text, setText] = useState<Record<string, string>>(() =>
		Object.fromEntries(ruleFields.map(({ rule }) => [rule, set.rules[rule]?.toString() ?? ""])),
	);
	const [zone, setZone] = useState(set.zone);
	const bad = ruleFields.filter(({ rule }) => !/^\d{0,4}$/.test(text[rule] ?? "")).map(({ rule }) => rule);
	const rules: Rules = Object.fromEntries(
		ruleFields.map(({ rule }) => [rule, text[rule] === "" ? null : Number(text[rule])]),
	);
	const differs = ruleFields.some(({ rule }) => (rules[rule] ?? null) !== (set.rules[rule] ?? null));
	return {
		text,
		setText,
		zone,
		setZone,
		bad,
		rules,
		changed: differs || zone !== set.zone,
		none: ruleFields.every(({ rule }) => rules[rule] == null),
	};
}
