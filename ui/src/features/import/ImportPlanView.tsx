// Step two: what the file holds, what stands in the way, and every step before it is taken.

import { OctagonX, TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { CallError, Confirmation, Schema } from "@/api/client";
import { Button } from "@/components/Button";
import { nameAgrees, TypedName } from "@/components/ConfirmationDialog";
import { Fact, Facts, Panel } from "@/components/Panel";
import { ErrorState } from "@/components/States";
import { bytes, count, counted } from "@/lib/bytes";
import { duration } from "@/lib/time";
import { Findings, ScriptTables } from "./Findings";

const dialects: Record<Schema["SqlDialect"], string> = {
	postgres: "PostgreSQL",
	mysql: "MySQL or MariaDB",
	sqlite: "SQLite",
};

interface ImportPlanViewProps {
	plan: Schema["ImportPlan"];
	busy: boolean;
	error: CallError | null;
	onBack: () => void;
	onAgain: () => void;
	onApply: (confirmation: Confirmation) => void;
}

export function ImportPlanView({ plan, busy, error, onBack, onAgain, onApply }: ImportPlanViewProps) {
	const [typed, setTyped] = useState("");
	const { report } = plan;
	const blocked = plan.blockers.length > 0;
	const name = plan.confirm_name ?? null;
	const agreed = !blocked && nameAgrees(name, typed);
	const packed = report.compression !== "none";
	return (
		<form
			className="flex flex-col gap-3.5"
			data-testid="import-report"
			onSubmit={(event) => {
				event.preventDefault();
				if (agreed) onApply(name === null ? { digest: plan.digest } : { digest: plan.digest, name: typed });
			}}
		>
			{blocked && (
				<div role="alert" className="rounded-lg border border-bad/40 bg-bad-soft px-4 py-2.5">
					<p className="flex items-center gap-1.5 font-medium text-bad">
						<OctagonX aria-hidden className="size-4" />
						{plan.blockers.length === 1
							? "This stands in the way"
							: `${count(plan.blockers.length)} things stand in the way`}
					</p>
					<Lines lines={plan.blockers} />
				</div>
			)}
			<Panel title="In the file">
				<Facts wide>
					<Fact name="File">
						<Mono>{plan.file}</Mono>
					</Fact>
					<Fact name="Dialect">
						{dialects[report.dialect]} <span className="text-text-2">({report.dialect_because})</span>
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
						<Mono>{plan.database}</Mono> on {plan.connection_name}
						{plan.into === "new" && "; the live database is not touched"}
						{plan.into === "replace" && (
							<>
								, <strong className="font-medium">replacing the live database</strong>
							</>
						)}
					</Fact>
					<Fact name="Steps">
						<ol className="flex list-decimal flex-col gap-0.5 pl-4">
							{plan.steps.map((step) => (
								<li key={step}>{step}</li>
							))}
						</ol>
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
			{plan.warnings.length > 0 && (
				<div className="rounded-lg border border-warn/35 bg-warn-soft px-4 py-2.5">
					<p className="flex items-center gap-1.5 font-medium text-warn">
						<TriangleAlert aria-hidden className="size-3.5" />
						Good to know
					</p>
					<Lines lines={plan.warnings} />
				</div>
			)}
			{error && (
				<ErrorState
					error={error}
					action={
						error.code === "plan_moved" ? (
							<Button small onClick={onAgain}>
								Look again
							</Button>
						) : undefined
					}
				/>
			)}
			<div className="flex flex-wrap items-center gap-x-3 gap-y-2">
				{name !== null && !blocked && <TypedName name={name} typed={typed} onType={setTyped} />}
				<div className="ml-auto flex gap-2">
					{blocked && (
						<Button onClick={onAgain} disabled={busy}>
							Look again
						</Button>
					)}
					<Button onClick={onBack} disabled={busy}>
						Back
					</Button>
					<Button tone="primary" type="submit" disabled={!agreed} busy={busy} data-testid="import-start">
						{plan.safety_backup ? "Take safety backup and import" : "Import"}
					</Button>
				</div>
			</div>
		</form>
	);
}

function Lines({ lines }: { lines: readonly string[] }) {
	return (
		<ul className="mt-1 flex flex-col gap-0.5">
			{lines.map((line) => (
				<li key={line} className="wrap-anywhere">
					{line}
				</li>
			))}
		</ul>
	);
}

function Mono({ children }: { children: ReactNode }) {
	return <code className="font-mono text-sm wrap-anywhere">{children}</code>;
}
