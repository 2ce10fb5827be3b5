// The fields of retention rules, and the zone whose midnight divides days.

import { TextField } from "@/components/Field";
import { type RulesDraft, ruleFields } from "./rulesDraft";

export function RulesFields({ draft }: { draft: RulesDraft }) {
	const { text, setText, zone, setZone, bad } = draft;
	return (
		<>
			<div className="grid grid-cols-4 gap-x-4 gap-y-2.5 xl:grid-cols-2">
				{ruleFields.map(({ rule, label, after }) => (
					<TextField
						key={rule}
						label={label}
						inputMode="numeric"
						value={text[rule] ?? ""}
						aria-invalid={bad.includes(rule) || undefined}
						onText={(value) => setText({ ...text, [rule]: value.trim() })}
						after={<span className="w-14 shrink-0 text-sm text-text-2">{after}</span>}
						data-testid={`rule-${rule}`}
					/>
				))}
				<TextField
					className="col-span-2"
					label="Days end at midnight of"
					value={zone}
					onText={setZone}
					data-testid="rule-zone"
				/>
			</div>
			{bad.length > 0 && <p className="text-bad text-sm">Whole numbers up to 9999.</p>}
		</>
	);
}
