// Which backups of a database stay: the rules, and before anything goes, what they would do and why.

import { useDeferredValue, useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { ConfirmationDialog } from "@/components/ConfirmationDialog";
import { ConsentNote } from "@/components/ConsentNote";
import { Panel } from "@/components/Panel";
import { PlanGate } from "@/components/PlanGate";
import { Answered } from "@/components/States";
import { sayDone } from "@/components/say";
import { bytes, counted } from "@/lib/bytes";
import { AgreeToRules } from "./AgreeToRules";
import { NothingRuns } from "./NothingRuns";
import { OfGroup } from "./OfGroup";
import { RulesFields } from "./RulesFields";
import { useRulesDraft } from "./rulesDraft";
import { Going, Staying } from "./Verdicts";

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
	const draft = useRulesDraft(set);
	const { rules, zone, bad, changed, none } = draft;
	const [applying, setApplying] = useState(false);
	const tried = useDeferredValue(JSON.stringify(rules));
	const plan = useRead(
		"retention.plan",
		{ connection: connection.id, rules: JSON.parse(tried) as Schema["RetentionRules"] },
		{ enabled: bad.length === 0, staleTime: 0 },
	);
	const [agreeing, setAgreeing] = useState(false);
	return (
		<div className="grid items-start gap-3 xl:grid-cols-[330px_minmax(0,1fr)] xl:gap-4">
			<form
				onSubmit={(event) => {
					event.preventDefault();
					if (changed && bad.length === 0) setAgreeing(true);
				}}
			>
				<Panel title="What stays">
					<div className="flex flex-col gap-2.5">
						<p className="text-sm text-text-2">A backup stays when any rule wants it. Empty: no such rule.</p>
						<OfGroup connection={connection} set={set} />
						<RulesFields draft={draft} />
						<ConsentNote
							consent={set.consent}
							most={(most) => counted(most, "backup")}
							onAgree={changed ? undefined : () => setAgreeing(true)}
						/>
						<Button
							tone="primary"
							type="submit"
							className="self-end"
							disabled={!changed || bad.length > 0}
							data-testid="retention-save"
						>
							Save rules…
						</Button>
					</div>
				</Panel>
			</form>
			<div className="flex min-w-0 flex-col gap-3">
				{set.rules && !none && !changed && <NothingRuns connection={connection} />}
				<Answered question={plan} rows={6}>
					{(data) => <WouldGo plan={data} changed={changed} onApply={() => setApplying(true)} />}
				</Answered>
			</div>
			{agreeing && (
				<AgreeToRules
					connection={connection}
					request={
						!changed && set.of_group != null
							? { connection: connection.id, rules: {}, inherit: true }
							: { connection: connection.id, rules, zone }
					}
					onClose={() => setAgreeing(false)}
				/>
			)}
			{applying && <Apply connection={connection} onClose={() => setApplying(false)} />}
		</div>
	);
}

interface WouldGoProps {
	plan: Schema["RetentionPlan"];
	/** The rules that are shown are not saved yet. */
	changed: boolean;
	onApply: () => void;
}

function WouldGo({ plan, changed, onApply }: WouldGoProps) {
	return (
		<>
			<Panel
				title={changed ? "With these rules" : "Now"}
				aside={
					<Button
						tone="danger"
						disabled={changed || plan.going.length === 0}
						title={changed ? "Save the rules first" : undefined}
						onClick={onApply}
						data-testid="retention-apply"
					>
						Delete {plan.going.length > 0 ? counted(plan.going.length, "backup") : "them"}…
					</Button>
				}
			>
				<p data-testid="retention-summary">
					{plan.summary}{" "}
					{plan.going.length > 0 && (
						<span className="text-text-2">
							They added {bytes(plan.frees_bytes)}; what others share stays.
						</span>
					)}
				</p>
			</Panel>
			{plan.going.length > 0 && <Going backups={plan.going} />}
			<Staying staying={plan.staying} />
		</>
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
