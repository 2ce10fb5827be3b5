// Step two: everything that will happen, in numbers, before it happens.

import type { CallError, Confirmation, Schema } from "@/api/client";
import { LevelBadge } from "@/components/LevelBadge";
import { Fact, Facts, Panel } from "@/components/Panel";
import { Name, PlanForm, PlanSteps } from "@/components/PlanForm";
import { bytes, counted } from "@/lib/bytes";
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
	const tables = (plan.chosen ?? []).length > 0;
	return (
		<PlanForm
			plan={plan}
			warned={tables ? "To know before it starts" : "It will differ from the source"}
			action={plan.safety_backup ? "Take safety backup and restore" : "Restore and prove"}
			actionTestId="restore-start"
			busy={busy}
			error={error}
			onBack={onBack}
			onAgain={onAgain}
			onApply={onApply}
		>
			<Panel>
				<Facts wide>
					<Fact name="Into">
						<Into plan={plan} tables={tables} />
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
						<PlanSteps steps={plan.steps} />
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
		</PlanForm>
	);
}

function Into({ plan, tables }: { plan: Schema["RestorePlan"]; tables: boolean }) {
	const place = (
		<>
			<Name text={plan.database} /> on {plan.connection_name}
		</>
	);
	if (plan.replace)
		return (
			<>
				{place},{" "}
				<strong className="font-medium">
					replacing {tables ? "tables of the live database" : "the live database"}
				</strong>
			</>
		);
	return (
		<>
			{place}
			{tables ? ", beside its own tables" : "; the live database is not touched"}
		</>
	);
}
