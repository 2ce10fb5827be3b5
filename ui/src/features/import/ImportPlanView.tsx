// Step two: what the file holds, what stands in the way, and every step before it is taken.

import type { CallError, Confirmation, Schema } from "@/api/client";
import { Fact, Facts, Panel } from "@/components/Panel";
import { Name, PlanForm, PlanSteps } from "@/components/PlanForm";
import { bytes, count, counted } from "@/lib/bytes";
import { dialectNames } from "@/lib/text";
import { duration } from "@/lib/time";
import { Findings, ScriptTables } from "./Findings";

interface ImportPlanViewProps {
	plan: Schema["ImportPlan"];
	busy: boolean;
	error: CallError | null;
	onBack: () => void;
	onAgain: () => void;
	onApply: (confirmation: Confirmation) => void;
}

export function ImportPlanView({ plan, busy, error, onBack, onAgain, onApply }: ImportPlanViewProps) {
	const { report } = plan;
	const packed = report.compression !== "none";
	return (
		<PlanForm
			plan={plan}
			warned="Good to know"
			action={plan.safety_backup ? "Take safety backup and import" : "Import"}
			actionTestId="import-start"
			busy={busy}
			error={error}
			onBack={onBack}
			onAgain={onAgain}
			onApply={onApply}
			testId="import-report"
		>
			<Panel title="In the file">
				<Facts wide>
					<Fact name="File">
						<Name text={plan.file} />
					</Fact>
					<Fact name="Dialect">
						{dialectNames[report.dialect]} <span className="text-text-2">({report.dialect_because})</span>
					</Fact>
					<Fact name="Size">
						{bytes(report.text_bytes)} of text, {counted(report.lines, "line")}
						{packed && `, ${bytes(report.file_bytes)} as ${report.compression}`}
					</Fact>
					<Fact name="Statements">
						{count(report.statements)}
						<span className="text-text-2">
							{report.kinds.length > 0 && ": "}
							{report.kinds
								.slice(0, 8)
								.map((each) => `${count(each.count)} ${each.kind}`)
								.join(", ")}
							{report.kinds.length > 8 && `, and ${count(report.kinds.length - 8)} more kinds`}
						</span>
					</Fact>
				</Facts>
				{report.tables.length > 0 && <ScriptTables report={report} />}
			</Panel>
			<Findings title="Refused" findings={report.refused} total={report.refused_total} />
			<Panel title="What will happen">
				<Facts wide>
					<Fact name="Into">
						<Name text={plan.database} /> on {plan.connection_name}
						{plan.into === "new" && "; the live database is not touched"}
						{plan.into === "live" && (
							<>
								, <strong className="font-medium">the live database itself</strong>
							</>
						)}
						{plan.into === "replace" && (
							<>
								, <strong className="font-medium">replacing the live database</strong>
							</>
						)}
					</Fact>
					<Fact name="Steps">
						<PlanSteps steps={plan.steps} />
					</Fact>
					<Fact name="Takes">
						About {duration(plan.estimated_ms)}
						{plan.safety_backup && ", and the safety backup"}; a guess from the size
					</Fact>
					{plan.loses && (
						<Fact name="You lose" bad>
							{plan.loses}
						</Fact>
					)}
				</Facts>
			</Panel>
		</PlanForm>
	);
}
