// Step two: everything that will happen, in numbers, before it happens.

import { OctagonX, TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { CallError, Confirmation, Schema } from "@/api/client";
import { Button } from "@/components/Button";
import { nameAgrees, TypedName } from "@/components/ConfirmationDialog";
import { LevelBadge } from "@/components/LevelBadge";
import { Fact, Facts, Panel } from "@/components/Panel";
import { ErrorState } from "@/components/States";
import { bytes, count, counted } from "@/lib/bytes";
import { duration } from "@/lib/time";
import { ChosenTables } from "./ChosenTables";
import { MissingRoles } from "./MissingRoles";
import { Sessions } from "./Sessions";

interface PlanViewProps {
	plan: Schema["RestorePlan"];
	busy: boolean;
	error: CallError | null;
	onBack: () => void;
	/** Plan again, because something has moved. */
	onAgain: () => void;
	/** Plan again, with or without the roles that the server lacks. */
	onGlobals: (globals: boolean) => void;
	onApply: (confirmation: Confirmation) => void;
}

export function PlanView({ plan, busy, error, onBack, onAgain, onGlobals, onApply }: PlanViewProps) {
	const [typed, setTyped] = useState("");
	const blocked = plan.blockers.length > 0;
	const name = plan.confirm_name ?? null;
	const agreed = !blocked && nameAgrees(name, typed);
	const tables = (plan.chosen ?? []).length > 0;
	const action = plan.safety_backup ? "Take safety backup and restore" : "Restore and prove";
	return (
		<form
			className="flex flex-col gap-3.5"
			onSubmit={(event) => {
				event.preventDefault();
				if (agreed) onApply(name === null ? { digest: plan.digest } : { digest: plan.digest, name: typed });
			}}
		>
			{blocked && <Blockers blockers={plan.blockers} />}
			<Panel>
				<Facts wide>
					<Fact name="Into">
						{tables ? (
							<>
								<Name text={plan.database} /> on {plan.connection_name},{" "}
								{plan.replace ? (
									<strong className="font-medium">replacing tables of the live database</strong>
								) : (
									"beside its own tables"
								)}
							</>
						) : plan.replace ? (
							<>
								<Name text={plan.database} /> on {plan.connection_name},{" "}
								<strong className="font-medium">replacing the live database</strong>
							</>
						) : (
							<>
								<Name text={plan.database} /> on {plan.connection_name}; the live database is not touched
							</>
						)}
					</Fact>
					<Fact name="Brings back">
						{counted(plan.tables, "table")}, {counted(plan.rows, "row")}, {bytes(plan.size_bytes)}{" "}
						<LevelBadge backup={plan.backup} />
					</Fact>
					{!tables && (
						<Fact name="Takes">
							{plan.estimated_ms == null
								? "Not measured yet; proving the backup once tells"
								: `About ${duration(plan.estimated_ms)}, as measured by the last proof`}
						</Fact>
					)}
					{tables && (
						<Fact name="Tables">
							<ChosenTables tables={plan.chosen ?? []} />
						</Fact>
					)}
					<Fact name="Steps">
						<ol className="flex list-decimal flex-col gap-0.5 pl-4">
							{plan.steps.map((step) => (
								<li key={step}>{step}</li>
							))}
						</ol>
					</Fact>
					<MissingRoles plan={plan} onGlobals={onGlobals} />
					{plan.sessions_to_end.length > 0 && (
						<Fact name="Sessions">
							{counted(plan.sessions_to_end.length, "session")} end at the swap
							<Sessions sessions={plan.sessions_to_end} />
						</Fact>
					)}
					{plan.loses && (
						<Fact name="You lose" bad>
							{plan.loses}
						</Fact>
					)}
					<Fact name="Undo">
						{plan.kept_as ? (
							<>
								One click, until you release <Name text={plan.kept_as} />
							</>
						) : (
							"Nothing to undo: only something new is made"
						)}
					</Fact>
				</Facts>
			</Panel>
			{plan.warnings.length > 0 && (
				<div className="rounded-lg border border-warn/35 bg-warn-soft px-4 py-2.5">
					<p className="flex items-center gap-1.5 font-medium text-warn">
						<TriangleAlert aria-hidden className="size-3.5" />
						{tables ? "To know before it starts" : "It will differ from the source"}
					</p>
					<ul className="mt-1 flex flex-col gap-0.5">
						{plan.warnings.map((warning) => (
							<li key={warning} className="wrap-anywhere">
								{warning}
							</li>
						))}
					</ul>
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
					<Button tone="primary" type="submit" disabled={!agreed} busy={busy} data-testid="restore-start">
						{action}
					</Button>
				</div>
			</div>
		</form>
	);
}

function Blockers({ blockers }: { blockers: readonly string[] }) {
	return (
		<div
			role="alert"
			className="rounded-lg border border-bad/40 bg-bad-soft px-4 py-2.5"
			data-testid="blockers"
		>
			<p className="flex items-center gap-1.5 font-medium text-bad">
				<OctagonX aria-hidden className="size-4" />
				{blockers.length === 1
					? "This stands in the way"
					: `${count(blockers.length)} things stand in the way`}
			</p>
			<ul className="mt-1 flex flex-col gap-0.5">
				{blockers.map((blocker) => (
					<li key={blocker} className="wrap-anywhere">
						{blocker}
					</li>
				))}
			</ul>
		</div>
	);
}

function Name({ text }: { text: string }) {
	return <code className="font-mono text-sm wrap-anywhere">{text}</code>;
}
