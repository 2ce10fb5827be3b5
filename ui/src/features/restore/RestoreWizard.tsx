// Restore in steps: target, what will happen, restore and prove. Numbers before anything happens.

import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { EnvironmentChip } from "@/components/EnvironmentChip";
import { LevelBadge } from "@/components/LevelBadge";
import { Page } from "@/components/Page";
import { Answered, ErrorState } from "@/components/States";
import { Steps } from "@/components/Steps";
import { absolute } from "@/lib/time";
import { PlanView } from "./PlanView";
import { blankTarget, type TargetDraft, TargetForm, targetRequest } from "./TargetForm";

interface RestoreWizardProps {
	backupId: string;
	/** Begin with this table chosen. */
	table?: string;
}

export function RestoreWizard({ backupId, table }: RestoreWizardProps) {
	const navigate = useNavigate();
	const detail = useRead("backup.get", { backup: backupId });
	const connections = useRead("connection.list", {});
	const [target, setTarget] = useState<TargetDraft>(
		table === undefined ? blankTarget : { ...blankTarget, what: "tables", tables: [table] },
	);
	const plan = useAct("restore.plan");
	const apply = useAct(
		"restore.apply",
		({ id }) => void navigate({ to: "/restores/$restoreId", params: { restoreId: id }, replace: true }),
	);
	const backup = detail.data?.backup;
	const to = connections.data?.connections.find((each) => each.id === (target.to || backup?.connection_id));
	const look = (backup: Schema["Backup"], wanted = target) => {
		apply.reset();
		setTarget(wanted);
		plan.mutate({ request: targetRequest(backup, wanted) });
	};
	const step = plan.data === undefined ? 0 : 1;
	const replace = plan.data?.replace ?? target.way === "replace";
	return (
		<Page
			title={backup ? `Restore "${backup.name}"` : "Restore"}
			beside={backup && <Beside backup={backup} to={to} />}
			actions={
				<Cancel backupId={backupId} backup={backup} connections={connections.data?.connections ?? []} />
			}
		>
			<div className="flex max-w-[820px] flex-col gap-3.5">
				<Steps
					names={["Target", "What will happen", "Restore and prove", replace ? "Swap" : "Done"]}
					at={step}
				/>
				<Answered question={detail} rows={5}>
					{(loaded) =>
						plan.data === undefined ? (
							<>
								<Answered question={connections} rows={3}>
									{(list) => (
										<TargetForm
											backup={loaded.backup}
											canRestore={loaded.can_restore}
											tables={loaded.tables}
											connections={list.connections}
											target={target}
											onTarget={setTarget}
											// The list may have chosen for the person: what was shown is what is asked for.
											onNext={(to) => look(loaded.backup, { ...target, to })}
											busy={plan.isPending}
										/>
									)}
								</Answered>
								{plan.error && <ErrorState error={plan.error} onRetry={() => look(loaded.backup)} />}
							</>
						) : (
							<PlanView
								key={plan.data.plan_id}
								plan={plan.data}
								busy={apply.isPending}
								error={apply.error}
								onBack={() => {
									apply.reset();
									plan.reset();
								}}
								onAgain={() => look(loaded.backup)}
								onGlobals={(globals) => look(loaded.backup, { ...target, globals })}
								onApply={(confirmation) =>
									apply.mutate({ request: { plan_id: plan.data.plan_id }, confirmation })
								}
							/>
						)
					}
				</Answered>
			</div>
		</Page>
	);
}

interface BesideProps {
	backup: Schema["Backup"];
	/** Where it is restored to. */
	to: Schema["Connection"] | undefined;
}

function Beside({ backup, to }: BesideProps) {
	return (
		<>
			{to && <EnvironmentChip environment={to.environment} />}
			<LevelBadge backup={backup} />
			<span className="min-w-0 truncate text-text-2">
				{backup.connection_name}, {absolute(backup.created_at_ms)}
			</span>
		</>
	);
}

interface CancelProps {
	backupId: string;
	backup: Schema["Backup"] | undefined;
	connections: readonly Schema["Connection"][];
}

/** Back to the backups of its database; to the backup itself where that is not connected here. */
function Cancel({ backupId, backup, connections }: CancelProps) {
	const navigate = useNavigate();
	const leave = () => {
		const isHere = backup !== undefined && connections.some((each) => each.id === backup.connection_id);
		if (isHere)
			void navigate({ to: "/db/$connectionId/backups", params: { connectionId: backup.connection_id } });
		else void navigate({ to: "/backups/$backupId", params: { backupId } });
	};
	return <Button onClick={leave}>Cancel</Button>;
}
