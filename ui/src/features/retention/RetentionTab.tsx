// Which backups of a database stay: the rules, and before anything goes, what they would do and why.

import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { ConfirmationDialog } from "@/components/ConfirmationDialog";
import { TextField } from "@/components/Field";
import { Note, Panel } from "@/components/Panel";
import { PlanGate } from "@/components/PlanGate";
import { Answered, ErrorState } from "@/components/States";
import { sayDone } from "@/components/say";
import { bytes, counted } from "@/lib/bytes";
import { Going, Staying } from "./Verdicts";

type Rules = Schema["RetentionRules"];

const fields: readonly { rule: keyof Rules; label: string; after: string }[] = [
	{ rule: "keep_last", label: "Keep the last", after: "backups" },
	{ rule: "keep_days", label: "All of the last", after: "days" },
	{ rule: "daily", label: "One a day for", after: "days" },
	{ rule: "weekly", label: "One a week for", after: "weeks" },
	{ rule: "monthly", label: "One a month for", after: "months" },
	{ rule: "yearly", label: "One a year for", after: "years" },
];

export function RetentionTab({ connection }: { connection: Schema["Connection"] }) {
	const question = useRead("retention.get", { connection: connection.id });
	return (
		<div className="scroll-thin h-full overflow-y-auto pr-2 pb-4">
			<Answered question={question} rows={5}>
				{(set) => <Rules key={JSON.stringify(set)} connection={connection} set={set} />}
			</Answered>
		</div>
	);
}

function Rules({ connection, set }: { connection: Schema["Connection"]; set: Schema["Retention"] }) {
	const [text, setText] = useState<Record<string, string>>(() =>
		Object.fromEntries(fields.map(({ rule }) => [rule, set.rules[rule]?.toString() ?? ""])),
	);
	const [zone, setZone] = useState(set.zone);
	const [applying, setApplying] = useState(false);
	const bad = fields.filter(({ rule }) => !/^\d{0,4}$/.test(text[rule] ?? "")).map(({ rule }) => rule);
	const rules: Rules = Object.fromEntries(
		fields.map(({ rule }) => [rule, text[rule] === "" ? null : Number(text[rule])]),
	);
	const changed =
		fields.some(({ rule }) => (rules[rule] ?? null) !== (set.rules[rule] ?? null)) || zone !== set.zone;
	const none = fields.every(({ rule }) => rules[rule] == null);
	const tried = useDeferredValue(JSON.stringify(rules));
	const plan = useRead(
		"retention.plan",
		{ connection: connection.id, rules: JSON.parse(tried) as Rules },
		{ enabled: bad.length === 0, staleTime: 0 },
	);
	const save = useAct("retention.set", () => sayDone("The rules are saved."));
	return (
		<div className="grid items-start gap-3 xl:grid-cols-[330px_minmax(0,1fr)] xl:gap-4">
			<form
				onSubmit={(event) => {
					event.preventDefault();
					if (changed && bad.length === 0)
						save.mutate({ request: { connection: connection.id, rules, zone } });
				}}
			>
				<Panel title="What stays">
					<div className="flex flex-col gap-2.5">
						<p className="text-sm text-text-2">A backup stays when any rule wants it. Empty: no such rule.</p>
						{set.of_group != null && (
							<p className="text-sm" data-testid="retention-of-group">
								Rules of the group <strong className="font-medium">{set.of_group}</strong>. Saving gives{" "}
								{connection.name} its own.
							</p>
						)}
						<div className="grid grid-cols-4 gap-x-4 gap-y-2.5 xl:grid-cols-2">
							{fields.map(({ rule, label, after }) => (
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
						{save.error && <ErrorState error={save.error} compact />}
						<Button
							tone="primary"
							type="submit"
							className="self-end"
							disabled={!changed || bad.length > 0}
							busy={save.isPending}
							data-testid="retention-save"
						>
							Save rules
						</Button>
					</div>
				</Panel>
			</form>
			<div className="flex min-w-0 flex-col gap-3">
				{set.rules && !none && !changed && <NothingRuns connection={connection} />}
				<Answered question={plan} rows={6}>
					{(data) => (
						<>
							<Panel
								title={changed ? "With these rules" : "Now"}
								aside={
									<Button
										tone="danger"
										disabled={changed || data.going.length === 0}
										title={changed ? "Save the rules first" : undefined}
										onClick={() => setApplying(true)}
										data-testid="retention-apply"
									>
										Delete {data.going.length > 0 ? counted(data.going.length, "backup") : "them"}…
									</Button>
								}
							>
								<p data-testid="retention-summary">
									{data.summary}{" "}
									{data.going.length > 0 && (
										<span className="text-text-2">
											They added {bytes(data.frees_bytes)}; what others share stays.
										</span>
									)}
								</p>
							</Panel>
							{data.going.length > 0 && <Going backups={data.going} />}
							<Staying staying={data.staying} />
						</>
					)}
				</Answered>
			</div>
			{applying && <Apply connection={connection} onClose={() => setApplying(false)} />}
		</div>
	);
}

/** Rules that nothing carries out are worth a word. */
function NothingRuns({ connection }: { connection: Schema["Connection"] }) {
	const navigate = useNavigate();
	const schedules = useRead("schedule.list", {});
	const runs = (schedules.data?.schedules ?? []).some(
		(each) => each.operation === "retention.run" && each.connection_id === connection.id && each.enabled,
	);
	if (schedules.data === undefined || runs) return null;
	return (
		<Note>
			<span className="flex items-center gap-3">
				<span>No schedule carries these rules out; old backups go only when you delete them here.</span>
				<Button
					small
					className="ml-auto"
					onClick={() =>
						void navigate({
							to: "/schedules/new",
							search: { connection: connection.id, preset: "retention" },
						})
					}
				>
					Run daily…
				</Button>
			</span>
		</Note>
	);
}

function Apply({ connection, onClose }: { connection: Schema["Connection"]; onClose: () => void }) {
	const apply = useAct("retention.apply", (outcome) => {
		sayDone(`${counted(outcome.deleted.length, "backup")} deleted, ${outcome.kept} kept.`);
		onClose();
	});
	const title = `Delete old backups of ${connection.name}?`;
	return (
		<PlanGate
			operation="retention.plan"
			request={{ connection: connection.id }}
			title={title}
			onClose={onClose}
		>
			{(plan) => (
				<ConfirmationDialog
					title={title}
					about={plan.summary}
					action={`Delete ${counted(plan.going.length, "backup")}`}
					digest={plan.digest}
					busy={apply.isPending}
					error={apply.error}
					wide
					onClose={onClose}
					onConfirm={(confirmation) => apply.mutate({ request: { plan_id: plan.plan_id }, confirmation })}
				>
					<Going backups={plan.going} />
				</ConfirmationDialog>
			)}
		</PlanGate>
	);
}
